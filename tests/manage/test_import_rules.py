"""The rules of importing and exporting connected apps, each on a small file of our own (connected-apps.md 1.20)."""

from pathlib import Path

import pytest

from grantway import settings as s
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.files.export_app import export_app
from grantway.manage.files.import_app import Imported, SourceFile, import_file, import_files
from grantway.manage.people import users
from grantway.manage.problem import ManageProblem
from grantway.manage.server import orgs

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">\n'
TAIL = "</ConnectedApp>\n"
OAUTH = "    <oauthConfig>\n        <callbackUrl>https://a.example/cb</callbackUrl>\n{}    </oauthConfig>\n"


def file(content: str, name: str = "Sync.connectedApp-meta.xml") -> SourceFile:
    """Return a file to import, with what stands between the tags of its root."""
    return SourceFile(name=name, data=(HEAD + content + TAIL).encode())


def whys(imported: Imported) -> dict[str, str]:
    """Return what was kept as text: path -> why."""
    return {kept.path: kept.why for kept in imported.kept}


async def exported(desk: Desk, org: Org, name: str = "Sync") -> str:
    """Return an app's file, without what stands around its content."""
    return (await export_app(desk, org, name)).data.decode().removeprefix(HEAD).removesuffix(TAIL)


@pytest.mark.parametrize(
    ("content", "path", "says"),
    [
        ("    <infoUrl>http://plain.example</infoUrl>\n", "infoUrl", "'http://plain.example': write an absolute URL"),
        ("    <contactEmail>nobody</contactEmail>\n", "contactEmail", "'nobody': write an e-mail address"),
        (f"    <label>{'x' * 81}</label>\n", "label", "at most 80 characters, this has 81"),
        (
            OAUTH.format("        <isPkceRequired>maybe</isPkceRequired>\n"),
            "oauthConfig/isPkceRequired",
            "true or false",
        ),
        (OAUTH.format("        <scopes>Apii</scopes>\n"), "oauthConfig/scopes", "'Apii' is no scope"),
        (
            "    <oauthPolicy>\n        <refreshTokenPolicy>forever</refreshTokenPolicy>\n    </oauthPolicy>\n",
            "oauthPolicy/refreshTokenPolicy",
            "'forever': say infinite, zero",
        ),
        (
            "    <sessionPolicy>\n        <sessionTimeout>9999</sessionTimeout>\n    </sessionPolicy>\n",
            "sessionPolicy/sessionTimeout",
            "'9999': say a whole number of minutes from 1 to 1440",
        ),
        (
            OAUTH.format("        <oauthClientCredentialUser>no@one.example</oauthClientCredentialUser>\n"),
            "oauthConfig/oauthClientCredentialUser",
            "there is no active user 'no@one.example' in the org Harbour",
        ),
        (
            OAUTH.format("").replace("https", "http"),
            "oauthConfig/callbackUrl",
            "'http://a.example/cb': begins with http://",
        ),
    ],
)
async def test_a_value_the_form_would_refuse_is_kept_as_text_left_unset_and_named(
    desk: Desk, org: Org, content: str, path: str, says: str
) -> None:
    content = content if "<label>" in content else f"{content}    <label>Sync</label>\n"

    imported = await import_file(desk, org, file(content))

    assert says in whys(imported)[path]
    setting = next(one for one in s.ALL if "ConnectedApp" in one.xml and one.xml["ConnectedApp"].path == path)
    app = await apps.find(desk, org, "Sync")
    assert app[setting] == ("Sync" if setting is s.LABEL else setting.default)
    if setting is not s.LABEL:  # an app without a label gets its name for one, and says so from then on
        assert await exported(desk, org) == content


async def test_an_app_whose_file_has_it_run_as_a_guest_user_runs_as_nobody(desk: Desk, org: Org) -> None:
    guest = users.NewUser(username="guest@one.example", email="g@one.example", profile="Standard User", guest=True)
    await users.create(desk, org, guest)
    element = f"        <oauthClientCredentialUser>{guest.username}</oauthClientCredentialUser>\n"
    imported = await import_file(desk, org, file(OAUTH.format(element) + "    <label>Sync</label>\n"))

    assert "there is no active user" in whys(imported)["oauthConfig/oauthClientCredentialUser"]
    assert (await apps.find(desk, org, "Sync"))[s.RUN_AS] == ""


async def test_elements_without_a_setting_are_kept_and_named_with_their_attributes_and_order(
    desk: Desk, org: Org
) -> None:
    content = (
        "    <zzz>last first</zzz>\n"
        "    <canvas>\n        <end>10.0.0.9</end>\n        <start>10.0.0.1</start>\n    </canvas>\n"
        "    <canvas>\n        <end>10.0.1.9</end>\n        <start>10.0.1.1</start>\n    </canvas>\n"
        "    <label>Sync</label>\n"
    )

    imported = await import_file(desk, org, file(content))

    assert set(whys(imported)) == {"zzz", "canvas/end", "canvas/start"}
    assert await exported(desk, org) == content


