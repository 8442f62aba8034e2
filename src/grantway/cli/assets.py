"""`grantway asset`, `grantway certificate`: devices with asset tokens, and the keys that sign those."""

from typing import Any

import click

from grantway.cli.context import options, run, shared
from grantway.cli.printing import show, table


@click.group()
def asset() -> None:
    """Devices that users registered by the asset token flow."""


@asset.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help="How many at most.")
@shared
def list_assets(limit: int, **given: Any) -> None:
    """List devices, those with the newest tokens first."""
    from grantway.manage.exchange import assets
    from grantway.manage.listing import Piece
    from grantway.manage.server import orgs
    from grantway.protocol.when import iso_seconds

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await assets.page_of(desk, await orgs.find(desk, chosen.org), Piece(limit=limit))

    found = run(chosen, work)
    rows = [
        (
            one.asset.id,
            one.asset.name,
            one.asset.serial_number,
            one.asset.device_id,
            one.username,
            one.app,
            iso_seconds(one.asset.last_token_at),
            "frozen" if one.asset.is_frozen else "",
        )
        for one in found.items
    ]
    heads = ("ID", "NAME", "SERIAL NUMBER", "DEVICE ID", "USER", "APP", "LAST TOKEN", "STATE")
    show(chosen, [_document(one) for one in found.items], table(rows, heads))


@asset.command("freeze")
@click.argument("asset_id", metavar="ASSET")
@shared
def freeze(asset_id: str, **given: Any) -> None:
    """Keep a device from having tokens. Introspection calls those it has inactive.

    Backends that verify tokens by the key set alone do not learn of it: what a device holds ends by itself.
    """
    _change(asset_id, given, frozen=True)


@asset.command("unfreeze")
@click.argument("asset_id", metavar="ASSET")
@shared
def unfreeze(asset_id: str, **given: Any) -> None:
    """Let a device have tokens again."""
    _change(asset_id, given, frozen=False)


@asset.command("delete")
@click.argument("asset_id", metavar="ASSET")
@shared
def delete(asset_id: str, **given: Any) -> None:
    """Forget a device. When it comes again it is a new one: freeze what must not come again."""
    from grantway.manage.exchange import assets
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await assets.delete(desk, await orgs.find(desk, chosen.org), asset_id)

    gone = run(chosen, work).asset
    show(chosen, {"deleted": gone.id}, f"Deleted {gone.id} ({gone.name}); its tokens count no longer.")


def _change(asset_id: str, given: Any, *, frozen: bool) -> None:
    from grantway.manage.exchange import assets
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await assets.freeze(desk, await orgs.find(desk, chosen.org), asset_id, frozen=frozen)

    one = run(chosen, work)
    words = "is frozen: it gets no tokens" if frozen else "may have tokens again"
    show(chosen, _document(one), f"{one.asset.id} ({one.asset.name}) {words}.")


def _document(one: Any) -> dict[str, Any]:
    from grantway.protocol.when import iso_seconds

    return {
        "id": one.asset.id,
        "name": one.asset.name,
        "serial_number": one.asset.serial_number,
        "device_id": one.asset.device_id,
        "username": one.username,
        "app": one.app,
        "shows_key": bool(one.asset.device_key),
        "frozen": bool(one.asset.is_frozen),
        "created_at": iso_seconds(one.asset.created_at),
        "last_token_at": iso_seconds(one.asset.last_token_at),
    }


@click.group()
def certificate() -> None:
    """Self-signed certificates of the org, whose private keys stay on this server; they sign asset tokens."""


@certificate.command("create")
@click.argument("name")
@click.option("--days", type=int, default=730, show_default=True, help="How long it is good for.")
@shared
def create(name: str, days: int, **given: Any) -> None:
    """Make a certificate with its key; apps name it in asset_signing_certificate.

    \b
    grantway certificate create Fleet_2026
    grantway app set Fleet asset_signing_certificate=Fleet_2026
    """
    from grantway.manage.server import certificates, orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await certificates.create(desk, await orgs.find(desk, chosen.org), name, days=days)

    made = run(chosen, work)
    show(chosen, _certificate(made), f"Made {made.name} ({made.id}); its key is {made.kid}.\n{made.pem}")


@certificate.command("list")
@shared
def list_certificates(**given: Any) -> None:
    """List the org's certificates, without their private keys."""
    from grantway.manage.server import certificates, orgs
    from grantway.protocol.when import iso_seconds

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await certificates.all_of(desk, await orgs.find(desk, chosen.org))

    found = run(chosen, work)
    rows = [(one.name, one.id, one.kid, iso_seconds(one.ends_at)) for one in found]
    show(chosen, [_certificate(one) for one in found], table(rows, ("NAME", "ID", "KEY", "ENDS")))


@certificate.command("delete")
@click.argument("name")
@shared
def delete_certificate(name: str, **given: Any) -> None:
    """Delete a certificate that no app names. Backends refuse what its key signed once they read the key set anew."""
    from grantway.manage.server import certificates, orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await certificates.delete(desk, await orgs.find(desk, chosen.org), name)

    gone = run(chosen, work)
    show(chosen, {"deleted": gone.name}, f"Deleted {gone.name}; its key {gone.kid} is retired.")


def _certificate(one: Any) -> dict[str, Any]:
    from grantway.protocol.when import iso_seconds

    return {
        "id": one.id,
        "name": one.name,
        "kid": one.kid,
        "pem": one.pem,
        "created_at": iso_seconds(one.created_at),
        "ends_at": iso_seconds(one.ends_at),
    }
