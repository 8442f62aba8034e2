"""Each page of the console and each GET of the admin API is answered on PostgreSQL too, with something to tell.

Read from the routes: a new page or resource is asked for without being listed here.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from grantway import settings as s
from grantway.adminapi.routes import ROUTES as RESOURCES
from grantway.console.routes import ROUTES as PAGES
from grantway.domain.permissions import ALL
from grantway.manage.connected_apps import apps, install
from grantway.manage.consumer_keys import rotation
from grantway.manage.custom import custom_permissions, custom_scopes
from grantway.manage.exchange import token_handlers
from grantway.manage.people import holders
from grantway.manage.server import orgs
from grantway.store.statement import Statement
from tests.adminapi.client import ROOT, http_of
from tests.console.setup import ADMIN, Setup, add_user, sign_in
from tests.endpoints.house import House, open_house
from tests.manage.rights_devices import ASSET_ID, CERTIFICATE, furnish

pytestmark = pytest.mark.postgres
_REFUSAL = Statement("SELECT request_id FROM refusal LIMIT 1")
# No app is chosen there; signing keys of all orgs are the operator's.
_OTHERWISE = {"/setup/apps.zip": 400, f"{ROOT}/search": 400, "/setup/keys/rotate": 403}
# Beyond what a path names: searches, sorts and filters that are other statements.
_MORE = (
    *(f"/setup/apps?sort={sort}&dir=desc&q=s" for sort in ("api_name", "permitted", "used", "created")),
    *(f"/setup/apps?flow={flow}" for flow in ("web_server", "client_credentials", "jwt_bearer")),
    *(f"/setup/apps?state={state}" for state in ("attention", "blocked")),
    "/setup/usage?q=s&state=installed",
    "/setup/usage/Sync?q=ada%40harbour.example",
    "/setup/search?q=ada",
    "/setup/users?q=ada",
    "/setup/traces?q=client",
    "/setup/audit?q=created&security=1",
    "/setup/?days=7",
    f"{ROOT}/apps?sort=-created_at&search=s",
    f"{ROOT}/users?search=ada",
    f"{ROOT}/tokens?user=ada%40harbour.example&app=Sync",
    f"{ROOT}/search?q=ada",
)


@pytest.fixture
async def house(tmp_path: Path, postgres_url: str) -> AsyncIterator[House]:
    """A server on PostgreSQL, with apps in use, people, custom scopes and permissions, refusals and records."""
    async with open_house(tmp_path, postgres_url) as house:
        await orgs.change(house.desk, house.org, {"allow_connected_app_creation": "true"})
        app = await house.app({s.CLIENT_CREDENTIALS: True, s.LABEL: "Sync"}, run_as="ada@harbour.example")
        await house.change("UPDATE app SET name = 'Sync' WHERE id = :id", app.id)
        foreign = await (await house.elsewhere()).app({s.LABEL: "Rate desk"})
        await install.install(house.desk, house.org, foreign.id)
        for scopes in ("api refresh_token", "api"):
            await house.sign_in(app, scopes=scopes)
        await house.sign_in(foreign)
        right = {"grant_type": "client_credentials", "client_id": app.consumer_key}
        await house.token({**right, "client_secret": app.consumer_secret})
        await house.token({**right, "client_secret": "wrong"})
        await custom_scopes.create(house.desk, house.org, custom_scopes.NewScope(name="gate", description="The gate"))
        await custom_permissions.create(house.desk, house.org, custom_permissions.NewPermission(name="Gate"))
        await holders.create(house.desk, holders.PERMISSION_SETS, house.org_id, "Clerk", ())
        await apps.change(house.desk, house.org, "Sync", {"permission_sets": ["Clerk"]})
        await token_handlers.create(house.desk, house.org, "Harbour_IdP", {})
        await house.server.refusals.flush()
        house.user_ids[ADMIN] = await add_user(house, ADMIN, *ALL)
        yield house


async def test_every_page_and_resource_is_answered(house: House) -> None:
    setup = await sign_in(house, ADMIN)
    refused = await house.db.one(_REFUSAL)
    staged = (await rotation.stage(house.desk, house.org, "Sync")).staged
    assert refused is not None
    assert staged is not None
    foreign = (await house.db.one(Statement("SELECT id FROM app WHERE name <> 'Sync'")) or ("",))[0]
    token = (await house.sign_in(await house.app(), ADMIN, scopes="api"))["access_token"]
    api = http_of(house, token)
    places = {
        "request_id": str(refused[0]),
        "user": "ada@harbour.example",
        "app": "Sync",
        "scope": "gate",
        "permission": "Gate",
        "set": staged.id,
        "handler": "Harbour_IdP",
        "asset": ASSET_ID,
        "certificate": CERTIFICATE,
    }
    async with house.desk.changing() as changing:
        await furnish(changing, house.org)
    wrong = {}

    async def ask(path: str) -> None:
        reply = await (api if path.startswith(ROOT) else setup.browser.client).get(path)
        # 303: a page of secrets leads to the one that asks for the password, a review to where its file is chosen.
        if reply.status_code not in (_OTHERWISE.get(path, 200), 303):
            wrong[path] = reply.status_code

    for page in PAGES:
        if page.get is not None:
            name = str(foreign) if page.path.endswith("/uninstall") else "Sync"
            path = await _with_id(setup, page.path)
            await ask(_filled(path, {**places, "name": name}))
    for resource in RESOURCES:
        if resource.method == "GET":
            section = resource.path.split("/")[1]
            name = {"profiles": "Standard", "permission-sets": "Clerk", "settings": "require_pkce"}.get(section, "")
            await ask(ROOT + _filled(resource.path, {**places, "name": name}))
    for path in _MORE:
        await ask(path)

    assert wrong == {}


def _filled(path: str, places: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: quote(places[found[1]]), path)


async def _with_id(setup: Setup, path: str) -> str:
    """Put the first id of a section's list in its place."""
    if "{id}" not in path:
        return path
    section = path.partition("/{id}")[0]
    ids = re.findall(f'href="{section}/([^"/?]+)"', (await setup.open(section)).text)
    return path.replace("{id}", next(one for one in ids if one != "new"))
