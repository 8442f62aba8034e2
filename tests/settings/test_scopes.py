"""Scopes: the same thing in three languages, and what holding one allows."""

import pytest

from grantway.settings.scopes import SCOPES, expand, scope_named, scope_of_metadata

# What the metadata API itself lists when it refuses a word (connected-apps.md 1.4), and the older word for one.
METADATA_WORDS = """
    Address Api Basic CDP CDPCalculatedInsight CDPIdentityResolution CDPIngest CDPProfile CDPQuery CDPSegment Chatbot
    Chatter Content CustomApplications CustomPermissions DataCloudUserClaims Eclair EinsteinGPT Email ForgotPassword
    Full Interaction Lightning MCP OfflineAccess OpenID Pardot Phone Profile PwdlessLogin RefreshToken SCRT
    SFApiPlatform UserRegistration Wave Web SFAP
"""


def test_every_word_of_the_metadata_api_is_a_scope_and_no_other() -> None:
    known = {word for scope in SCOPES for word in (scope.metadata, *scope.metadata_aliases)}

    assert known == set(METADATA_WORDS.split())


def test_no_name_and_no_word_stands_for_two_scopes() -> None:
    names = [name for scope in SCOPES for name in (scope.name, *scope.synonyms)]
    words = [word for scope in SCOPES for word in (scope.metadata, *scope.metadata_aliases)]

    assert len(set(names)) == len(names)
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("name", "stands_for"),
    [("offline_access", "refresh_token"), ("profile", "id"), ("email", "id"), ("address", "id"), ("phone", "id")],
)
def test_synonyms_are_found_by_their_one_name(name: str, stands_for: str) -> None:
    found = scope_named(name)

    assert found is not None
    assert found.name == stands_for
    assert expand([name]) == {stands_for}


def test_unknown_words_stand_for_nothing() -> None:
    assert scope_named("shipments.read") is None
    assert scope_named("API") is None
    assert scope_of_metadata("api") is None


def test_full_is_everything_except_acting_unattended() -> None:
    everything = {scope.name for scope in SCOPES}

    assert expand(["full"]) == everything - {"refresh_token"}
    assert expand(["full", "offline_access"]) == everything


def test_wider_scopes_bring_narrower_ones() -> None:
    assert expand(["api"]) == {"api", "chatter_api"}
    assert expand(["web"]) == {"web", "visualforce"}
    assert expand(["chatter_api"]) == {"chatter_api"}


def test_custom_scopes_stay_as_they_are_and_are_not_within_full() -> None:
    assert expand(["shipments.read"]) == {"shipments.read"}
    assert not expand(["shipments.read"]) <= expand(["full"])
    assert expand([]) == frozenset()


def test_every_scope_has_words_for_the_person_who_decides() -> None:
    for scope in SCOPES:
        assert scope.label == scope.label.strip()
        assert scope.label
        assert scope.detail.endswith(".")
        assert "!" not in scope.detail
        assert scope.name not in scope.detail.split()
        assert len(scope.detail) <= 90
