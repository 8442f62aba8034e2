"""What a person meets in Chromium between an app's link and the app's callback, with a real server behind it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from playwright.sync_api import Browser

from tests.journeys.chromium import Person, person
from tests.journeys.served import Served, SignedIn, link, redeem

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_app")]


NO_MATTER_WHICH_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def at_browser(served: Served, browser: Browser, callback: str) -> Iterator[Callable[..., Person]]:
    """Gives the n-th demo user a browser that remembers nothing."""
    with ExitStack() as stack:
        yield lambda user=0, **options: stack.enter_context(
            person(browser, served.demo["users"][user], callback, **options)
        )


@pytest.fixture
def ada(at_browser: Callable[..., Person]) -> Person:
    """Ada, at a browser that remembers nothing."""
    return at_browser()


def second_tab(one: Person) -> Person:
    """The same person in another tab of the same browser."""
    return Person(one.tab.context.new_page(), one.username, one.password, one.callback)


@pytest.mark.parametrize("door", ["/services/oauth2", "/oidc"])
def test_who_logs_in_and_allows_arrives_with_a_code_for_their_account(served: Served, ada: Person, door: str) -> None:
    url, verifier = link(served, door, prompt="consent", scope="openid id", state="a b~ä/+")
    ada.authorize(url)

    told = ada.told()
    assert told["state"] == "a b~ä/+"
    with httpx.Client() as app:
        token = redeem(served, app, SignedIn(ada.arrive(), told, verifier), door).json()["access_token"]
        me = app.get(f"{served.base}{door}/userinfo", headers={"authorization": f"Bearer {token}"}).json()
    assert me["preferred_username"] == "ada@demo.example"


@NO_MATTER_WHICH_ENGINE
def test_the_way_works_without_javascript(served: Served, at_browser: Callable[..., Person]) -> None:
    ada = at_browser(java_script_enabled=False)
    ada.authorize(link(served, prompt="consent")[0])

    assert ada.pages == ["login", "consent"]
    assert "code" in ada.told()


@NO_MATTER_WHICH_ENGINE
@pytest.mark.requirement("S5")
def test_no_page_of_the_way_breaks_its_own_policy(served: Served, ada: Person) -> None:
    said: list[str] = []
    ada.tab.on("console", lambda message: said.append(message.text))
    ada.authorize(link(served, prompt="consent")[0])

    assert said == []


@NO_MATTER_WHICH_ENGINE
@pytest.mark.requirement("S8")
def test_consent_says_which_app_asks_whom_for_what(served: Served, ada: Person) -> None:
    ada.tab.goto(link(served, prompt="consent")[0])
    ada.log_in()
    read = ada.read_consent()

    assert read.question == "Allow Demo App to act for you?"
    assert read.who == "ada@demo.example"
    assert len(read.asks) == 3


def test_deny_arrives_at_the_callback_as_access_denied(served: Served, ada: Person) -> None:
    ada.tab.goto(link(served, prompt="consent", state="s")[0])
    ada.log_in()
    ada.answer("Deny")

    assert ada.told() == {
        "error": "access_denied",
        "error_description": "end-user denied authorization",
        "state": "s",
        "iss": served.base,
    }


@NO_MATTER_WHICH_ENGINE
def test_cancelling_the_login_arrives_as_access_denied_too(served: Served, ada: Person) -> None:
    ada.tab.goto(link(served, state="s")[0])
    ada.tab.get_by_role("button", name="Cancel").click()

    told = ada.told()
    assert told["error"] == "access_denied"
    assert told["state"] == "s"


def test_a_wrong_password_is_said_and_the_next_try_goes_on(served: Served, ada: Person) -> None:
    ada.tab.goto(link(served, prompt="consent")[0])
    ada.log_in("not the password")

    assert ada.tab.get_by_role("alert").inner_text().startswith("That username and password do not fit together")
    assert ada.tab.get_by_role("textbox", name="Username").input_value() == "ada@demo.example"
    ada.log_in()
    ada.answer("Allow")
    assert "code" in ada.told()


def test_who_is_logged_in_and_has_allowed_is_asked_nothing(served: Served, ada: Person) -> None:
    ada.authorize(link(served)[0])
    first = ada.told()["code"]
    ada.pages.clear()
    ada.authorize(link(served)[0])

    assert ada.pages == []
    assert ada.told()["code"] != first


def test_who_is_logged_in_at_one_door_is_logged_in_at_the_other(served: Served, ada: Person) -> None:
    ada.authorize(link(served, "/oidc")[0])
    ada.pages.clear()
    ada.authorize(link(served, "/services/oauth2")[0])

    assert ada.pages == []


@pytest.mark.requirement("S10")
def test_prompt_login_asks_for_the_password_again(served: Served, ada: Person) -> None:
    ada.authorize(link(served)[0])
    ada.pages.clear()
    ada.authorize(link(served, prompt="login")[0])

    assert ada.pages == ["login"]


@pytest.mark.requirement("S10")
def test_prompt_consent_asks_for_consent_alone(served: Served, ada: Person) -> None:
    ada.authorize(link(served)[0])
    ada.pages.clear()
    ada.authorize(link(served, prompt="consent")[0])

    assert ada.pages == ["consent"]


@pytest.mark.requirement("S9")
def test_a_public_app_on_the_persons_own_machine_asks_each_time(served: Served, ada: Person) -> None:
    public = served.demo_app("Single_Page_App", ada.callback)
    for _ in range(2):
        ada.authorize(link(served, client_id=public["consumer_key"])[0])

    assert ada.pages == ["login", "consent", "consent"]


def test_another_browser_does_not_know_the_person(served: Served, at_browser: Callable[..., Person]) -> None:
    first, second = at_browser(), at_browser()
    first.authorize(link(served)[0])
    second.tab.goto(link(served)[0])

    assert second.tab.locator("#login-submit").is_visible()


def test_not_you_lets_somebody_else_answer(served: Served, ada: Person) -> None:
    ada.tab.goto(link(served, prompt="consent")[0])
    ada.log_in()
    ada.tab.get_by_role("button", name="Not you?").click()
    ben = Person(ada.tab, **served.demo["users"][1], callback=ada.callback)
    ben.log_in()

    assert ben.read_consent().who == "ben@demo.example"
    ben.answer("Allow")
    assert "code" in ben.told()


@NO_MATTER_WHICH_ENGINE
def test_login_hint_fills_in_the_username(served: Served, ada: Person) -> None:
    ada.tab.goto(link(served, login_hint="ada@demo.example")[0])

    assert ada.tab.get_by_role("textbox", name="Username").input_value() == "ada@demo.example"


@NO_MATTER_WHICH_ENGINE
def test_the_keyboard_alone_logs_in_and_allows(served: Served, ada: Person) -> None:
    keyboard = ada.tab.keyboard
    ada.tab.goto(link(served, prompt="consent")[0])
    ada.tab.wait_for_selector("#username:focus")
    keyboard.type(ada.username)
    keyboard.press("Tab")
    keyboard.type(ada.password)
    keyboard.press("Enter")
    ada.read_consent()
    for _ in range(3):  # past `Not you?` and `Deny`
        keyboard.press("Tab")
    keyboard.press("Enter")

    assert "code" in ada.told()


@NO_MATTER_WHICH_ENGINE
def test_the_keyboard_alone_denies(served: Served, ada: Person) -> None:
    ada.tab.goto(link(served, prompt="consent")[0])
    ada.log_in()
    ada.read_consent()
    for _ in range(2):
        ada.tab.keyboard.press("Tab")
    ada.tab.keyboard.press("Space")

    assert ada.told()["error"] == "access_denied"


@pytest.mark.requirement("S3")
def test_going_back_to_an_answered_page_gives_no_second_code(served: Served, ada: Person) -> None:
    ada.authorize(link(served, prompt="consent")[0])
    ada.tab.go_back()

    assert ada.tab.url.startswith(served.base)
    assert ada.tab.locator("#request-id").is_visible()


@pytest.mark.requirement("S3")
def test_two_tabs_of_one_browser_arrive_each_with_its_own_state(served: Served, ada: Person) -> None:
    other = second_tab(ada)
    ada.tab.goto(link(served, prompt="consent", state="one")[0])
    ada.log_in()
    ada.read_consent()
    other.tab.goto(link(served, prompt="consent", state="two")[0])
    other.answer("Allow")
    ada.answer("Allow")

    assert (ada.told()["state"], other.told()["state"]) == ("one", "two")


@pytest.mark.requirement("S3")
def test_a_login_in_another_tab_has_the_first_tab_log_in_again_before_it_goes_on(served: Served, ada: Person) -> None:
    other = second_tab(ada)
    other.tab.goto(link(served, prompt="login")[0])
    ada.tab.goto(link(served, prompt="consent", state="one")[0])
    ada.log_in()
    ada.read_consent()
    other.log_in()
    other.tab.wait_for_url(lambda where: "/login" not in where)
    ada.answer("Allow")
    ada.log_in()
    ada.answer("Allow")

    assert ada.pages == ["login", "consent", "login", "consent"]
    assert ada.told()["state"] == "one"


@NO_MATTER_WHICH_ENGINE
@pytest.mark.requirement("S1")
def test_an_unregistered_callback_ends_on_our_page_with_an_id_to_look_up(served: Served, ada: Person) -> None:
    ada.tab.goto(link(served, redirect_uri=ada.callback + "/elsewhere")[0])

    assert ada.tab.url.startswith(served.base)
    assert ada.tab.locator("#request-id").is_visible()


@NO_MATTER_WHICH_ENGINE
def test_no_script_can_read_what_the_server_keeps_in_the_browser(served: Served, ada: Person) -> None:
    ada.authorize(link(served)[0])
    cookies = ada.tab.context.cookies(served.base)

    assert "grantway" in [cookie["name"] for cookie in cookies]
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies)
