"""Valid values of every setting, drawn at random, and some that each one refuses."""

from typing import Any, Final

from hypothesis import strategies as st

from grantway import settings as s
from grantway.settings.scopes import SCOPES

RUN_AS_USER: Final = "sync@harbour.example"

_WORDS: Final = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=80)
_LINES: Final = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\r\t", exclude_characters="\ufffe\uffff"),
    max_size=120,
)
_HOSTS: Final = st.from_regex(r"[a-z][a-z0-9]{0,8}\.(example|test)", fullmatch=True)
_PATHS: Final = st.from_regex(
    r"(/[A-Za-z0-9._~%&=+,;:@!$'()-]{1,12}){0,3}(\?[a-z]=[A-Za-z0-9&,/]{0,9})?", fullmatch=True
)
_CALLBACKS: Final = st.one_of(
    st.builds("https://{}{}".format, _HOSTS, _PATHS),
    st.builds("http://localhost:{}{}".format, st.integers(1, 65535), _PATHS),
    st.builds("com.{}.app:/{}".format, st.from_regex("[a-z]{1,9}", fullmatch=True), st.just("back")),
)
_AUDIENCES: Final = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters=",\ufffe\uffff"),
    min_size=1,
    max_size=40,
)
_NAMES: Final = st.lists(_WORDS.filter(str.strip), max_size=4)
_PERIODS: Final = st.builds(
    "{}:{}:{}".format,
    st.sampled_from(["specific_lifetime", "specific_inactivity"]),
    st.integers(1, 99_999),
    st.sampled_from(["HOURS", "DAYS", "MONTHS"]),
)

_DRAWN: Final[dict[s.AnySetting, st.SearchStrategy[Any]]] = {
    s.LABEL: _WORDS.filter(str.strip),
    s.CONTACT_EMAIL: st.builds("{}@{}".format, st.from_regex(r"[a-z0-9.+_-]{1,20}", fullmatch=True), _HOSTS),
    s.DESCRIPTION: _LINES,
    s.INFO_URL: st.one_of(st.just(""), st.builds("https://{}{}".format, _HOSTS, _PATHS)),
    s.CALLBACK_URL: st.lists(_CALLBACKS, max_size=4),
    s.SCOPES: st.lists(st.sampled_from([scope.name for scope in SCOPES]), max_size=6),
    s.ROTATION_OVERLAP: st.integers(0, 300),
    s.DOORS: st.sampled_from([one.value for one in s.Doors]),
    s.DISTRIBUTION_STATE: st.sampled_from([one.value for one in s.Distribution]),
    s.ID_TOKEN_VALIDITY: st.integers(1, 720),
    s.ID_TOKEN_AUDIENCES: st.lists(_AUDIENCES, max_size=4),
    s.PERMITTED_USERS: st.sampled_from([one.value for one in s.PermittedUsers]),
    s.PROFILES: _NAMES,
    s.PERMISSION_SETS: _NAMES,
    s.REFRESH_TOKEN_POLICY: st.one_of(st.sampled_from(["infinite", "zero"]), _PERIODS),
    s.SESSION_TIMEOUT: st.one_of(st.none(), st.integers(1, 1440)),
    s.RUN_AS: st.sampled_from(["", RUN_AS_USER]),
    s.ORG_SESSION_TIMEOUT: st.integers(15, 1440),
}

# What each kind of setting refuses; the refusal says what to write instead.
_REFUSED: Final[dict[s.AnySetting, tuple[str, str]]] = {
    s.LABEL: ("", "it cannot be empty"),
    s.CONTACT_EMAIL: ("nobody", "write an e-mail address such as team@example.com"),
    s.DESCRIPTION: ("x" * 4001, "at most 4000 characters, this has 4001"),
    s.INFO_URL: ("ftp://x.example", "write an absolute URL that begins with https://"),
    s.CALLBACK_URL: ("http://plain.example/", "line 1 begins with http://. Use https://, or http://localhost"),
    s.SCOPES: ("apii", "'apii' is no scope; `grantway settings scopes` lists them"),
    s.ROTATION_OVERLAP: ("301", "say a whole number of seconds from 0 to 300"),
    s.DOORS: ("front", "say one of both, salesforce, standards"),
    s.DISTRIBUTION_STATE: ("managed", "say one of local, packaged"),
    s.ID_TOKEN_VALIDITY: ("0", "say a whole number of minutes from 1 to 720"),
    s.ID_TOKEN_AUDIENCES: ("x" * 256, "at most 255 characters, this has 256"),
    s.PERMITTED_USERS: ("everybody", "say one of self_authorize, admin_approved"),
    s.PROFILES: ("x" * 256, "at most 255 characters, this has 256"),
    s.PERMISSION_SETS: ("a\x07b", "it holds characters that cannot be shown"),
    s.REFRESH_TOKEN_POLICY: ("specific_lifetime:0:DAYS", "say infinite, zero, specific_lifetime:N:HOURS|DAYS|MONTHS"),
    s.SESSION_TIMEOUT: ("1441", "say a whole number of minutes from 1 to 1440"),
    s.RUN_AS: ("nobody@harbour.example", "there is no active user 'nobody@harbour.example' in the org Harbour"),
    s.ORG_SESSION_TIMEOUT: ("14", "say a whole number of minutes from 15 to 1440"),
}


ANYTHING: Final = st.one_of(
    st.text(),
    st.builds("{}{}".format, st.sampled_from(["https://", "http://localhost", "app:/", "a@b.", "zero"]), st.text()),
    st.lists(st.one_of(st.text(), st.builds("https://a.example/{}".format, st.text())), max_size=3),
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(),
    st.dictionaries(st.text(), st.integers(), max_size=1),
)
"""What might come in place of a value, from a form, a command line or JSON."""


def valid(setting: s.AnySetting) -> st.SearchStrategy[Any]:
    """Return valid values of a setting."""
    drawn = st.booleans() if setting.kind.name == "flag" else _DRAWN[setting]
    return drawn.map(setting.kind.parse)


def refused(setting: s.AnySetting) -> tuple[str, str]:
    """Return a value that a setting refuses, and what the refusal says."""
    return ("maybe", "say true or false") if setting.kind.name == "flag" else _REFUSED[setting]
