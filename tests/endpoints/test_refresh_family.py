"""Whatever is done to refresh tokens, in whatever order: each answer, and what lives, is what the model says (S14)."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from grantway import settings as s
from grantway.manage.caller import OPERATOR
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.people import users
from grantway.manage.server import orgs
from grantway.manage.usage.tokens import revoke
from tests.endpoints.house import STANDARDS, House, TestApp
from tests.endpoints.lasting import Run, lasting_house
from tests.endpoints.refresh_model import Access, Answer, Family, Model, Policy, Refresh, Rotation, Standing

USER = "ada@harbour.example"
ROTATION = {
    Rotation.OFF: {"refresh_token_rotation": "false", "rotation_overlap": "0"},
    Rotation.ON: {"refresh_token_rotation": "true", "rotation_overlap": "0"},
    Rotation.OVERLAP: {"refresh_token_rotation": "true", "rotation_overlap": "30"},
}
LIVABLE = [Policy.INFINITE, Policy.LIFETIME, Policy.INACTIVITY]
STANDINGS = [Standing.ACTIVE] * 4 + [Standing.FROZEN, Standing.DEACTIVATED]
USELESS = ["another letter", "a letter less", "another app", "the other door", "a wrong secret"]
# Picks one of what there is: the first is 0, and it wraps.
NUMBER = st.integers(0, 9)
SELDOM = 9
DAY_S = 86_400
SECONDS = [1, 1, 29, 30, 15 * 60, 119 * 60, DAY_S, 9 * DAY_S, 31 * DAY_S]
BETWEEN = [0, 0, 28, 30, 29 * DAY_S, 31 * DAY_S]


class RefreshFamilies(RuleBasedStateMachine):
    """One app and one user, their families of tokens, and everything that may happen to them."""

    house: House
    run: Run[Any]
    auditor: TestApp

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(db=self.house.db, clock=self.house.clock, ring=self.house.server.ring, caller=OPERATOR)
        self.org = self.run(orgs.find(self.desk, self.house.org_id))
        self.app: TestApp = self.run(self.house.app({s.SESSION_TIMEOUT: 120}))
        self.model = Model()
        self.buried: set[Access | Refresh] = set()

    @property
    def now(self) -> int:
        return self.house.clock.now_ms()

    def set_app(self, asked: dict[str, Any]) -> None:
        self.run(apps.change(self.desk, self.org, self.app.consumer_key, asked))

    def set_standing(self, standing: Standing) -> None:
        active = str(standing is not Standing.DEACTIVATED).lower()
        self.run(users.freeze(self.desk, self.org, USER, frozen=standing is Standing.FROZEN))
        self.run(users.change(self.desk, self.org, USER, {"is_active": active}))
        self.house.clock.advance(ms=1)
        self.model.set_standing(standing)

    def teardown(self) -> None:
        if self.model.standing is not Standing.ACTIVE:
            self.set_standing(Standing.ACTIVE)

    @initialize(rotation=st.sampled_from(Rotation), policy=st.sampled_from(LIVABLE), families=st.integers(1, 4))
    def begin(self, rotation: Rotation, policy: Policy, families: int) -> None:
        self.set_rotation(rotation)
        self.set_policy(policy)
        for _ in range(families):
            self.redeem()

    @rule()
    @precondition(lambda self: self.model.standing is Standing.ACTIVE and not self.model.app_is_blocked)
    def redeem(self) -> None:
        code, now = self.run(self.house.code(self.app)), self.now
        status, answer = self.run(self.house.redeem(self.app, code))
        assert status == 200
        self.model.redeemed(code, answer["refresh_token"], answer["access_token"], now)

    @rule(which=NUMBER, times=st.integers(0, 3), seconds=st.sampled_from(BETWEEN), back=st.integers(0, 3))
    def refresh_with_the_newest_and_later_with_one_before(
        self, which: int, times: int, seconds: int, back: int
    ) -> None:
        """Later: at once, at the end of an overlap, or when housekeeping may have taken what was spent."""
        family = self.family(which)
        for _ in range(times):
            self.refresh(family.refresh[-1], self.now)
        self.house.clock.advance(seconds=seconds)
        if seconds >= DAY_S:
            self.sweep()
        self.refresh(family.refresh[-1 - back :][0], self.now)

    @rule(which=NUMBER, age=NUMBER)
    def refresh_by_a_request_that_had_arrived_before_another_won(self, which: int, age: int) -> None:
        token = self.token(which, age)
        self.refresh(token, self.now if token.spent_at is None else token.spent_at)

    def family(self, which: int) -> Family:
        """Choose a family, seldom one that is over."""
        usable = [family for family in self.model.families if self.model.is_usable(family, self.now)]
        if usable and which < SELDOM:
            return usable[which % len(usable)]
        return self.model.families[which % len(self.model.families)]

    def token(self, which: int, age: int) -> Refresh:
        family = self.family(which)
        return family.refresh[age % len(family.refresh)]

    def refresh(self, token: Refresh, arrived: int) -> None:
        now = self.now
        expected = self.model.refresh(token, now, arrived)
        status, answer = self.run(self.house.refresh(self.app, token.text, arrived_us=arrived * 1000))
        if expected not in (Answer.SAME, Answer.ROTATED, Answer.AGAIN):
            assert (status, answer["error_description"]) == (400, expected.value)
            assert "access_token" not in answer
            return
        assert status == 200, (expected, answer)
        given = answer.get("refresh_token", "")
        match expected:
            case Answer.SAME:
                assert not given
            case Answer.AGAIN:
                assert token.successor is not None
                assert given == token.successor.text
            case Answer.ROTATED:
                assert given not in {"", *(one.text for family in self.model.families for one in family.refresh)}
        self.model.refreshed(token, expected, given, answer["access_token"], now)

    @rule(which=NUMBER, age=NUMBER, useless=st.sampled_from(USELESS), place=st.integers(0, 86))
    def present_something_useless(self, which: int, age: int, useless: str, place: int) -> None:
        text, house = self.token(which, age).text, self.house
        expected = {"error": "invalid_grant", "error_description": Answer.EXPIRED.value}
        match useless:
            case "another letter":
                other = "A" if text[place] != "A" else "B"
                asked = house.refresh(self.app, text[:place] + other + text[place + 1 :])
            case "a letter less":
                asked = house.refresh(self.app, text[:place] + text[place + 1 :])
            case "another app":
                asked = house.refresh(self.auditor, text)
            case "the other door":
                asked = house.refresh(self.app, text, door=STANDARDS)
            case _:
                asked = house.refresh(self.app, text, client_secret="wrong")
                expected = {"error": "invalid_client", "error_description": "invalid client credentials"}
        assert self.run(asked) == (400, expected)

    @rule(which=NUMBER)
    def the_code_comes_again(self, which: int) -> None:
        family, now = self.family(which), self.now
        status, answer = self.run(self.house.redeem(self.app, family.code))
        assert (status, answer["error"]) == (400, "invalid_grant")
        self.model.code_came_again(family, now)

    @rule(which=NUMBER, age=NUMBER)
    def revoke_a_refresh_token(self, which: int, age: int) -> None:
        token = self.token(which, age)
        expected = 200 if self.model.revoke_refresh(token) else 400
        assert self.run(self.house.revoke(token.text)).status == expected

    @rule(which=NUMBER, age=NUMBER)
    def revoke_an_access_token(self, which: int, age: int) -> None:
        family = self.family(which)
        chosen = family.access[age % len(family.access)]
        expected = 200 if self.model.revoke_access(family, chosen, self.now) else 400
        assert self.run(self.house.revoke(chosen.text)).status == expected

    @rule(seconds=st.sampled_from(SECONDS))
    def wait(self, seconds: int) -> None:
        self.house.clock.advance(seconds=seconds)

    @rule(rotation=st.sampled_from(Rotation))
    def set_rotation(self, rotation: Rotation) -> None:
        self.set_app(ROTATION[rotation])
        self.model.rotation = rotation

    @rule(policy=st.sampled_from([*LIVABLE, *LIVABLE, Policy.ZERO]))
    def set_policy(self, policy: Policy) -> None:
        self.set_app({"refresh_token_policy": policy.value})
        self.model.policy = policy

    @rule(
        standing=st.sampled_from(STANDINGS),
        blocked=st.sampled_from([False, False, False, True]),
        everything=NUMBER,
    )
    def an_administrator_acts(self, standing: Standing, blocked: bool, everything: int) -> None:
        self.set_standing(standing)
        self.run(apps.block(self.desk, self.org, self.app.consumer_key, blocked=blocked))
        self.model.app_is_blocked = blocked
        if everything == SELDOM:
            self.run(revoke(self.desk, self.org, username=USER, app=self.app.consumer_key))
            for family in self.model.families:
                family.ended = True

    @rule()
    def sweep(self) -> None:
        self.run(self.house.sweep())
        self.model.swept(self.now)

    @invariant()
    def what_lives_is_what_the_model_says(self) -> None:
        model, now = self.model, self.now
        alive = self.run(self.alive())
        for family in model.families:
            expected = {token for token in family.refresh if model.refresh_is_active(token, now)}
            assert alive.intersection(family.refresh) == expected
            assert len(expected) <= 1
            in_use = {token for token in family.access if model.access_is_active(family, token, now)}
            assert alive.intersection(family.access) == in_use
            self.buried |= buried_of(family)
        assert not alive & self.buried

    async def alive(self) -> set[Access | Refresh]:
        """Ask the introspection endpoint about every token there ever was."""
        tokens: list[Access | Refresh] = []
        for family in self.model.families:
            tokens += [*family.refresh, *family.access]
        return {token for token in tokens if await self.house.is_active(self.auditor, token.text)}


def buried_of(family: Family) -> set[Access | Refresh]:
    """Return the tokens of a family that can never be good again."""
    if family.ended or family.taken_back:
        return {*family.access, *family.refresh}
    return {
        *(one for one in family.access if one.revoked),
        *(one for one in family.refresh if one.spent_at is not None),
    }


@pytest.mark.requirement("S14")
def test_every_course_of_events_is_as_the_model_says(tmp_path: Path, engine_url: str) -> None:
    examples = 8 if engine_url else 40
    with lasting_house(tmp_path, engine_url) as (opened, run_there):

        class Here(RefreshFamilies):
            house = opened
            run = staticmethod(run_there)
            auditor = run_there(opened.app({s.INTROSPECT_ALL: True}))

        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=examples,
                stateful_step_count=30,
                deadline=None,
                phases=[Phase.generate],  # to shrink a course of events takes longer than a run may take
                suppress_health_check=list(HealthCheck),
            ),
        )
