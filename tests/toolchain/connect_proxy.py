"""A proxy that leads every name to one server: clients that insist on the real host names never leave this machine."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer

_HEAD_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy on loopback: its URL, and the names (`host:port`) that it was asked to connect to."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def connecting_to(port: int) -> Iterator[Proxy]:
    """A proxy whose CONNECT always ends at a port of 127.0.0.1, whatever name is asked for; it does nothing else."""
    asked: list[str] = []

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            method, _, rest = self.rfile.readline(2000).decode("latin-1").partition(" ")
            for _ in range(_HEAD_LIMIT):
                if self.rfile.readline(8000).strip() == b"":
                    break
            asked.append(rest.partition(" ")[0] if method == "CONNECT" else f"{method} {rest.strip()}")
            if method != "CONNECT":
                self.wfile.write(b"HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", port), timeout=30) as server:
                self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                back = threading.Thread(target=_pour, args=(server, self.connection))
                back.start()
                _pour(self.connection, server)
                back.join()

    class Listening(ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Listening(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Proxy(f"http://127.0.0.1:{listening.server_address[1]}", asked)
        finally:
            listening.shutdown()
            thread.join()


def _pour(source: socket.socket, into: socket.socket) -> None:
    """Copy what comes until one side is done, and say so to the other."""
    with suppress(OSError):
        while data := source.recv(65_536):
            into.sendall(data)
    with suppress(OSError):
        into.shutdown(socket.SHUT_WR)
