"""An org's single sign-on: whose assertions it takes for its users."""

import msgspec


class SingleSignOn(msgspec.Struct, frozen=True, gc=False):
    """The identity provider of an org, as the org's settings have it.

    - `is_on`: whether the SAML assertion flow is allowed.
    - `certificate`: PEM, with its `fingerprint` and `subject`; empty where none is set.
    - `entity_id`: what the provider calls the org; empty for the server's own URLs.
    - `by_federation_id`: NameID is a user's federation id, and not the username.
    - `app`: the API name of the app that tokens belong to.
    """

    org_id: str
    org_name: str
    is_on: bool
    issuer: str
    certificate: str
    fingerprint: str
    subject: str
    entity_id: str
    app: str
    by_federation_id: bool
