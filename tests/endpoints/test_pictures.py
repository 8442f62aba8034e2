"""Logo and icon: copied behind the answer, shown from this host only, and never anything but a picture."""

import pytest

from grantway import settings as s
from grantway.domain.permissions import ALL
from grantway.endpoints.pictures import fetch_due
from grantway.manage.connected_apps import apps, pictures
from grantway.manage.files.import_app import SourceFile, import_file
from grantway.manage.problem import ManageProblem
from grantway.outbound.fetch import Fetcher
from grantway.store import pictures as store_pictures
from grantway.store.pictures import Waits
from tests.console.setup import ADMIN, add_user, sign_in
from tests.endpoints.browsing import Browser
from tests.endpoints.house import House
from tests.kit.drawn import png
from tests.kit.test_pictures import HTML, SVG
from tests.outbound.peer import Serve

LOGO, ICON = "https://sync.example/logo.png", "https://sync.example/icon.png"


def answer(body: bytes, status: str = "200 OK", media_type: str = "image/png") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def fetch(house: House, fetcher: Fetcher) -> int:
    """Have a server make a round."""
    return await fetch_due(house.db, house.clock, fetcher)


async def pictures_due(house: House) -> list[Waits]:
    return list(await store_pictures.due(house.db, house.clock.now_ms(), 9))


async def path_of(house: House, app_id: str, role: str = "logo") -> str:
    kept = await pictures.of_app(house.desk, house.org, app_id)
    return {one.role: one.path for one in kept}[role]


async def problem_of(house: House, app_id: str) -> str:
    (kept,) = await pictures.of_app(house.desk, house.org, app_id)
    assert kept.path == ""
    assert kept.due_at is None
    return kept.problem


@pytest.mark.enforces("icon_url")
async def test_lists_of_apps_show_the_copy_of_the_icon_and_initials_without_one(house: House, serve_tls: Serve) -> None:
    peer = await serve_tls(answer(png()))
    app = await house.app({s.LABEL: "Shipment Sync", s.ICON_URL: peer.url})
    await add_user(house, ADMIN, *ALL)
    setup = await sign_in(house, ADMIN)
    before = await setup.open("/setup/apps")

    await fetch(house, peer.fetcher())

    assert ">SS</span>" in before.text
    after = await setup.open("/setup/apps")
    assert ">SS</span>" not in after.text
    assert f'src="{await path_of(house, app.id, "icon")}"' in after.text
    assert peer.url not in after.text


async def test_the_page_of_an_app_says_what_became_of_its_pictures_and_has_them_fetched_again(
    house: House, serve_tls: Serve
) -> None:
    peer = await serve_tls(answer(SVG))
    app = await house.app({s.LOGO_URL: peer.url})
    await add_user(house, ADMIN, *ALL)
    setup = await sign_in(house, ADMIN)
    path = f"/setup/apps/{(await apps.find(house.desk, house.org, app.id)).app.name}"

    waits = await setup.open(path)
    await fetch(house, peer.fetcher())
    failed = await setup.open(path)
    again = await setup.follow(await setup.send(f"{path}/pictures", {}))

    assert "The server fetches it in a few seconds" in waits.text
    assert "it is no GIF, JPG or PNG" in failed.text
    assert "The server fetches it in a few seconds" in again.text
    assert len(await pictures_due(house)) == 1


@pytest.mark.enforces("logo_url")
async def test_login_and_consent_show_the_copy_of_the_logo_and_initials_without_one(
    house: House,
    browser: Browser,
    serve_tls: Serve,
) -> None:
    peer = await serve_tls(answer(png()))
    app = await house.app({s.LABEL: "Shipment Sync", s.LOGO_URL: f"{peer.url}/logo.png"})
    before = await browser.to_login(app)
    await fetch(house, peer.fetcher())

    login = await browser.to_login(app)
    consent = await browser.to_consent(app)

    path = await path_of(house, app.id)
    assert path.startswith("/pictures/")
    assert ">SS</text>" in before.text
    for page in (login, consent):
        assert f'href="{path}"' in page.text
        assert ">SS</text>" not in page.text
        assert peer.url not in page.text


async def test_a_copy_is_served_for_ever_as_a_picture_and_nothing_else(
    house: House, browser: Browser, serve_tls: Serve
) -> None:
    """The type is told from the bytes: what the other server called it does not count."""
    peer = await serve_tls(answer(png(), media_type="text/html"))
    app = await house.app({s.LOGO_URL: peer.url})
    await fetch(house, peer.fetcher())

    got = await browser.get(await path_of(house, app.id))

    assert (got.status_code, got.content) == (200, png())
    assert got.headers["content-type"] == "image/png"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    for wrong in ("/pictures/", "/pictures/" + "0" * 64):
        assert (await browser.get(wrong)).status_code == 404


HOSTILE = {
    "an SVG under another type": (answer(SVG), "it is no GIF, JPG or PNG"),
    "a page": (answer(HTML, media_type="text/html"), "it is no GIF, JPG or PNG"),
    "a page behind a picture": (answer(png() + HTML), "it does not end as a PNG does"),
    "more than it may be": (answer(bytes(200_000)), "it is larger than 100 KB"),
    "a picture that is not there": (answer(png(), "404 Not Found"), "it answered with the status 404"),
    "a way to somewhere else": (answer(b"", "302 Found"), "it answered with the status 302"),
}


