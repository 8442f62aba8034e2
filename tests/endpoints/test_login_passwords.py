"""Guessing passwords: what a stranger learns from the login page, how it slows down, and whom that must not hurt."""

import asyncio
import re

import pytest

from grantway.manage.people import passwords
from grantway.manage.people.passwords import hash_password
from grantway.store.statement import Statement
from tests.endpoints.browsing import PASSWORD, Browser, hidden, told
from tests.endpoints.house import House

ADA, BEN = "ada@harbour.example", "ben@harbour.example"
FREE = 5  # failures of one account that cost no wait


async def guess(browser: Browser, username: str, count: int) -> list[int]:
    """Send wrong passwords for a username, one after the other; return the statuses."""
    page = await browser.to_login(await browser.house.app(), prompt="login")
    return [(await browser.log_in(page, username, "wrong")).status_code for _ in range(count)]


async def stored(house: House, username: str, hashed: str) -> None:
    """Give a user this password hash."""
    await house.change("UPDATE person SET password_hash = :hash WHERE username = :username", hashed, username)


@pytest.mark.requirement("S35")
@pytest.mark.requirement("S36")
async def test_every_failed_login_reads_the_same(house: House, browser: Browser) -> None:
    """S35: unknown, wrong, frozen, deactivated and without password are one; the page says only what was typed."""
    await house.change("UPDATE person SET is_frozen = 1 WHERE username = :username", BEN)
    page = await browser.to_login(await house.app())
    pages = set()
    for username, password in ((ADA, "wrong"), (BEN, PASSWORD), ("nobody@harbour.example", PASSWORD), (ADA, "")):
        reply = await browser.log_in(page, username, password)
        assert (reply.status_code, reply.headers.get("set-cookie")) == (400, None)
        pages.add(reply.text.replace(username, "USERNAME"))
    await house.change("UPDATE person SET is_active = 0, is_frozen = 0 WHERE username = :username", BEN)
    pages.add((await browser.log_in(page, BEN)).text.replace(BEN, "USERNAME"))
    await stored(house, BEN, "")
    pages.add((await browser.log_in(page, BEN, "")).text.replace(BEN, "USERNAME"))

    assert len(pages) == 1
    assert "do not fit together" in pages.pop()


