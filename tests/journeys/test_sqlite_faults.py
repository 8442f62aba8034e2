"""SQLite with a full disk, under another's lock, read-only: clear refusals, and service that resumes by itself (R5)."""

import os
import re
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.journeys.load import ask, assert_clear, is_active
from tests.journeys.served import Served, grantway, kill, serving, start
from tests.toolchain import need

_EXT4 = ("-t", "ext4", "-o", "loop,errors=remount-ro")
pytestmark = pytest.mark.requirement("R5")


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A client that waits longer than any request may take."""
    with httpx.Client(timeout=12) as made:
        yield made


@pytest.fixture(params=["limited", "small"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A data folder; on a small file system of its own where the tests may mount one."""
    if request.param == "limited":
        yield tmp_path
        return
    with _mounted(tmp_path, "-t", "tmpfs", "-o", "size=8m,mode=700", "none"):
        yield tmp_path


def test_on_a_full_disk_writes_are_refused_clearly_reads_go_on_and_memory_stays_flat(
    folder: Path, client: httpx.Client
) -> None:
    with serving(folder) as served:
        token = _token(served, client)

        with _full_disk(served):
            refused = [_until_refused(served, client)]
            # Until the queue of refusals is nearly full, memory grows; from there on it must not.
            refused += [ask(served, client, "token", grant_type="client_credentials") for _ in range(1800)]
            before = _memory(served)
            refused += [ask(served, client, "token", grant_type="client_credentials") for _ in range(1500)]
            assert_clear(refused)
            assert is_active(served, client, token)
            assert client.get(f"{served.base}/services/data/", headers=_bearer(token)).status_code == 200
            assert _memory(served) - before < 2_500  # KiB

        assert is_active(served, client, _token(served, client))
        assert is_active(served, client, token)
    assert any("database unavailable" in line for line in served.log)
    assert "Traceback" not in "\n".join(served.log)


def test_while_another_process_holds_the_lock_every_request_is_refused_in_time(
    tmp_path: Path, client: httpx.Client
) -> None:
    with serving(tmp_path, "--workers", "2") as served:
        token = _token(served, client)
        other = sqlite3.connect(tmp_path / "grantway.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        with ThreadPoolExecutor(20) as pool:
            refused = list(pool.map(lambda _: ask(served, client, "token", grant_type="client_credentials"), range(20)))
        assert_clear(refused)
        assert is_active(served, client, token)

        other.execute("ROLLBACK")
        other.close()
        assert is_active(served, client, _token(served, client))
    assert "Traceback" not in "\n".join(served.log)


def test_a_read_only_file_system_is_told_in_one_line_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    kill(start(folder))
    with _read_only(folder):
        told = grantway("serve", "--data", str(folder), "--port", "0")

    assert told.returncode == 1
    assert re.fullmatch(r".*cannot open .*grantway\.db: .*(read-only|Read-only|Permission denied).*\n", told.stderr)
    with serving(folder):
        pass


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("how", ["read-only", "immutable"])
def test_when_the_file_system_turns_read_only_writes_are_refused_clearly_and_reads_go_on(
    tmp_path: Path, client: httpx.Client, how: str, workers: str
) -> None:
    with _ext4(tmp_path) as disk:
        folder = disk / "data"
        with serving(folder, "--workers", workers) as served:
            token = _token(served, client)
            with _turned_read_only(folder, how):
                refused = [ask(served, client, "token", grant_type="client_credentials") for _ in range(50)]
                before = _memory(served)
                refused += [ask(served, client, "token", grant_type="client_credentials") for _ in range(500)]
                assert_clear(refused)
                assert is_active(served, client, token)
                assert _memory(served) - before < 6_000  # KiB; the queue of refusals fills meanwhile
            # A file system that gave itself up is mounted again, and Grantway started again; all else it survives.
            if how == "immutable":
                assert is_active(served, client, _token(served, client))
        assert "Traceback" not in "\n".join(served.log)
        if how == "read-only":
            _mount_again(disk)
        with serving(folder) as served:
            assert is_active(served, client, token)
            assert is_active(served, client, _token(served, client))


def _token(served: Served, client: httpx.Client) -> str:
    reply = ask(served, client, "token", grant_type="client_credentials")
    assert reply.status_code == 200, reply.text
    return str(reply.json()["access_token"])


def _until_refused(served: Served, client: httpx.Client) -> httpx.Response:
    for _ in range(5000):
        reply = ask(served, client, "token", grant_type="client_credentials")
        if reply.status_code != 200:
            return reply
    raise AssertionError("the disk is not full")


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _memory(served: Served) -> int:
    """Return the memory of the server's process in KiB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{served.process.pid}/status").read_text())
    assert found
    return int(found[1])


@contextmanager
def _full_disk(served: Served) -> Iterator[None]:
    """No more room for the server's files: its own limit on their size, or a file system that another file fills."""
    if served.folder.is_mount():
        ballast = served.folder / "ballast"
        with ballast.open("wb") as file, suppress(OSError):
            while True:
                file.write(bytes(65536))
                file.flush()
        yield
        ballast.unlink()
        return
    size = (served.folder / "grantway.db-wal").stat().st_size
    limits = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (size + 50_000, limits[1]))
    yield
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """Nothing in a folder can be written; root is stopped by a mount only."""
    if os.geteuid() == 0:
        with _mounted(folder, "--bind", str(folder)):
            subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
            yield
        return
    (folder / "grantway.db").chmod(0o400)
    folder.chmod(0o500)
    yield
    folder.chmod(0o700)
    (folder / "grantway.db").chmod(0o600)


@contextmanager
def _ext4(folder: Path) -> Iterator[Path]:
    """A file system of its own, in a file, that turns read-only when something is wrong with it, as is usual."""
    image, disk = folder / "image", folder / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(64 << 20)
    mkfs = need(shutil.which("mkfs.ext4", path=os.environ["PATH"] + ":/usr/sbin:/sbin"), "mkfs.ext4 (e2fsprogs)")
    subprocess.run([mkfs, "-q", str(image)], check=True, capture_output=True)
    with _mounted(disk, *_EXT4, str(image)):
        yield disk


def _mount_again(disk: Path) -> None:
    """Repair a file system of `_ext4`, as an operator does."""
    image = disk.with_name("image")
    subprocess.run(["umount", str(disk)], check=True)
    subprocess.run(["e2fsck", "-f", "-p", str(image)], check=False, capture_output=True)
    subprocess.run(["mount", *_EXT4, str(image), str(disk)], check=True)


@contextmanager
def _turned_read_only(folder: Path, how: str) -> Iterator[None]:
    """No file can be written any more, those that are open included."""
    if how == "immutable":
        files = [str(folder / name) for name in ("grantway.db", "grantway.db-wal")]
        subprocess.run(["chattr", "+i", *files], check=True)
        yield
        subprocess.run(["chattr", "-i", *files], check=True)
        return
    device = folder.stat().st_dev
    name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("made by a test")
    yield


@contextmanager
def _mounted(folder: Path, *what: str) -> Iterator[None]:
    if subprocess.run(["mount", *what, str(folder)], check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)
