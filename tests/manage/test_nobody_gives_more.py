"""Nobody gives, takes over or acts as more than they hold themselves (S38)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from grantway.domain.org import User
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.exchange import token_handlers
from grantway.manage.people import holders, users
from grantway.manage.problem import ManageProblem, NotAllowed
from grantway.manage.server import orgs
from grantway.settings.certificates import EXAMPLE_CERTIFICATE
from grantway.settings.key_sets import EXAMPLE_KEY_SET
from grantway.store.statement import Statement
from tests.conftest import one_engine
from tests.manage.conftest import Office

pytestmark = [pytest.mark.requirement("S38"), one_engine]
HELP_DESK = ("ManageUsers",)
BUILDER = ("CustomizeApplication", "ManageRemoteAccess", "ModifyAllData", "ManageProfilesPermissionsets")
BUILDER_WHO_REVEALS = (*BUILDER, "ClientSecretRotation")
Deed = Callable[[Desk, Office, User], Awaitable[Any]]


async def superior(office: Office) -> User:
    """A user who holds more than any caller here, with a permission set that does too."""
    await holders.create(office.desk, holders.PROFILES, office.org.id, "Strong", ("ApiEnabled",))
    await holders.create(office.desk, holders.PERMISSION_SETS, office.org.id, "Stronger", ("ApiEnabled",))
    return await office.user("ApiEnabled")


async def app(office: Office, **values: object) -> None:
    asked = {"contact_email": "it@harbour.example", **values}
    await apps.create(office.desk, office.org, apps.NewApp(name="Sync", values=asked))


OVER_PEOPLE: dict[str, Deed] = {
    "make a user of a stronger profile": lambda d, o, _: users.create(
        d, o.org, users.NewUser(username="x@harbour.example", email="x@harbour.example", profile="Strong")
    ),
    "give oneself a stronger profile": lambda d, o, _: users.change(d, o.org, d.caller.username, {"profile": "Strong"}),
    "change the address a reset would go to": lambda d, o, u: users.change(d, o.org, u.username, {"email": "m@e.org"}),
    "move a stronger user to a weaker profile": lambda d, o, u: users.change(
        d, o.org, u.username, {"profile": "Standard User"}
    ),
    "deactivate a stronger user": lambda d, o, u: users.change(d, o.org, u.username, {"is_active": "false"}),
    "give a stronger user a password": lambda d, o, u: users.set_password(d, o.org, u.username, "correct horse"),
    "unfreeze a stronger user": lambda d, o, u: users.freeze(d, o.org, u.username, frozen=False),
}
OVER_PROFILES: dict[str, Deed] = {
    "make a stronger profile": lambda d, o, _: holders.create(d, holders.PROFILES, o.org.id, "X", ("ApiEnabled",)),
    "strengthen a profile": lambda d, o, _: holders.change(
        d, holders.PROFILES, o.org.id, "Strong", ("ApiEnabled", "ManageUsers")
    ),
    "weaken a stronger profile": lambda d, o, _: holders.change(d, holders.PROFILES, o.org.id, "Strong", ()),
    "make a stronger permission set": lambda d, o, _: holders.create(
        d, holders.PERMISSION_SETS, o.org.id, "X", ("ApiEnabled",)
    ),
    "weaken a stronger permission set": lambda d, o, _: holders.change(
        d, holders.PERMISSION_SETS, o.org.id, "Stronger", ()
    ),
    "assign oneself a stronger permission set": lambda d, o, _: users.assign(d, o.org, d.caller.username, "Stronger"),
    "take a stronger permission set back": lambda d, o, u: users.assign(
        d, o.org, u.username, "Stronger", assigned=False
    ),
}


def deeds(named: dict[str, Deed]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "deed", [pytest.param(deed, id=name.replace(" ", "-")) for name, deed in named.items()]
    )


@deeds(OVER_PEOPLE)
async def test_whoever_manages_users_has_no_power_over_stronger_ones(office: Office, deed: Deed) -> None:
    stronger = await superior(office)

    with pytest.raises(ManageProblem, match=r"API Enabled.*they do not hold"):
        await deed(await office.seat(*HELP_DESK), office, stronger)


@deeds(OVER_PROFILES)
async def test_whoever_manages_profiles_gives_and_takes_only_what_they_hold(office: Office, deed: Deed) -> None:
    stronger = await superior(office)

    with pytest.raises(ManageProblem, match=r"API Enabled.*they do not hold"):
        await deed(await office.seat("ManageProfilesPermissionsets"), office, stronger)


async def test_anybody_who_manages_users_can_freeze_a_stolen_account(office: Office) -> None:
    stronger = await superior(office)

    assert (await users.freeze(await office.seat(*HELP_DESK), office.org, stronger.username, frozen=True)).is_frozen


async def test_an_app_runs_as_nobody_stronger_than_who_says_so(office: Office) -> None:
    await app(office)
    stronger = await superior(office)

    with pytest.raises(ManageProblem, match=r"let an app run as .*API Enabled"):
        await apps.change(await office.seat(*BUILDER), office.org, "Sync", {"run_as": stronger.username})


@pytest.mark.parametrize(
    ("before", "values"), [("false", {"client_credentials": "true"}), ("true", {"scopes": "api web"})]
)
async def test_what_an_app_may_do_as_a_stronger_user_is_not_widened(
    office: Office, before: str, values: dict[str, str]
) -> None:
    stronger = await superior(office)
    await app(office, run_as=stronger.username, scopes="id", client_credentials=before)

    with pytest.raises(ManageProblem, match=r"let an app run as .*API Enabled"):
        await apps.change(await office.seat(*BUILDER), office.org, "Sync", values)


async def test_other_settings_of_an_app_that_runs_as_a_stronger_user_can_be_changed(office: Office) -> None:
    stronger = await superior(office)
    await app(office, run_as=stronger.username, scopes="id", client_credentials="true")
    builder = await office.seat(*BUILDER)

    changed = await apps.change(builder, office.org, "Sync", {"label": "Synchronizer", "client_credentials": "false"})

    assert changed.app.app.name == "Sync"


async def test_the_secret_that_acts_as_a_stronger_user_is_not_revealed(office: Office) -> None:
    stronger = await superior(office)
    await app(office, run_as=stronger.username, client_credentials="true")

    with pytest.raises(ManageProblem, match=r"API Enabled.*they do not hold"):
        await apps.reveal(await office.seat(*BUILDER_WHO_REVEALS), office.org, "Sync")


async def test_a_secret_that_acts_as_nobody_stronger_is_revealed(office: Office) -> None:
    await app(office)

    app_of_ours = await apps.reveal(await office.seat(*BUILDER_WHO_REVEALS), office.org, "Sync")

    assert app_of_ours.secret.reveal()


@pytest.mark.parametrize(("setting", "name"), [("profiles", "Strong"), ("permission_sets", "Stronger")])
async def test_users_stronger_than_oneself_are_not_pre_authorized(office: Office, setting: str, name: str) -> None:
    await superior(office)
    await app(office)

    with pytest.raises(ManageProblem, match=r"API Enabled.*they do not hold"):
        await apps.change(await office.seat(*BUILDER), office.org, "Sync", {setting: name})


async def test_a_pre_authorization_that_is_there_stays_when_others_are_added(office: Office) -> None:
    await superior(office)
    await holders.create(office.desk, holders.PROFILES, office.org.id, "Weak", ())
    await app(office, profiles="Strong")

    await apps.change(await office.seat(*BUILDER), office.org, "Sync", {"profiles": ["Strong", "Weak"]})


@pytest.mark.parametrize(
    "keys",
    [{"certificate": EXAMPLE_CERTIFICATE}, {"jwks": EXAMPLE_KEY_SET}, {"jwks_uri": "https://sync.example/keys"}],
    ids=lambda keys: next(iter(keys)),
)
@pytest.mark.parametrize(("setting", "name"), [("profiles", "Strong"), ("permission_sets", "Stronger")])
async def test_the_keys_that_speak_for_pre_authorized_stronger_users_are_not_swapped(
    office: Office, setting: str, name: str, keys: dict[str, str]
) -> None:
    """Whoever has the certificate's key, or one of the set, gets tokens of these users by an assertion."""
    await superior(office)
    await app(office, **{setting: name})
    builder = await office.seat(*BUILDER)

    with pytest.raises(ManageProblem, match=r"API Enabled.*they do not hold"):
        await apps.change(builder, office.org, "Sync", keys)
    await apps.change(office.desk, office.org, "Sync", keys)
    await apps.change(builder, office.org, "Sync", keys | {"label": "Same"})
    await apps.change(builder, office.org, "Sync", dict.fromkeys(keys, ""))


