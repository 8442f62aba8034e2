"""The enumerations and compound values that settings take, in Salesforce's words."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

from grantway.kit.clock import DAY_MS, HOUR_MS
from grantway.settings.kinds import Kind, SettingProblem

T = TypeVar("T")


class PermittedUsers(Enum):
    """Who may use an app (connected-apps.md, "Permitted Users")."""

    SELF_AUTHORIZE = "self_authorize"
    ADMIN_APPROVED = "admin_approved"


class Doors(Enum):
    """At which of the two doors an app may knock (decision 1)."""

    BOTH = "both"
    SALESFORCE = "salesforce"
    STANDARDS = "standards"


class IpRelaxation(Enum):
    """How far an app's users are held to the login IP ranges of their profiles (connected-apps.md 3.3)."""

    ENFORCE = "enforce"
    ENFORCE_RELAX_REFRESH = "enforce_relaxrefresh"
    BYPASS_2FACTOR = "bypass_2factor"
    BYPASS = "bypass"


class SessionLevel(Enum):
    """How well somebody must have proved who they are (connected-apps.md 1.7)."""

    STANDARD = "standard"
    HIGH_ASSURANCE = "high_assurance"


class SessionAction(Enum):
    """What happens to somebody whose session is below the level that is required (connected-apps.md 1.7)."""

    NONE = "none"
    RAISE = "raise_session_level"
    BLOCK = "block"


class SloBinding(Enum):
    """How SAML logout messages travel."""

    REDIRECT = "redirect"
    POST = "post"


class SamlSubject(Enum):
    """What a SAML assertion names the user by."""

    USERNAME = "username"
    FEDERATION_ID = "federation_id"
    USER_ID = "user_id"
    PERSISTENT_ID = "persistent_id"
    CUSTOM_ATTRIBUTE = "custom_attribute"
    SPOKE_ID = "spoke_id"


class SsoUser(Enum):
    """What the identity provider of an org names its users by."""

    USERNAME = "username"
    FEDERATION_ID = "federation_id"


class SamlNameId(Enum):
    """The format that a SAML assertion gives for the user's name."""

    UNSPECIFIED = "unspecified"
    EMAIL_ADDRESS = "email_address"
    PERSISTENT = "persistent"
    TRANSIENT = "transient"


class SamlEncryption(Enum):
    """How SAML assertions are encrypted."""

    AES_128 = "aes_128"
    AES_256 = "aes_256"
    TRIPLE_DES = "triple_des"


class SamlSigning(Enum):
    """The digest under SAML signatures."""

    SHA1 = "sha1"
    SHA256 = "sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenPolicy:
    """How long a refresh token lives (salesforce-oauth.md 3.5).

    `form` is infinite, zero (ends at once: none is of use), specific_lifetime or specific_inactivity; `period_ms` is
    how long for the last two, in milliseconds.
    """

    form: str
    number: int = 0
    unit: str = ""

    @property
    def period_ms(self) -> int:
        """The period in milliseconds; a month counts 30 days."""
        return self.number * _UNIT_MS.get(self.unit, 0)

    def __str__(self) -> str:
        return f"{self.form}:{self.number}:{self.unit}" if self.unit else self.form


_UNIT_MS: Final = {"HOURS": HOUR_MS, "DAYS": DAY_MS, "MONTHS": 30 * DAY_MS}
_SPECIFIC: Final = re.compile(r"(specific_lifetime|specific_inactivity):(\d{1,5}):(HOURS|DAYS|MONTHS)", re.IGNORECASE)


def _refresh_policy(raw: Any) -> RefreshTokenPolicy:
    word = raw.strip() if isinstance(raw, str) else ""
    if word.lower() in ("infinite", "zero"):
        return RefreshTokenPolicy(form=word.lower())
    found = _SPECIFIC.fullmatch(word)
    if found is None or int(found[2]) < 1:
        raise SettingProblem(
            "say infinite, zero, specific_lifetime:N:HOURS|DAYS|MONTHS or specific_inactivity:N:HOURS|DAYS|MONTHS"
        )
    return RefreshTokenPolicy(form=found[1].lower(), number=int(found[2]), unit=found[3].upper())


def _refresh_policy_says(value: RefreshTokenPolicy) -> str:
    period = f"{value.number} {value.unit.lower() if value.number != 1 else value.unit.lower()[:-1]}"
    return {
        "infinite": "valid until revoked",
        "zero": "immediately expire",
        "specific_lifetime": f"expire after {period}",
        "specific_inactivity": f"expire if unused for {period}",
    }[value.form]


REFRESH_TOKEN_POLICY_KIND: Final = Kind[RefreshTokenPolicy](
    name="refresh_token_policy",
    parse=_refresh_policy,
    write=str,
    says=_refresh_policy_says,
    schema={"type": "string", "pattern": "^(infinite|zero|specific_(lifetime|inactivity):[0-9]+:(HOURS|DAYS|MONTHS))$"},
    hint="infinite|zero|specific_lifetime:N:UNIT|specific_inactivity:N:UNIT",
    limits="UNIT is HOURS, DAYS or MONTHS (of 30 days); N is from 1 to 99999",
)


def optional(kind: Kind[T], without: str) -> Kind[T | None]:
    """A value of `kind`, or none; `without` says in words what none means."""

    def parse(raw: Any) -> T | None:
        if raw is None or (isinstance(raw, str) and raw.strip().lower() in ("", "none")):
            return None
        return kind.parse(raw)

    return Kind(
        name=kind.name,
        parse=parse,
        write=lambda value: None if value is None else kind.write(value),
        says=lambda value: without if value is None else kind.says(value),
        schema={"anyOf": [kind.schema, {"type": "null"}]},
        hint=f"{kind.hint}|none",
        limits=kind.limits,
    )
