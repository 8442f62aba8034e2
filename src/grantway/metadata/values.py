"""Texts of metadata files and the values they stand for, where Salesforce has a way of its own of writing them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from grantway.metadata.problem import MetadataProblem
from grantway.settings.choices import REFRESH_TOKEN_POLICY_KIND, RefreshTokenPolicy
from grantway.settings.kinds import SettingProblem
from grantway.settings.scopes import scope_named, scope_of_metadata

_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_LINE_END: Final = re.compile(r"\r\n|\r|\n|&#(?:x0*[ad]|0*1[03]);", re.IGNORECASE)

# Connected apps still have the older word, external client apps the newer (connected-apps.md 1.4).
_CONNECTED_APP_WORDS: Final = {"sfap_api": "SFAP"}

_EXTERNAL_FORMS: Final = {
    "infinite": "Infinite",
    "zero": "Zero",
    "specific_lifetime": "SpecificLifetime",
    "specific_inactivity": "SpecificInactivity",
}
_FORM_OF_EXTERNAL: Final = {word.lower(): form for form, word in _EXTERNAL_FORMS.items()}


def boolean(text: str) -> bool:
    """Read `true`, `false`, `1` or `0`, in any case, with blanks around. MetadataProblem for everything else."""
    found = _BOOLEANS.get(text.strip().lower())
    if found is None:
        raise MetadataProblem("true or false is expected here.")
    return found


def boolean_text(value: bool) -> str:
    """Write a boolean as Salesforce does."""
    return "true" if value else "false"


def callback_lines(text: str) -> tuple[str, ...]:
    """Read the callback URLs of `callbackUrl`: one a line, blanks around and empty lines dropped.

    Lines end in any way, also in a carriage return that was escaped once too often (`&#xd;` as text).
    """
    return tuple(line.strip() for line in _LINE_END.split(text) if line.strip())


def callback_text(urls: Iterable[str]) -> str:
    """Write callback URLs as Salesforce does."""
    return "\n".join(urls)


def listed(text: str) -> tuple[str, ...]:
    """Read a `commaSeparated…` element of an external client app: names, blanks around and empty ones dropped."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def list_text(names: Iterable[str]) -> str:
    """Write a `commaSeparated…` element as Salesforce does."""
    return ", ".join(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeWords:
    """The scopes of a file: API `names`, each once and in the order of the file, and the words that are `unknown`."""

    names: tuple[str, ...]
    unknown: tuple[str, ...]


def scope_names(words: Iterable[str]) -> ScopeWords:
    """Read the scope words of a file; aliases become their one scope, unknown words are told, not refused."""
    names: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for word in (word.strip() for word in words):
        if scope := scope_of_metadata(word):
            names[scope.name] = None
        elif word:
            unknown[word] = None
    return ScopeWords(names=tuple(names), unknown=tuple(unknown))


def scope_words(names: Iterable[str], *, metadata_type: str = "ConnectedApp") -> tuple[str, ...]:
    """Write scopes as files of `metadata_type` do, each once. MetadataProblem for a name Salesforce has no word for."""
    words: dict[str, None] = {}
    for name in names:
        scope = scope_named(name)
        if scope is None:
            raise MetadataProblem(f"the scope {name[:80]!r} has no word in metadata files.")
        older = _CONNECTED_APP_WORDS.get(scope.name) if metadata_type == "ConnectedApp" else None
        words[older or scope.metadata] = None
    return tuple(words)


def refresh_token_policy(text: str) -> RefreshTokenPolicy:
    """Read `infinite`, `zero`, `specific_lifetime:N:UNIT` or `specific_inactivity:N:UNIT` of a connected app.

    The unit is HOURS, DAYS or MONTHS, N a whole number above 0 of at most 5 digits. MetadataProblem for all else.
    """
    try:
        return REFRESH_TOKEN_POLICY_KIND.parse(text)
    except SettingProblem as problem:
        raise MetadataProblem(f"this is no refresh token policy: {problem}.") from None


def refresh_token_policy_text(policy: RefreshTokenPolicy) -> str:
    """Write a refresh token policy as connected apps do."""
    return str(policy)


def external_refresh_token_policy(policy_type: str, period: str | None, unit: str | None) -> RefreshTokenPolicy:
    """Read an external client app's `refreshTokenPolicyType`, `refreshTokenValidityPeriod` and `…Unit`.

    Period and unit count only for the two specific types. MetadataProblem for anything else.
    """
    form = _FORM_OF_EXTERNAL.get(policy_type.strip().lower())
    if form is None:
        raise MetadataProblem("the refresh token policy must be one of " + ", ".join(_EXTERNAL_FORMS.values()) + ".")
    if form in ("infinite", "zero"):
        return RefreshTokenPolicy(form=form)
    return refresh_token_policy(f"{form}:{(period or '').strip()}:{(unit or '').strip()}")


def external_refresh_token_policy_texts(policy: RefreshTokenPolicy) -> tuple[str, str | None, str | None]:
    """Write a refresh token policy as the three elements of an external client app; None for one left out."""
    policy_type = _EXTERNAL_FORMS[policy.form]
    return (policy_type, str(policy.number), policy.unit.capitalize()) if policy.unit else (policy_type, None, None)