async def test_whose_word_an_org_takes_for_its_users_is_not_for_who_changes_its_other_settings(office: Office) -> None:
    seat = await office.seat("CustomizeApplication")

    for values in (
        {"saml_assertion_flow": True},
        {"sso_certificate": EXAMPLE_CERTIFICATE},
        {"sso_issuer": "https://i"},
    ):
        with pytest.raises(NotAllowed, match=r"Manage Users|Modify All Data"):
            await orgs.change(seat, office.org, values)
    await orgs.change(seat, office.org, {"saml_assertion_flow": False, "org_session_timeout": "30"})


KEEPER = ("CustomizeApplication", "ModifyAllData", "ManageUsers")


@pytest.mark.parametrize("assigned", [{"profiles": "Strong"}, {"permission_sets": "Stronger"}])
async def test_who_holds_less_than_an_apps_users_does_not_decide_whose_tokens_speak_for_them(
    office: Office, assigned: dict[str, str]
) -> None:
    await superior(office)
    await app(office, permitted_users="admin_approved", **assigned)
    await token_handlers.create(office.desk, office.org, "Harbour_IdP", {})
    keeper, strong = await office.seat(*KEEPER), await office.seat(*KEEPER, "ApiEnabled")

    with pytest.raises(NotAllowed, match="cannot decide whose tokens speak for"):
        await token_handlers.enable(keeper, office.org, "Harbour_IdP", "Sync", keeper.caller.username)
    await token_handlers.enable(strong, office.org, "Harbour_IdP", "Sync", strong.caller.username)
    for field in ({"issuer": "https://evil.example"}, {"matches": "email"}, {"introspection_secret": "x"}):
        with pytest.raises(NotAllowed, match="cannot decide whose tokens speak for"):
            await token_handlers.change(keeper, office.org, "Harbour_IdP", field)
        await token_handlers.change(strong, office.org, "Harbour_IdP", field)
    await token_handlers.change(keeper, office.org, "Harbour_IdP", {"description": "The harbour's"})
    # Who may delete it may switch it off, and not on again.
    await token_handlers.change(keeper, office.org, "Harbour_IdP", {"enabled": False})
    with pytest.raises(NotAllowed, match="cannot decide whose tokens speak for"):
        await token_handlers.change(keeper, office.org, "Harbour_IdP", {"enabled": True})


