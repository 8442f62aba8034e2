"""Scopes as a request, a grant and a token bear them: reading, comparing, asking what they allow (RFC 6749 3.3)."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from grantway.settings.scopes import expand, scope_named

_REFRESH: Final = frozenset({"refresh_token", "offline_access"})


def read_scope(text: str) -> tuple[str, ...]:
    """Return the scopes named in a `scope` parameter, each once, in the order named (clients.md 7.3)."""
    return tuple(dict.fromkeys(text.split()))


def allows_refresh(scopes: Iterable[str]) -> bool:
    """Tell whether a grant of these scopes comes with a refresh token."""
    return not _REFRESH.isdisjoint(scopes)


@lru_cache(maxsize=1024)
def allowed_by(scopes: tuple[str, ...]) -> frozenset[str]:
    """Return everything that holding `scopes` allows, implied scopes and synonyms included."""
    return expand(scopes)


def allows(scopes: str, needed: str) -> bool:
    """Tell whether a token's scope text allows what the scope `needed` stands for."""
    return needed in allowed_by(tuple(scopes.split()))


def beyond(
    asked: Iterable[str], selected: tuple[str, ...], custom: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of the scopes asked for are unknown, and which are known but not among those selected.

    `custom` are the custom scopes that the app may ask for; any other is unknown.
    """
    held = allowed_by(selected)
    unknown, extra = [], []
    for name in asked:
        scope = scope_named(name)
        if scope is None:
            if name not in custom:
                unknown.append(name)
        elif scope.name not in held:
            extra.append(name)
    return tuple(unknown), tuple(extra)
