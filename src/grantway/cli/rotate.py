"""`grantway app rotate`."""

from typing import Any

import click

from grantway.cli.context import options, run, shared
from grantway.cli.printing import show


@click.command("rotate")
@click.argument("name")
@click.argument("step", type=click.Choice(["stage", "apply", "cancel"]))
@click.option("--set", "set_id", default="", metavar="ID", help="Which set, where an app has several.")
@shared
def rotate(name: str, step: str, set_id: str, **given: Any) -> None:
    """Replace an app's consumer key and secret.

    `stage` makes and prints a new pair, `apply` puts it in force, `cancel` drops it.

    A connected app's staged pair waits; applying it ends every token of the app, and the old pair answers for ten
    minutes more. An external client app's staged set answers at once; applying it ends nothing, and the old set
    answers for 30 days, or until it is cancelled.

    \b
    grantway app rotate Shipment_Sync stage
    grantway app rotate Shipment_Sync apply
    grantway app rotate Tide_Table cancel --set 0cTh7JvR2kQm4XwZcB
    """
    from grantway.manage.consumer_keys import rotation
    from grantway.manage.server import orgs

    chosen = options(given)
    if step == "stage" and set_id:
        raise click.UsageError("--set goes with apply and cancel: stage makes a new one")

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        if step == "stage":
            return await rotation.stage(desk, org, name)
        return await (rotation.apply if step == "apply" else rotation.cancel)(desk, org, name, set_id=set_id)

    document, text = {"stage": _staged, "apply": _applied, "cancel": _cancelled}[step](run(chosen, work))
    show(chosen, document, text)


def _staged(done: Any) -> tuple[dict[str, Any], str]:
    from grantway.protocol.when import iso_seconds

    app, pair = done.app, done.staged
    key, secret = pair.consumer_key, pair.secret.reveal()
    document = {"name": app.app.name, "state": "staged", "consumer_key": key, "consumer_secret": secret, "set": pair.id}
    says = f"Staged for {app.app.name}; the current pair goes on"
    if pair.ends_at is not None:
        until = iso_seconds(pair.ends_at)
        document["answers_until"] = until
        says = f"Staged for {app.app.name} as set {pair.id}; it answers beside the current one until {until}"
    return document, f"{says}\nConsumer key     {key}\nConsumer secret  {secret}"


def _applied(done: Any) -> tuple[dict[str, Any], str]:
    from grantway.protocol.when import iso_seconds

    until = iso_seconds(done.previous_until)
    document = {
        "name": done.app.app.name,
        "state": "applied",
        "consumer_key": done.app.consumer_key,
        "previous_answers_until": until,
        "grants_ended": done.ended.grants,
        "access_tokens_ended": done.ended.access_tokens,
    }
    ended = f"{done.ended.words} ended" if done.ends_tokens else "no token ended"
    return document, f"Applied to {done.app.app.name}: {ended}. The old pair answers until {until}."


def _cancelled(done: Any) -> tuple[dict[str, Any], str]:
    document = {"name": done.app.app.name, "state": "cancelled", "set": done.pair.id}
    dropped = f"Dropped what was staged for {done.app.app.name}."
    if done.pair.state.value in ("Rotated", "Expired"):
        dropped = f"Dropped the set {done.pair.id} ({done.pair.state.value}) of {done.app.app.name}."
    return document, dropped
