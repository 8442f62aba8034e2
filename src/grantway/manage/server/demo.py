"""The demo org: what `serve --demo` makes on its first start. Passwords and secrets are random for each database."""

from typing import Any, Final

from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.people import users
from grantway.manage.people.passwords import new_password
from grantway.manage.server import orgs
from grantway.settings.org import ALLOW_CONNECTED_APP_CREATION

ORG_NAME: Final = "Demo"
# The administrator first.
_USERS: Final = (
    ("admin@demo.example", "Demo", "Admin", orgs.ADMINISTRATOR),
    ("ada@demo.example", "Ada", "Lovelace", orgs.STANDARD_USER),
    ("ben@demo.example", "Ben", "Franklin", orgs.STANDARD_USER),
    ("integration@demo.example", "Integration", "User", orgs.API_ONLY),
)
_APPS: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "Demo_App",
        "flows": ["client_credentials", "authorization_code", "refresh_token"],
        "values": {
            "label": "Demo App",
            "callback_url": ["http://localhost:3000/callback", "http://127.0.0.1:3000/callback"],
            "scopes": ["api", "id", "openid", "refresh_token", "web"],
            "client_credentials": True,
            "run_as": "integration@demo.example",
        },
    },
    {
        "name": "PlatformCLI",
        "consumer_key": "PlatformCLI",
        "flows": ["authorization_code", "refresh_token"],
        "values": {
            "label": "Salesforce CLI",
            "callback_url": ["http://localhost:1717/OauthRedirect"],
            "scopes": ["api", "web", "refresh_token"],
            "require_secret_for_web_server_flow": False,
            "require_secret_for_refresh_token_flow": False,
            # The CLI never stores a new refresh token.
            "refresh_token_rotation": False,
        },
    },
    {
        "name": "Single_Page_App",
        "flows": ["authorization_code", "refresh_token"],
        "values": {
            "label": "Single-Page App",
            "callback_url": ["http://localhost:5173/callback"],
            "scopes": ["id", "openid", "api", "refresh_token"],
            "require_secret_for_web_server_flow": False,
            "require_secret_for_refresh_token_flow": False,
        },
    },
)


async def make_demo(desk: Desk, base_url: str) -> dict[str, Any] | None:
    """Make the demo org, whole or not at all; return what `demo.json` says of it, None when there is an org already."""
    async with desk.changing() as changing:
        if await orgs.all_orgs(changing):
            return None
        org = await orgs.create(changing, orgs.NewOrg(name=ORG_NAME, my_domain="demo"))
        org = await orgs.change(changing, org, {ALLOW_CONNECTED_APP_CREATION.name: True})
        admin, *people = [await _person(changing, org, *one) for one in _USERS]
        made = [await _app(changing, org, asked, admin["username"]) for asked in _APPS]
    return {"base_url": base_url, "org_id": org.id, "admin": admin, "users": people, "apps": made}


async def _person(desk: Desk, org: Org, username: str, first_name: str, last_name: str, profile: str) -> dict[str, str]:
    asked = users.NewUser(
        username=username,
        email=username,
        password=new_password(),
        first_name=first_name,
        last_name=last_name,
        profile=profile,
    )
    await users.create(desk, org, asked)
    return {"username": username, "password": asked.password}


async def _app(desk: Desk, org: Org, asked: dict[str, Any], contact_email: str) -> dict[str, Any]:
    values = {"contact_email": contact_email, **asked["values"]}
    new = apps.NewApp(name=asked["name"], values=values, consumer_key=asked.get("consumer_key", ""))
    app = (await apps.create(desk, org, new)).app
    return {
        "name": app.app.name,
        "consumer_key": app.consumer_key,
        "consumer_secret": app.secret.reveal(),
        "callback_url": values["callback_url"][0],
        "flows": asked["flows"],
    }
