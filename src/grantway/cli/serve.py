"""`grantway serve`."""

import json
import logging
import os
from typing import Any

import click
from click.core import ParameterSource

from grantway.cli.context import fail, misuse, options, read_config, run, shared

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _env(name: str) -> str:
    return f"GRANTWAY_{name}"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, envvar=_env("HOST"))
@click.option("--port", default=8400, show_default=True, type=click.IntRange(0, 65535), envvar=_env("PORT"))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), envvar=_env("WORKERS"))
@click.option("--base-url", default="", help="The URL that clients call.", envvar=_env("BASE_URL"))
@click.option("--tls-cert", default="", help="PEM file with the certificate chain.", envvar=_env("TLS_CERT"))
@click.option("--tls-key", default="", help="PEM file with the certificate's key.", envvar=_env("TLS_KEY"))
@click.option(
    "--root-issuer",
    type=click.Choice(["salesforce", "standards"]),
    default="salesforce",
    show_default=True,
    help="Whose discovery document stands at the root.",
    envvar=_env("ROOT_ISSUER"),
)
@click.option(
    "--trusted-proxy", multiple=True, help="Address or network whose X-Forwarded-For counts; may be repeated."
)
@click.option("--demo", is_flag=True, help="On the first start, make an org with users and sample apps.")
@shared
def serve(
    host: str,
    port: int,
    workers: int,
    base_url: str,
    tls_cert: str,
    tls_key: str,
    root_issuer: str,
    trusted_proxy: tuple[str, ...],
    demo: bool,
    **given: Any,
) -> None:
    """Serve. Without options: http://localhost:8400 with an SQLite file under var/."""
    from grantway.app import run as run_server
    from grantway.kit.config import ServeConfig
    from grantway.kit.urls import Urls

    settings: dict[str, Any] = {
        "host": host,
        "port": port,
        "workers": workers,
        "base_url": base_url,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "root_issuer": root_issuer,
    }
    settings |= _from_file(given.get("config"), settings)
    chosen = options(given)
    host, base_url = settings["host"], settings["base_url"]
    tls_cert, tls_key = settings["tls_cert"], settings["tls_key"]
    if host not in _LOOPBACK and not base_url:
        misuse("--host reaches beyond this machine: say with --base-url which URL clients call")
    if bool(tls_cert) != bool(tls_key):
        misuse("--tls-cert and --tls-key go together")
    base_url = base_url.rstrip("/")
    try:
        Urls.serving(base_url or "http://localhost")
    except ValueError as problem:
        misuse(f"--base-url: {problem}")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    scheme = "https" if tls_cert else "http"
    _prepare(chosen, demo=demo, base_url=base_url or f"{scheme}://localhost:{settings['port']}")
    config = ServeConfig(
        database=chosen.database_url,
        key_file=str(chosen.key_file),
        base_url=base_url,
        host=host,
        port=settings["port"],
        workers=settings["workers"],
        tls_cert=tls_cert,
        tls_key=tls_key,
        root_issuer=settings["root_issuer"],
        trusted_proxies=trusted_proxy,
    )
    try:
        run_server(config, lambda url: click.echo(f"Grantway is ready: {url}  (Ctrl+C ends it)"))
    except (OSError, ValueError) as problem:
        fail(str(problem))


def _prepare(chosen: Any, *, demo: bool, base_url: str) -> None:
    """Make the database ready, and the demo org on the first start; `demo.json` is the owner's alone."""
    from grantway.manage.demo import make_demo

    async def work(desk: Any) -> Any:
        return await make_demo(desk, base_url) if demo else None

    made = run(chosen, work)
    if made is None:
        return
    path = chosen.folder / "demo.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps(made, indent=2) + "\n"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    click.echo(text + f"This stands in {path} as well.")


def _from_file(given: str | None, settings: dict[str, Any]) -> dict[str, Any]:
    """Return what the configuration file says of options that neither the command line nor the environment gave."""
    context = click.get_current_context()
    above = context.find_root().obj or {}
    path = given or above.get("config") or os.environ.get("GRANTWAY_CONFIG")
    if not path:
        return {}
    file = read_config(path)
    found: dict[str, Any] = {}
    for name, now in settings.items():
        value = file.get(name, file.get(name.replace("_", "-")))
        if value is None or context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            continue
        if type(value) is not type(now):
            misuse(f"--config {path}: {name} must be written like {now!r}")
        found[name] = value
    return found
