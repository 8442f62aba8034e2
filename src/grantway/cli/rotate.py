"""`grantway app rotate`."""

from typing import Any

import click

from grantway.cli.context import options, run, shared
from grantway.cli.printing import show


@click.command("rotate")
@click.argument("name")
@click.argument("step", type=click.Choice(["stage", "apply", "cancel"]))
@shared
def rotate(name: str, step: str, **given: Any) -> None:
    """Replace an app's consumer key and secret.

    `stage` makes and prints a new pair, which waits; `apply` puts it in force and ends every token of the app, while
    the old pair answers for ten minutes more; `cancel` drops what waits.

    \b
    grantway app rotate Shipment_Sync stage
    grantway app rotate Shipment_Sync apply
    """
    from grantway.manage import orgs, rotation
    from grantway.protocol.when import iso_seconds

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return await getattr(rotation, step)(desk, org, name)

    done = run(chosen, work)
    if step == "stage":
        key, secret = done.staged.consumer_key, done.staged.secret.reveal()
        document = {"name": done.app.app.name, "state": "staged", "consumer_key": key, "consumer_secret": secret}
        text = f"Staged for {done.app.app.name}; the current pair goes on\nConsumer key     {key}"
        show(chosen, document, f"{text}\nConsumer secret  {secret}")
    elif step == "apply":
        until = iso_seconds(done.previous_until)
        document = {
            "name": done.app.app.name,
            "state": "applied",
            "consumer_key": done.app.consumer_key,
            "previous_answers_until": until,
            "grants_ended": done.ended.grants,
            "access_tokens_ended": done.ended.access_tokens,
        }
        ended = f"Applied to {done.app.app.name}: {done.ended.words} ended."
        show(chosen, document, f"{ended} The old pair answers until {until}.")
    else:
        show(chosen, {"name": done.app.name, "state": "cancelled"}, f"Dropped what was staged for {done.app.name}.")
