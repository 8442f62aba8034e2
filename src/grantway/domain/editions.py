"""The editions an org can have, and what some of them do not have (connected-apps.md 4, "Editions")."""

from enum import Enum
from typing import Final


class Edition(Enum):
    """Salesforce's editions, by the words of `Organization.OrganizationType`."""

    CONTACT_MANAGER = "Contact Manager Edition"
    GROUP = "Group Edition"
    ESSENTIALS = "Essentials Edition"
    PROFESSIONAL = "Professional Edition"
    ENTERPRISE = "Enterprise Edition"
    PERFORMANCE = "Performance Edition"
    UNLIMITED = "Unlimited Edition"
    DEVELOPER = "Developer Edition"


CREATE_APPS: Final = frozenset(Edition) - {Edition.CONTACT_MANAGER}
"""Where connected apps and external client apps can be made. Installed they can be everywhere."""

ADMIN_APPROVAL: Final = frozenset(Edition) - {Edition.CONTACT_MANAGER, Edition.GROUP}
"""Where Permitted Users can be admin approved users."""

HEADLESS: Final = frozenset({Edition.ENTERPRISE, Edition.PERFORMANCE, Edition.UNLIMITED, Edition.DEVELOPER})
"""Where the token exchange flow and the Authorization Code and Credentials flow can be switched on."""

_SUFFIX: Final = " edition"


def edition_named(text: str) -> Edition | None:
    """Return the edition that a text means, with or without "Edition" after it, in any case; None if it means none."""
    words = " ".join(text.casefold().split()).removesuffix(_SUFFIX) + _SUFFIX
    return next((edition for edition in Edition if edition.value.casefold() == words), None)
