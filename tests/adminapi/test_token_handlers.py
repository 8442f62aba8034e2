"""Token exchange handlers through the admin API: a webhook's secret stays unseen, and a token is tried."""

from tests.adminapi.client import Program, administrator
from tests.endpoints.house import House
from tests.endpoints.issuer import believing, exchanging_app, handler_for, open_provider, outside_token

SECRET = "s3cret-of-the-webhook-long-enough-to-sign"


async def test_a_webhooks_secret_is_taken_and_never_told(program: Program) -> None:
    body = {"name": "Hook", "runs": "webhook", "webhook_url": "https://a.example/", "webhook_secret": SECRET}
    made = await program.ask("POST", "/token-handlers", body, status=201)

    assert (made.json()["has_webhook_secret"], made.json()["has_introspection_secret"]) == (True, False)
    assert made.json()["missing"] == []
    assert SECRET not in made.text
    assert SECRET not in (await program.ask("GET", "/token-handlers/Hook")).text
    short = {**body, "name": "Other", "webhook_secret": "short"}
    refused = await program.ask("POST", "/token-handlers", short, status=422)
    assert [one["field"] for one in refused.json()["errors"]] == ["webhook_secret"]


async def test_a_token_is_tried_and_nothing_comes_of_it(house: House) -> None:
    async with open_provider(house) as provider:
        program = await administrator(house)  # of the server that may ask the provider
        app = await exchanging_app(house)
        await handler_for(house, app, believing(provider))
        body = {"app": app.id, "token_type": "jwt", "token": outside_token(house)}
        good = (await program.ask("POST", "/token-handlers/Harbour_IdP/try", body)).json()
        late = (await program.ask("POST", "/token-handlers/Harbour_IdP/try", body | {"token": "x"})).json()

    assert (good["would_work"], good["user"], good["reason"]) == (True, "ada@harbour.example", "")
    assert (late["would_work"], late["user"], late["reason"]) == (False, "", "exchange.not_a_jwt")
    assert late["checks"][-1]["refused"]
    await program.ask("POST", "/token-handlers/Harbour_IdP/try", body | {"token_type": "cookie"}, status=422)
