"""Texts of metadata files mean values, both ways."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grantway.metadata.problem import MetadataProblem
from grantway.metadata.values import (
    ScopeWords,
    boolean,
    boolean_text,
    callback_lines,
    callback_text,
    external_refresh_token_policy,
    external_refresh_token_policy_texts,
    list_text,
    listed,
    refresh_token_policy,
    refresh_token_policy_text,
    scope_names,
    scope_words,
)
from grantway.settings import RefreshTokenPolicy
from grantway.settings.scopes import SCOPES


@pytest.mark.parametrize("text", ["true", "TRUE", " True\n", "1"])
def test_words_for_yes(text: str) -> None:
    assert boolean(text) is True


@pytest.mark.parametrize("text", ["false", "False ", "\t0"])
def test_words_for_no(text: str) -> None:
    assert boolean(text) is False


@pytest.mark.parametrize("text", ["", "yes", "on", "2", "tru e", "${FLAG}"])
def test_other_words_are_no_boolean(text: str) -> None:
    with pytest.raises(MetadataProblem, match="true or false"):
        boolean(text)


def test_booleans_are_written_in_small_letters() -> None:
    assert (boolean_text(True), boolean_text(False)) == ("true", "false")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "&#xd;", "&#xD;\n", "&#13;", "&#xa;", "&#10;", "\n\n", " \n "])
def test_callback_urls_are_parted_by_any_line_end(end: str) -> None:
    text = f"https://a.example/cb?x=1&y=2{end}myapp://cb{end}"

    assert callback_lines(text) == ("https://a.example/cb?x=1&y=2", "myapp://cb")


def test_an_empty_callback_element_holds_no_url() -> None:
    assert callback_lines(" \r\n ") == ()


def test_callback_urls_are_written_one_a_line() -> None:
    assert callback_text(["https://a.example/cb", "myapp://cb"]) == "https://a.example/cb\nmyapp://cb"


def test_lists_of_external_client_apps_are_parted_by_commas() -> None:
    assert listed(" Api,RefreshToken , ,") == ("Api", "RefreshToken")
    assert listed("") == ()
    assert list_text(["Api", "RefreshToken"]) == "Api, RefreshToken"


def test_scope_words_become_api_names_each_once() -> None:
    words = ["Basic", "Email", "RefreshToken", "OfflineAccess", " SFAP ", "SFApiPlatform", "Teleport", ""]

    assert scope_names(words) == ScopeWords(names=("id", "refresh_token", "sfap_api"), unknown=("Teleport",))


def test_scopes_are_written_in_the_words_of_the_type() -> None:
    assert scope_words(["id", "email", "offline_access", "sfap_api"]) == ("Basic", "RefreshToken", "SFAP")
    assert scope_words(["sfap_api"], metadata_type="ExtlClntAppOauthSettings") == ("SFApiPlatform",)


def test_a_custom_scope_has_no_word() -> None:
    with pytest.raises(MetadataProblem, match="shipments"):
        scope_words(["shipments.read"])


@pytest.mark.parametrize("metadata_type", ["ConnectedApp", "ExtlClntAppOauthSettings"])
def test_every_scope_survives_a_file(metadata_type: str) -> None:
    names = tuple(scope.name for scope in SCOPES)

    assert scope_names(scope_words(names, metadata_type=metadata_type)) == ScopeWords(names=names, unknown=())


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("infinite", RefreshTokenPolicy(form="infinite")),
        ("zero", RefreshTokenPolicy(form="zero")),
        ("specific_lifetime:12:MONTHS", RefreshTokenPolicy(form="specific_lifetime", number=12, unit="MONTHS")),
        ("specific_inactivity:30:DAYS", RefreshTokenPolicy(form="specific_inactivity", number=30, unit="DAYS")),
        ("specific_inactivity:1:HOURS", RefreshTokenPolicy(form="specific_inactivity", number=1, unit="HOURS")),
    ],
)
def test_refresh_token_policies_are_read_and_written(text: str, policy: RefreshTokenPolicy) -> None:
    assert refresh_token_policy(text) == policy
    assert refresh_token_policy_text(policy) == text
    assert external_refresh_token_policy(*external_refresh_token_policy_texts(policy)) == policy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "forever",
        "specific_lifetime",
        "specific_lifetime:0:DAYS",
        "specific_lifetime:-1:DAYS",
        "specific_lifetime:1.5:DAYS",
        "specific_lifetime:90",
        "specific_lifetime:90:WEEKS",
        "specific_inactivity:999999999:DAYS",
        "infinite:1:DAYS",
    ],
)
def test_other_refresh_token_policies_are_refused(text: str) -> None:
    with pytest.raises(MetadataProblem, match="no refresh token policy"):
        refresh_token_policy(text)


def test_an_external_client_app_says_its_policy_in_three_elements() -> None:
    policy = external_refresh_token_policy("SpecificLifetime", "365", "Days")

    assert policy == RefreshTokenPolicy(form="specific_lifetime", number=365, unit="DAYS")
    assert external_refresh_token_policy_texts(policy) == ("SpecificLifetime", "365", "Days")
    assert external_refresh_token_policy("Infinite", "365", "Days") == RefreshTokenPolicy(form="infinite")
    assert external_refresh_token_policy_texts(RefreshTokenPolicy(form="zero")) == ("Zero", None, None)


@pytest.mark.parametrize(
    ("policy_type", "period", "unit"),
    [("Sometimes", None, None), ("SpecificLifetime", None, "Days"), ("SpecificInactivity", "30", None)],
)
def test_half_a_policy_of_an_external_client_app_is_refused(
    policy_type: str, period: str | None, unit: str | None
) -> None:
    with pytest.raises(MetadataProblem):
        external_refresh_token_policy(policy_type, period, unit)


@settings(deadline=None)  # other tests may hold the processor
@given(st.text())
def test_any_text_is_a_value_or_a_metadata_problem(text: str) -> None:
    for convert in (boolean, refresh_token_policy, lambda raw: scope_words([raw])):
        try:
            convert(text)
        except MetadataProblem:
            continue
    assert "".join(callback_lines(text)).count("\n") == 0