@pytest.mark.parametrize(("says", "why"), HOSTILE.values(), ids=HOSTILE)
async def test_what_is_no_picture_leaves_no_copy_and_is_told(
    house: House, serve_tls: Serve, says: bytes, why: str
) -> None:
    peer = await serve_tls(says)
    app = await house.app({s.LOGO_URL: peer.url})

    await fetch(house, peer.fetcher())

    assert await problem_of(house, app.id) == why


async def test_a_private_address_is_never_asked(house: House, serve_tls: Serve) -> None:
    peer = await serve_tls(answer(png()))
    app = await house.app({s.LOGO_URL: peer.url})

    await fetch(house, Fetcher())

    assert await problem_of(house, app.id) == "its host is not on the public network"
    assert peer.asked == []


async def test_a_server_that_never_answers_is_given_up(
    house: House, serve_tls: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await serve_tls(b"HTTP/1.1 200 OK\r\n", hold=True)
    app = await house.app({s.LOGO_URL: peer.url})
    monkeypatch.setitem(Fetcher.fetch.__kwdefaults__ or {}, "deadline_s", 0.05)

    await fetch(house, peer.fetcher())

    assert await problem_of(house, app.id) == "it took longer than 0.05 s"


async def test_of_two_servers_that_see_a_picture_wait_one_fetches_it(house: House) -> None:
    await house.app({s.LOGO_URL: LOGO})
    waiting = await pictures_due(house)

    turns = [await store_pictures.take(house.db, one, house.clock.now_ms()) for one in (*waiting, *waiting)]

    assert [turn is not None for turn in turns] == [True, False]


async def test_what_a_server_took_up_and_left_is_fetched_after_its_turn(house: House, serve_tls: Serve) -> None:
    peer = await serve_tls(answer(png()))
    await house.app({s.LOGO_URL: peer.url})
    (waiting,) = await pictures_due(house)
    assert await store_pictures.take(house.db, waiting, house.clock.now_ms())

    assert await fetch(house, peer.fetcher()) == 0
    house.clock.advance(ms=61_000)

    assert await fetch(house, peer.fetcher()) == 1
    assert len(peer.asked) == 1


async def test_a_new_address_takes_the_old_picture_away_at_once_and_no_address_for_good(
    house: House, serve_tls: Serve
) -> None:
    peer = await serve_tls(answer(png()))
    app = await house.app({s.LOGO_URL: peer.url})
    await fetch(house, peer.fetcher())
    path = await path_of(house, app.id)

    await apps.change(house.desk, house.org, app.id, {"logo_url": LOGO})
    changed = await path_of(house, app.id)
    await apps.change(house.desk, house.org, app.id, {"logo_url": ""})

    assert path
    assert changed == ""
    assert await pictures.of_app(house.desk, house.org, app.id) == ()


async def test_every_way_to_set_an_address_leaves_it_waiting_and_the_same_one_again_does_not(house: House) -> None:
    made = await apps.create(
        house.desk, house.org, apps.NewApp(name="Made", values={"contact_email": "a@b.example", "logo_url": LOGO})
    )
    xml = (
        '<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata"><contactEmail>a@b.example</contactEmail>'
        f"<iconUrl>{ICON}</iconUrl></ConnectedApp>"
    )
    await import_file(house.desk, house.org, SourceFile(name="In.connectedApp-meta.xml", data=xml.encode()))

    assert {one.url for one in await pictures_due(house)} == {LOGO, ICON}
    await fetch(house, Fetcher())
    await apps.change(house.desk, house.org, made.app.id, {"logo_url": LOGO, "description": "New"})
    assert await pictures_due(house) == []


async def test_fetching_again_keeps_the_copy_that_was_when_it_fails(house: House, serve_tls: Serve) -> None:
    peer = await serve_tls(answer(png()))
    app = await house.app({s.LOGO_URL: peer.url})
    await fetch(house, peer.fetcher())

    await pictures.fetch_again(house.desk, house.org, app.id)
    await fetch(house, Fetcher())

    (kept,) = await pictures.of_app(house.desk, house.org, app.id)
    assert kept.path
    assert kept.problem == "its host is not on the public network"


async def test_only_the_org_of_an_app_that_has_pictures_has_them_fetched_again(house: House) -> None:
    app = await house.app()

    with pytest.raises(ManageProblem, match="has no Logo Image URL and no Icon URL"):
        await pictures.fetch_again(house.desk, house.org, app.id)


async def test_a_deleted_app_leaves_no_picture(house: House, browser: Browser, serve_tls: Serve) -> None:
    peer = await serve_tls(answer(png()))
    app = await house.app({s.ICON_URL: peer.url})
    await fetch(house, peer.fetcher())
    path = await path_of(house, app.id, "icon")

    await apps.delete(house.desk, house.org, app.id)

    assert (await browser.get(path)).status_code == 404