async def test_a_deleted_app_leaves_no_permission_to_use_a_handler(office: Office) -> None:
    await app(office)
    await token_handlers.create(office.desk, office.org, "Harbour_IdP", {})
    await token_handlers.enable(
        office.desk, office.org, "Harbour_IdP", "Sync", (await office.seat(*KEEPER)).caller.username
    )
    await apps.delete(office.desk, office.org, "Sync")

    assert await office.desk.session.all(Statement("SELECT app_id FROM token_handler_app")) == []


async def test_who_holds_less_than_an_execution_user_lets_no_handler_work_as_them(office: Office) -> None:
    strong = await superior(office)
    await app(office)
    await token_handlers.create(office.desk, office.org, "Harbour_IdP", {})
    keeper = await office.seat(*KEEPER)

    with pytest.raises(NotAllowed, match="cannot let a handler work as"):
        await token_handlers.enable(keeper, office.org, "Harbour_IdP", "Sync", strong.username)
    with pytest.raises(NotAllowed, match="cannot have users made with the profile Strong"):
        await token_handlers.change(
            keeper, office.org, "Harbour_IdP", {"user_creation": True, "new_user_profile": "Strong"}
        )


async def test_who_holds_less_than_a_guest_user_lets_no_guests_act_as_it(office: Office) -> None:
    await superior(office)
    asked = users.NewUser(username="guest@harbour.example", email="g@h.example", profile="Strong", guest=True)
    await users.create(office.desk, office.org, asked)
    await app(office)
    keeper, strong = await office.seat(*KEEPER), await office.seat(*KEEPER, "ApiEnabled")
    lets_in = {"guest_user": asked.username}

    with pytest.raises(NotAllowed, match="cannot let guests act as"):
        await token_handlers.create(keeper, office.org, "Harbour_IdP", lets_in)
    await token_handlers.create(office.desk, office.org, "Harbour_IdP", lets_in)
    with pytest.raises(NotAllowed, match="cannot let guests act as"):
        await token_handlers.enable(keeper, office.org, "Harbour_IdP", "Sync", keeper.caller.username)
    await token_handlers.enable(strong, office.org, "Harbour_IdP", "Sync", strong.caller.username)
    with pytest.raises(NotAllowed, match="cannot let guests act as"):
        await token_handlers.change(keeper, office.org, "Harbour_IdP", {"issuer": "https://evil.example"})
    await token_handlers.change(keeper, office.org, "Harbour_IdP", {"enabled": False})
    await token_handlers.change(keeper, office.org, "Harbour_IdP", {"guest_user": ""})
