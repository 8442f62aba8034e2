"""What an org defines for its apps beyond the standard: custom scopes and custom permissions."""

import msgspec


class CustomScope(msgspec.Struct, frozen=True, gc=False):
    """A scope of an org's own. `description` stands on the consent page; `is_public` 1 lists it in discovery.

    Which apps may ask for it is the setting `custom_scopes` of each app. `metadata` is the file it came from, as JSON.
    """

    id: str
    org_id: str
    name: str
    label: str
    description: str
    is_public: int
    metadata: str
    version: int
    created_at: int


class CustomPermission(msgspec.Struct, frozen=True, gc=False):
    """A permission of an org's own, which profiles and permission sets give and apps are told of.

    `app_id` is the one app that is told of it; empty where every app may be. `metadata` as in `CustomScope`.
    """

    id: str
    org_id: str
    name: str
    label: str
    description: str
    app_id: str
    metadata: str
    version: int
    created_at: int
