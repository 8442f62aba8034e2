"""A PostgreSQL server of the tests' own, in a temporary folder, set up to be as durable as in production (fsync on)."""

import contextlib
import itertools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.toolchain.memory import memory_folder

_USER = "grantway"
_HOST = "127.0.0.1"
_TRIES = 3

# The server must not outlive the test run, however that ends: beside it a shell waits for the name of a signal on a
# pipe, and the pipe also closes when the run is killed.
_LEASH = 'exec 3<&0; (read -r signal <&3; kill -s "${signal:-INT}" $$) & exec "$@" 3<&-'


def postgres_bin() -> Path | None:
    """Give the folder of initdb, postgres and psql (the newest version installed), or None."""
    in_path = shutil.which("initdb")
    folders = [Path(in_path).resolve().parent] if in_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    return next(
        (folder for folder in folders if all(_runs(folder / name) for name in ("initdb", "postgres", "psql"))), None
    )


class PostgresServer:
    """One server with any number of databases; a context manager, or start() and stop() by hand.

    PostgreSQL refuses to run as root: a run as root uses the system's user `postgres`, who owns the folder.
    """

    def __init__(self) -> None:
        """Raises RuntimeError when PostgreSQL is not installed: ask `need(postgres_bin(), "PostgreSQL")` first."""
        found = postgres_bin()
        if found is None:
            raise RuntimeError("PostgreSQL is not installed")
        self._bin = found
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self._password = secrets.token_urlsafe(16)
        self._names = (f"test_{number}" for number in itertools.count(1))
        self.folder: Path | None = None
        self._process: subprocess.Popen[str] | None = None
        self._is_paused = False
        self.port = 0

    def start(self) -> None:
        """Start the server, with its earlier data if it has run before; return when it answers."""
        assert self._process is None, "already started"
        if self.folder is None:
            self.folder = self._make_folder()
            self._initdb(self.folder)
        if self.port:
            self._process = self._launch(self.folder)
            return
        for attempt in range(_TRIES):
            self.port = free_port()
            try:
                self._process = self._launch(self.folder)
                return
            except RuntimeError:  # most likely somebody else took the port meanwhile
                if attempt == _TRIES - 1:
                    raise

    def stop(self, how: Literal["fast", "crash"] = "fast") -> None:
        """Stop the server and keep its data: in order, or by SIGQUIT so that the next start has to recover."""
        if self._is_paused:
            self.resume()
        process, self._process = self._process, None
        if process is not None:
            process.communicate("QUIT\n" if how == "crash" else "INT\n", timeout=60)

    def pause(self) -> None:
        """Stop every process of the server in its tracks, as a machine that hangs: connections stay, answers do not."""
        assert self._process is not None, "not started"
        for pid in self._server_processes():
            os.kill(pid, signal.SIGSTOP)
        # runuser stops with its child, a moment later.
        os.waitpid(self._process.pid, os.WUNTRACED)
        self._is_paused = True

    def resume(self) -> None:
        """Let a paused server go on."""
        assert self._process is not None, "not started"
        for pid in (*self._server_processes(), self._process.pid):
            os.kill(pid, signal.SIGCONT)
        self._is_paused = False

    def make_standby(self) -> "PostgresServer":
        """Start a standby that streams from this server, to be closed by the caller; a commit waits until it has it."""
        standby = PostgresServer()
        standby._password = self._password
        standby.folder = standby._make_folder()
        command = [str(self._bin / "pg_basebackup"), "-d", self.url("postgres"), "-D", str(standby.folder / "data")]
        command += ["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        subprocess.run([*self._as_user, *command], check=True, capture_output=True, text=True, cwd="/")
        standby.start()
        # Set after the copy: a standby that is promoted has nobody to wait for.
        self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.execute("SELECT pg_reload_conf()")
        return standby

    def promote(self) -> None:
        """Make a standby the primary."""
        self.execute("SELECT pg_promote()")

    def close(self) -> None:
        """Stop the server and remove its data."""
        self.stop()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def create_database(self, template: str = "template1") -> str:
        """Make a fresh database and give its URL; `template` is the URL of one to copy, with nobody connected to it."""
        name = next(self._names)
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template.rsplit("/", 1)[-1]}"')
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, ending its connections."""
        self.execute(f'DROP DATABASE "{url.rsplit("/", 1)[-1]}" WITH (FORCE)')

    def url(self, database: str) -> str:
        """Give the URL of a database of this server."""
        return f"postgresql://{_USER}:{self._password}@{_HOST}:{self.port}/{database}"

    def execute(self, sql: str, database: str = "postgres") -> str:
        """Run one statement by psql, as a superuser; give what it prints, unaligned and without headings."""
        done = self._psql(self.url(database), "-c", sql)
        if done.returncode != 0:
            raise RuntimeError(f"{sql}: {done.stderr.strip()}")
        return done.stdout.strip()

    def pids(self) -> list[int]:
        """Give the server's own processes: its postmaster, and one for each connection and duty."""
        found = [int(line) for line in self._pid_file().splitlines()[:1]]
        for parent in found:
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                found += [int(child) for child in children.read_text().split()]
        return found

    def _pid_file(self) -> str:
        assert self.folder is not None, "not started"
        return (self.folder / "data" / "postmaster.pid").read_text()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _server_processes(self) -> list[int]:
        assert self.folder is not None, "not started"
        first = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        found = [int(first)]
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if stat.read_text().rpartition(") ")[2].split()[1] == first:
                    found.append(int(stat.parent.name))
        return found

    def _make_folder(self) -> Path:
        # A private TMPDIR of root's is closed to the user postgres; /tmp is open to everybody.
        folder = Path(
            tempfile.mkdtemp(prefix="grantway-postgres-", dir=memory_folder() or ("/tmp" if self._as_user else None))
        )
        if self._as_user:
            shutil.chown(folder, "postgres", "postgres")
        return folder

    def _initdb(self, folder: Path) -> None:
        password_file = folder / "password"
        password_file.write_text(self._password)
        if self._as_user:
            shutil.chown(password_file, "postgres", "postgres")
        # --no-sync spares the flush of the empty files only; the server itself runs with fsync on.
        command = [str(self._bin / "initdb"), "--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256"]
        command += [f"--username={_USER}", f"--pwfile={password_file}", f"--pgdata={folder / 'data'}"]
        subprocess.run([*self._as_user, *command], check=True, capture_output=True, text=True, cwd="/")

    def _launch(self, folder: Path) -> subprocess.Popen[str]:
        settings = {
            "fsync": "on",
            "listen_addresses": _HOST,
            "port": self.port,
            "unix_socket_directories": folder,
            "max_connections": 200,
            "shared_buffers": "32MB",
        }
        command = [str(self._bin / "postgres"), "-D", str(folder / "data")]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("a") as log:
            process = subprocess.Popen(
                [*self._as_user, "sh", "-c", _LEASH, "sh", *command],
                stdin=subprocess.PIPE, stdout=log, stderr=log, text=True, cwd="/",
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while self._psql(self.url("postgres"), "-c", "SELECT 1").returncode != 0:
            if process.poll() is not None or time.monotonic() > deadline:
                process.communicate("QUIT\n")
                raise RuntimeError("PostgreSQL did not start:\n" + (folder / "log").read_text()[-2000:])
            time.sleep(0.05)
        return process

    def _psql(self, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self._bin / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True)


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _runs(program: Path) -> bool:
    return os.access(program, os.X_OK)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