async def test_an_app_without_oauth_is_an_app(desk: Desk, org: Org) -> None:
    await import_file(desk, org, file("    <label>Sync</label>\n    <startUrl>https://a.example</startUrl>\n"))

    assert (await apps.find(desk, org, "Sync"))[s.OAUTH_ENABLED] is False


async def test_a_file_without_a_label_gives_the_app_its_name(desk: Desk, org: Org) -> None:
    await import_file(desk, org, file("    <contactEmail>a@b.example</contactEmail>\n"))

    assert (await apps.find(desk, org, "Sync"))[s.LABEL] == "Sync"


@pytest.mark.parametrize(
    "key", ["", "REPLACE_CLIENT_ID", "{CONSUMERKEY}", "${TEST.orgId}", "YOUR_CONSUMER_KEY", "xxxxxxxxxx"]
)
async def test_a_placeholder_for_the_key_gives_a_new_key_and_stays_in_the_file(desk: Desk, org: Org, key: str) -> None:
    content = OAUTH.format(f"        <consumerKey>{key}</consumerKey>\n")

    imported = await import_file(desk, org, file(content + "    <label>Sync</label>\n"))

    assert imported.consumer_key.startswith("3MVG9")
    assert ("oauthConfig/consumerKey" in whys(imported)) == bool(key)
    assert f"<consumerKey>{key}</consumerKey>" in await exported(desk, org)


async def test_a_key_that_another_app_has_is_not_taken_twice(desk: Desk, org: Org) -> None:
    content = OAUTH.format("        <consumerKey>Key_with_end_=</consumerKey>\n")
    first = await import_file(desk, org, file(content, "One.connectedApp"))

    second = await import_file(desk, org, file(content, "Two.connectedApp"))

    assert first.consumer_key == "Key_with_end_="
    assert second.consumer_key.startswith("3MVG9")
    assert "taken by another app" in whys(second)["oauthConfig/consumerKey"]


async def test_a_secret_is_taken_at_creation_and_never_written_or_quoted(desk: Desk, org: Org) -> None:
    hidden = "5D5A0F21B7C64E33"
    content = OAUTH.format(f"        <consumerSecret>{hidden}</consumerSecret>\n")

    created = await import_file(desk, org, file(content))
    updated = await import_file(desk, org, file(content.replace(hidden, "0000AAAA1111BBBB")))

    assert (await apps.find(desk, org, "Sync")).secret.reveal() == hidden
    assert hidden not in await exported(desk, org)
    assert hidden not in repr((created, updated))
    assert whys(updated)["oauthConfig/consumerSecret"] == "the app is there already and keeps its secret"


async def test_what_a_later_file_leaves_out_stays_as_it_is(desk: Desk, org: Org) -> None:
    pkce = "        <isPkceRequired>true</isPkceRequired>\n"
    await import_file(desk, org, file(OAUTH.format(pkce) + "    <label>Old</label>\n"))

    updated = await import_file(desk, org, file(OAUTH.format("") + "    <label>New</label>\n"))

    app = await apps.find(desk, org, "Sync")
    assert (updated.done, app[s.LABEL], app[s.REQUIRE_PKCE]) == ("updated", "New", True)
    assert [(one.setting, one.before, one.after) for one in updated.changes] == [("label", "Old", "New")]
    assert pkce in await exported(desk, org), "the export says what holds, also where the later file did not"


async def test_one_empty_element_of_a_list_clears_it_and_an_empty_value_changes_nothing(desk: Desk, org: Org) -> None:
    given = "    <infoUrl>https://a.example</infoUrl>\n    <label>A</label>\n    <profileName>Sales</profileName>\n"
    await import_file(desk, org, file(given))

    told = await import_file(desk, org, file(given.replace("https://a.example", "").replace("Sales", "")))

    assert [(one.setting, one.before, one.after) for one in told.changes] == [("profiles", "Sales", "none")]
    assert await exported(desk, org) == given.replace("Sales", "")


async def test_a_dry_run_tells_what_would_be_done_and_changes_nothing(desk: Desk, org: Org) -> None:
    await import_file(desk, org, file("    <label>Old</label>\n"))
    before = await exported(desk, org)

    files = [file("    <label>New</label>\n"), file("    <label>B</label>\n", "Other.connectedApp")]
    told = await import_files(desk, org, files, dry_run=True)

    assert [(one.name, one.done) for one in told] == [("Sync", "updated"), ("Other", "created")]
    assert [one.setting for one in told[0].changes] == ["label"]
    assert told[1].consumer_key == "", "a key that nobody will have is not shown"
    assert await exported(desk, org) == before
    assert [app.app.name for app in await apps.all_apps(desk, org)] == ["Sync"]


