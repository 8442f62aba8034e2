"""An org and what belongs to it: users, profiles, permission sets."""

import unicodedata

import msgspec

from grantway.kit.ids import SHORT_ID_LENGTH


class Org(msgspec.Struct, frozen=True, gc=False):
    """One tenant. `not_before` (ms): tokens issued earlier are dead. `settings` is JSON text, version in `version`.

    `access_kid`: the key that signs the org's JWT-based access tokens; empty before there is one.
    """

    id: str
    name: str
    edition: str
    my_domain: str
    settings: str
    version: int
    not_before: int
    created_at: int
    access_kid: str = ""

    @property
    def short_id(self) -> str:
        """The 15-character form, as it stands in tokens."""
        return self.id[:SHORT_ID_LENGTH]


def canonical_username(text: str) -> str:
    """Return the one form under which a username is stored, looked for and counted (S35): NFKC, trimmed, lower case.

    What looks the same is the same: full-width letters are the plain ones.
    """
    folded = unicodedata.normalize("NFKC", text).strip().casefold()
    return unicodedata.normalize("NFKC", folded)


class User(msgspec.Struct, frozen=True, gc=False):
    """A person or an integration user of one org. `username` is unique over the whole server, in lower case.

    `profile_permissions` are the user permissions of the profile, as a JSON list of names. `details` is a JSON object
    of the less used fields (phone, address, language …), see `domain.profile.UserDetails`. `is_guest`: nobody's
    account, as whom visitors act who have no user of their own.
    """

    id: str
    org_id: str
    username: str
    email: str
    first_name: str
    last_name: str
    is_active: int
    is_frozen: int
    not_before: int
    details: str
    created_at: int
    updated_at: int
    profile_id: str
    profile_name: str
    profile_permissions: str
    is_guest: int = 0

    @property
    def name(self) -> str:
        """First and last name, or the username when there is neither."""
        return f"{self.first_name} {self.last_name}".strip() or self.username

    @property
    def may_act(self) -> bool:
        """Whether the user is neither deactivated nor frozen."""
        return self.is_active == 1 and self.is_frozen == 0


class UserDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """The less used fields of a user, as they stand in JSON; empty text where nothing is known.

    `federation_id`: what the org's identity provider calls the user, letter by letter; unique within the org.
    """

    nickname: str = ""
    phone: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    language: str = "en_US"
    locale: str = "en_US"
    timezone: str = "GMT"
    email_verified: bool = True
    integration: bool = False
    federation_id: str = ""


class PermissionHolder(msgspec.Struct, frozen=True, gc=False):
    """A profile or a permission set: a name in one org and the user permissions it gives (JSON list)."""

    id: str
    org_id: str
    name: str
    label: str
    permissions: str
    created_at: int
