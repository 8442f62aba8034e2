"""The same over TLS, where a connection cannot be half closed."""

from pathlib import Path

from tests.toolchain.certificate import write_certificate
from tests.web.edge_server import serving

GET = b"GET /oidc/a HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_requests_answers_and_refusals_over_tls(tmp_path: Path) -> None:
    with serving(certificate=write_certificate(tmp_path / "both.pem")) as server:
        with server.connect() as wire:
            for _ in range(3):
                wire.send(GET)
                heard = wire.answer().json
                assert (heard["path"], heard["scheme"]) == ("/oidc/a", "https")
            wire.send(b"GET /oidc/a HTTP/1.1\nHost: localhost\n\n")
            refused = wire.answer()
            assert (refused.status, refused.json["door"]) == (400, "standards")
            assert wire.is_closed()
        with server.connect() as wire:
            wire.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n")
            assert wire.answer().status == 413