async def test_two_file_names_with_one_api_name_are_two_apps_and_not_an_update(desk: Desk, org: Org) -> None:
    names = ["My%20App.connectedApp-meta.xml", "My-App.connectedApp-meta.xml", "My_App.connectedApp-meta.xml"]

    told = await import_files(desk, org, [file(f"    <label>{name}</label>\n", name) for name in names])

    assert [one.done for one in told] == ["created", "failed", "failed"]
    assert told[1].problem == (
        "name: 'My-App' gives the API name My_App, which the app 'My App' has already; rename the file"
    )
    assert (await apps.find(desk, org, "My_App"))[s.LABEL] == names[0]


async def test_names_that_differ_by_case_alone_are_one_name(desk: Desk, org: Org) -> None:
    """Else one exported file would overwrite the other on many disks."""
    told = await import_files(desk, org, [file("", "Sync.connectedApp"), file("", "SYNC.connectedApp")])

    assert [one.done for one in told] == ["created", "failed"]
    with pytest.raises(ManageProblem):
        await apps.create(desk, org, apps.NewApp(name="sync", values={"contact_email": "a@b.example"}))
    assert (await apps.find(desk, org, "sync")).app.name == "Sync"


async def test_an_app_that_stands_in_a_folder_in_both_formats_is_taken_from_the_later_file(
    desk: Desk, org: Org
) -> None:
    files = [file("    <label>A</label>\n", "Sync.connectedApp"), file("    <label>B</label>\n")]

    told = await import_files(desk, org, files)

    assert [one.done for one in told] == ["created", "updated"]
    assert told[1].warnings[-1].startswith("Sync.connectedApp of this import is the same app")
    assert (await apps.find(desk, org, "Sync"))[s.LABEL] == "B"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("<oauthConfig>hello</oauthConfig>", "line 3: <oauthConfig> holds text where its settings should be."),
        ("<label><x>1</x></label>", "line 3: <label> holds elements where its value should be."),
        (OAUTH.format("") * 2, "line 3: <oauthConfig> stands there more than once."),
        ("<label>A", "line 4: this closing tag does not belong to the element that is open."),
    ],
)
async def test_a_file_of_another_shape_is_refused_with_the_line(desk: Desk, org: Org, content: str, says: str) -> None:
    told = await import_file(desk, org, file(content if content.endswith("\n") else f"{content}\n"))

    assert (told.done, told.problem) == ("failed", says)
    assert await apps.all_apps(desk, org) == ()


@pytest.mark.parametrize(
    ("name", "app"),
    [
        ("../../etc/passwd.connectedApp", "passwd"),
        ("..%2F..%2Fetc%2Fcron.connectedApp", "etc_cron"),
        ("C:\\apps\\Sync.connectedApp", "Sync"),
        ("Ünïcode 株.connectedApp", "n_code"),
    ],
)
async def test_a_hostile_file_name_leads_nowhere(desk: Desk, org: Org, name: str, app: str) -> None:
    told = await import_file(desk, org, file("    <label>A</label>\n", name))

    out = await export_app(desk, org, app)
    assert told.done == "created"
    assert Path(out.file).name == out.file
    assert "\\" not in out.file


async def test_a_name_without_a_letter_is_refused_in_words(desk: Desk, org: Org) -> None:
    told = await import_file(desk, org, file("", "株式.connectedApp"))

    assert (told.done, told.problem) == (
        "failed",
        "name: '株式' gives no API name; begin with a letter, use letters and digits",
    )


async def test_oauth_switched_off_stays_off_in_the_file_and_what_it_cannot_say_is_told(desk: Desk, org: Org) -> None:
    """Else the export of a closed app would come back open."""
    values = {"contact_email": "a@b.example", "oauth_enabled": "false", "scopes": "api", "doors": "standards"}
    await apps.create(desk, org, apps.NewApp(name="Shut", values=values))

    out = await export_app(desk, org, "Shut")
    other = await orgs.create(desk, orgs.NewOrg(name="Other"))
    await import_file(desk, other, SourceFile(name=out.file, data=out.data))

    assert (await apps.find(desk, other, "Shut"))[s.OAUTH_ENABLED] is False
    assert out.left_out == {
        s.SCOPES: ("api",),
        s.DOORS: s.Doors.STANDARDS,
        s.REQUIRE_PKCE: True,
        s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW: True,
        s.REFRESH_TOKEN_ROTATION: True,
    }


async def test_oauth_switched_off_takes_its_whole_group_out_of_an_imported_file(desk: Desk, org: Org) -> None:
    await import_file(desk, org, file(OAUTH.format("        <isPkceRequired>true</isPkceRequired>\n")))
    await apps.change(desk, org, "Sync", {"oauth_enabled": "false", "require_pkce": "false"})

    assert "oauthConfig" not in await exported(desk, org)


async def test_names_with_commas_and_odd_marks_are_single_names(desk: Desk, org: Org) -> None:
    names = ("Sales, East", "A&amp;#xd;B")
    content = "    <label>Sync</label>\n" + "".join(f"    <profileName>{name}</profileName>\n" for name in names)

    await import_file(desk, org, file(content))

    assert (await apps.find(desk, org, "Sync"))[s.PROFILES] == ("Sales, East", "A&#xd;B")
    assert await exported(desk, org) == content