@pytest.mark.requirement("S35")
async def test_an_unknown_user_costs_a_hash_of_the_same_strength(house: House, browser: Browser) -> None:
    """S35: the hash that stands in for an unknown user's is argon2id with the parameters of a stored one."""
    del browser
    await stored(house, ADA, hash_password(PASSWORD))
    ((known,),) = await house.db.all(Statement("SELECT password_hash FROM person WHERE username = :u"), ADA)

    parameters = re.compile(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$")
    stand_in = parameters.match(passwords.NOBODYS)
    real = parameters.match(str(known))
    assert stand_in is not None
    assert real is not None
    assert stand_in[0] == real[0]
    assert len(passwords.NOBODYS) == len(str(known))


@pytest.mark.requirement("S35")
@pytest.mark.parametrize("username", [ADA, "nobody@harbour.example"])
async def test_after_a_few_failures_each_further_try_has_to_wait_longer(
    house: House, browser: Browser, username: str
) -> None:
    """S35: delays, the same for an account that is not there."""
    page = await browser.to_login(await house.app())
    for _ in range(FREE + 1):
        assert (await browser.log_in(page, username, "wrong")).status_code == 400
    waits = []
    for _ in range(7):
        slowed = await browser.log_in(page, username, "wrong")
        assert slowed.status_code == 429
        assert f"Wait {slowed.headers['retry-after']} second" in slowed.text
        waits.append(int(slowed.headers["retry-after"]))
        house.clock.advance(seconds=waits[-1])
        assert (await browser.log_in(page, username, "wrong")).status_code == 400

    assert waits == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.requirement("S35")
async def test_a_wait_says_nothing_about_the_password(house: House, browser: Browser) -> None:
    """S35: while an account waits, the right password is not even looked at; afterwards it is right again."""
    page = await browser.to_login(await house.app())
    await guess(browser, ADA, FREE + 1)

    assert (await browser.log_in(page, ADA)).status_code == 429
    house.clock.advance(seconds=1)
    assert (await browser.log_in(page, ADA)).status_code == 303


@pytest.mark.requirement("S35")
async def test_no_spelling_of_a_username_escapes_its_wait(house: House, browser: Browser) -> None:
    """S35: NFKC, case-folded and trimmed, in whatever order a lookup folds."""
    await house.change("UPDATE person SET username = :username WHERE username = :old", "strasse\u03b9x@h.example", BEN)
    page = await browser.to_login(await house.app())
    spellings = ["strasse\u03b9x@h.example", " STRASSE\u03b9X@H.example\u2003", "Stra\u00dfe\u0345x@h.example"]
    for index in range(FREE + 1):
        assert (await browser.log_in(page, spellings[index % 3], "wrong")).status_code == 400

    for spelling in spellings:
        assert (await browser.log_in(page, spelling)).status_code == 429


@pytest.mark.requirement("S35")
async def test_failures_are_forgotten_after_a_login_and_after_a_while(house: House, browser: Browser) -> None:
    """S35: what a person mistyped yesterday costs nothing today."""
    await guess(browser, ADA, FREE)
    page = await browser.to_login(await house.app())
    assert (await browser.log_in(page, ADA)).status_code == 303
    browser.client.cookies.clear()
    assert await guess(browser, ADA, FREE + 1) == [400] * (FREE + 1)
    house.clock.advance(minutes=16)

    assert await guess(browser, ADA, FREE + 1) == [400] * (FREE + 1)


@pytest.mark.requirement("S35")
async def test_guesses_sent_at_once_do_not_slip_past_the_count(house: House, browser: Browser) -> None:
    """S35: sixteen guesses in one moment are as many as sixteen in a row."""
    page = await browser.to_login(await house.app())

    replies = await asyncio.gather(*(browser.log_in(page, ADA, "wrong") for _ in range(16)))

    assert sorted(reply.status_code for reply in replies) == [400] * (FREE + 1) + [429] * (16 - FREE - 1)


@pytest.mark.requirement("S35")
async def test_nobody_can_lock_a_person_out_of_a_browser_they_know(house: House, browser: Browser) -> None:
    """S35: who keeps an account waiting does not keep its owner waiting where they have logged in before."""
    app = await house.app()
    await browser.approve(app, ADA)
    await guess(Browser(house, address="203.0.113.9"), ADA, FREE + 1)
    house.clock.advance(days=3)
    assert await guess(Browser(house, address="203.0.113.9"), ADA, FREE + 2) == [400] * (FREE + 1) + [429]

    assert "code" in told(await browser.log_in(await browser.to_login(app), ADA))


@pytest.mark.requirement("S35")
async def test_a_browser_that_knows_a_person_may_not_guess_on_without_a_wait(house: House, browser: Browser) -> None:
    """S35: it has a count of its own, and none for other accounts."""
    await browser.approve(await house.app(), ADA)

    assert await guess(browser, ADA, FREE + 2) == [400] * (FREE + 1) + [429]
    await guess(Browser(house, address="203.0.113.9"), BEN, FREE + 1)
    page = await browser.to_login(await house.app(), prompt="login")
    assert (await browser.log_in(page, BEN)).status_code == 429


@pytest.mark.requirement("S35")
async def test_a_browser_is_known_by_a_proof_that_cannot_be_made_up(house: House, browser: Browser) -> None:
    """S35: the cookie of another account, or one with another nonce, proves nothing."""
    await browser.approve(await house.app(), BEN)
    proof = browser.client.cookies["grantway-known"]
    await guess(Browser(house, address="203.0.113.9"), ADA, FREE + 1)
    for forged in (proof, "A" + proof[1:], "x.y", "", "."):
        stranger = Browser(house)
        stranger.client.cookies.set("grantway-known", forged)
        page = await stranger.to_login(await house.app())

        assert (await stranger.log_in(page, ADA)).status_code == 429


@pytest.mark.requirement("S35")
async def test_an_address_that_tries_many_accounts_slows_down(house: House, browser: Browser) -> None:
    """S35: one guess each at very many accounts; another address is not slowed."""
    page = await browser.to_login(await house.app())
    await house.change(
        "INSERT INTO login_failure (principal, failures, last_at) VALUES ('address:192.0.2.7', 99, :now)",
        house.clock.now_ms(),
    )
    statuses = [(await browser.log_in(page, f"user{i}@x.example", "wrong")).status_code for i in range(3)]
    elsewhere = Browser(house, address="192.0.2.8")

    assert statuses == [400, 400, 429]
    assert (await elsewhere.log_in(await elsewhere.to_login(await house.app()), ADA)).status_code == 303


@pytest.mark.requirement("S35")
async def test_addresses_of_one_ipv6_network_count_as_one(house: House, browser: Browser) -> None:
    """S35: whoever has one IPv6 address has 2^64 of them."""
    del browser
    for last in ("1", "2"):
        await guess(Browser(house, address=f"2001:db8:1:2::{last}"), ADA, 1)

    rows = await house.db.all(Statement("SELECT failures FROM login_failure WHERE principal LIKE 'address:%'"))
    assert rows == [(2,)]


@pytest.mark.requirement("S36")
@pytest.mark.requirement("S32")
async def test_a_flood_of_logins_from_one_address_leaves_room_for_others(house: House, browser: Browser) -> None:
    """S36: passwords are looked at a few at a time, and no one address fills the queue."""
    flooding = Browser(house, address="203.0.113.9")
    flood_page = await flooding.to_login(await house.app())
    page = await browser.to_login(await house.app())

    *flood, mine = await asyncio.gather(
        *(flooding.log_in(flood_page, f"user{i}@x.example", "wrong") for i in range(80)), browser.log_in(page, ADA)
    )

    assert mine.status_code == 303
    assert {reply.status_code for reply in flood} == {400, 429}


@pytest.mark.requirement("S36")
async def test_a_password_is_taken_whole(house: House, browser: Browser) -> None:
    """S36: 1 to 256 code points, nothing cut, nothing trimmed."""
    longest = " \u00e4\U0001f511" + "x" * 252 + " "
    await stored(house, ADA, hash_password(longest))
    page = await browser.to_login(await house.app())
    for wrong in (longest[:-1], longest.strip(), longest + "x", longest[:72]):
        assert (await browser.log_in(page, ADA, wrong)).status_code == 400

    assert (await browser.log_in(page, ADA, longest)).status_code == 303


@pytest.mark.requirement("S36")
@pytest.mark.requirement("S54")
async def test_passwords_are_stored_as_argon2id(house: House) -> None:
    """S36, S54: 19 MiB, two passes, a salt of its own each."""
    first, second = hash_password(PASSWORD), hash_password(PASSWORD)

    assert first != second
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    del house


@pytest.mark.requirement("S43")
async def test_logins_and_failures_are_recorded_without_the_password(house: House, browser: Browser) -> None:
    """S43: who, from where, in which request."""
    page = await browser.to_login(await house.app())
    await browser.log_in(page, ADA, "a wrong secret")
    await browser.log_in(page, ADA)

    rows = await house.db.all(
        Statement("SELECT kind, user_id, address, detail FROM event WHERE kind LIKE 'login.%' ORDER BY kind")
    )
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("login.failed", house.user_ids["ada"], "192.0.2.7"),
        ("login.ok", house.user_ids["ada"], "192.0.2.7"),
    ]
    assert "secret" not in str(rows)


@pytest.mark.requirement("S7")
async def test_what_was_typed_comes_back_escaped(house: House, browser: Browser) -> None:
    """S7: a username, and a hint that an app sent."""
    hostile = '"><script>alert(1)</script>\u202e'
    page = await browser.to_login(await house.app(), login_hint=hostile)
    again = await browser.log_in(page, hostile, "wrong")

    for text in (page.text, again.text):
        assert "<script" not in text
        assert "\u202e" not in text
        assert "&#34;&gt;&lt;script&gt;" in text
    assert hidden(again) == hidden(page)
