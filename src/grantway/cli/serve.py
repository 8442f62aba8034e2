"""`grantway serve`."""

import json
import logging
import socket
from pathlib import Path
from typing import Any

import click

from grantway.cli.context import options, run, shared
from grantway.cli.options import Options
from grantway.cli.printing import fail, misuse
from grantway.cli.private_file import make_private

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _env(name: str) -> str:
    return f"GRANTWAY_{name}"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.", envvar=_env("HOST"))
@click.option(
    "--port",
    default=8400,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
    envvar=_env("PORT"),
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that share the port.",
    envvar=_env("WORKERS"),
)
@click.option(
    "--base-url", default="", help="The URL that clients call.  [default: localhost]", envvar=_env("BASE_URL")
)
@click.option(
    "--domain",
    default="",
    help="Serve login.DOMAIN, test.DOMAIN and MY-DOMAIN.my.DOMAIN too, as Salesforce has them.",
    envvar=_env("DOMAIN"),
)
@click.option("--tls-cert", default="", help="PEM file with the certificate chain.", envvar=_env("TLS_CERT"))
@click.option("--tls-key", default="", help="PEM file with the certificate's key.", envvar=_env("TLS_KEY"))
@click.option(
    "--root-issuer",
    type=click.Choice(["salesforce", "standards"]),
    default="salesforce",
    show_default=True,
    help="Whose discovery document stands at the root, and whose issuer is the base URL.",
    envvar=_env("ROOT_ISSUER"),
)
@click.option(
    "--trusted-proxy",
    multiple=True,
    help="Address or network whose X-Forwarded-For counts; may be repeated.",
    envvar=_env("TRUSTED_PROXY"),
)
@click.option(
    "--outbound-allow",
    multiple=True,
    metavar="ORIGIN",
    help="Origin that the server may ask although it is not https or not public; may be repeated.",
    envvar=_env("OUTBOUND_ALLOW"),
)
@click.option(
    "--outbound-ca",
    default="",
    metavar="FILE",
    help="PEM file with authorities to trust, beside the system's, when the server asks others.",
    envvar=_env("OUTBOUND_CA"),
)
@click.option("--demo", is_flag=True, help="On the first start, make an org with sample apps.", envvar=_env("DEMO"))
@shared
def serve(
    host: str,
    port: int,
    workers: int,
    base_url: str,
    domain: str,
    tls_cert: str,
    tls_key: str,
    root_issuer: str,
    trusted_proxy: tuple[str, ...],
    outbound_allow: tuple[str, ...],
    outbound_ca: str,
    demo: bool,
    **given: Any,
) -> None:
    """Serve. Without options: http://localhost:8400 with an SQLite file under var/.

    Every option can also be given as GRANTWAY_… in the environment and in the TOML file of --config.

    \b
    Try it out:    grantway serve --demo
    On a network:  grantway serve --host 0.0.0.0 --base-url https://sso.example.com \\
                     --tls-cert chain.pem --tls-key key.pem
    PostgreSQL:    grantway serve --database postgresql://grantway@db/grantway \\
                     --secret-key-file /etc/grantway.key
    """
    from grantway.app import run as run_server
    from grantway.kit.config import ServeConfig
    from grantway.store.statement import Unavailable

    chosen = options(given)
    if chosen.as_user:
        misuse("--as: the server is the operator's to run")
    base_url = _checked(host, base_url.rstrip("/"), domain, tls_cert, tls_key)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        port = port or _free_port(host)
        config = ServeConfig(
            database=chosen.database_url,
            key_file=str(chosen.key_file),
            base_url=base_url or f"{'https' if tls_cert else 'http'}://localhost:{port}",
            host=host,
            port=port,
            domain=domain.lower(),
            workers=workers,
            tls_cert=tls_cert,
            tls_key=tls_key,
            root_issuer=root_issuer,
            trusted_proxies=trusted_proxy,
            outbound_allow=outbound_allow,
            outbound_ca=outbound_ca,
        )
        _prepare(chosen, demo=demo, base_url=config.base_url)
        run_server(config, lambda url: click.echo(f"Grantway is ready: {url}  (Ctrl+C ends it)"))
    except (OSError, ValueError, Unavailable) as problem:
        fail(str(problem))


def _checked(host: str, base_url: str, domain: str, tls_cert: str, tls_key: str) -> str:
    from grantway.kit.urls import Urls, needs_secure_cookies

    if base_url.startswith("http://") and needs_secure_cookies(base_url):
        click.echo(f"warning: browsers keep no login at {base_url}: beyond this machine that needs https", err=True)
    if host not in _LOOPBACK and not base_url:
        misuse("--host reaches beyond this machine: say with --base-url which URL clients call")
    if bool(tls_cert) != bool(tls_key):
        misuse("--tls-cert and --tls-key go together")
    for option, path in (("--tls-cert", tls_cert), ("--tls-key", tls_key)):
        if path and not Path(path).is_file():
            misuse(f"{option}: there is no file {path}")
    try:
        Urls.serving(base_url or "http://localhost")
    except ValueError as problem:
        misuse(f"--base-url: {problem}")
    try:
        Urls.serving(base_url or "http://localhost", domain.lower())
    except ValueError as problem:
        misuse(f"--domain: {problem}")
    return base_url


def _free_port(host: str) -> int:
    """Choose a port before anything is made, so that `demo.json` can name it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])


def _prepare(chosen: Options, *, demo: bool, base_url: str) -> None:
    """Make the database ready, and the demo org on the first start; `demo.json` is the owner's alone."""
    from grantway.manage.server.demo import make_demo

    async def work(desk: Any) -> Any:
        return await make_demo(desk, base_url) if demo else None

    made = run(chosen, work)
    path = chosen.folder / "demo.json"
    if made is None:
        if demo and path.exists():
            click.echo(f"The demo org is there already; its passwords and keys stand in {path}")
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps(made, indent=2) + "\n"
    path.unlink(missing_ok=True)
    make_private(path, text)
    click.echo(text + f"This stands in {path} as well.")
