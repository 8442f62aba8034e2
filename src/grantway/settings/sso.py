"""Single sign-on of an org: the identity provider whose SAML assertions are taken for its users."""

from typing import Final

from grantway.settings.certificates import CERTIFICATE as CERTIFICATE_KIND
from grantway.settings.certificates import EXAMPLE_CERTIFICATE, Certificate
from grantway.settings.choices import SsoUser
from grantway.settings.kinds import FLAG, one_of, text
from grantway.settings.setting import Holder, Section, Setting

SAML_ASSERTION_FLOW: Final = Setting[bool](
    name="saml_assertion_flow",
    kind=FLAG,
    label="Allow OAuth SAML Assertion Flow",
    help=(
        "Whoever has a response of the identity provider below gets an access token for its user, without an app of "
        "their own. The JWT bearer flow does the same with one."
    ),
    default=False,
    section=Section.ORG_SSO,
    held_by=Holder.ORG,
    effect="token, assertion: invalid_grant 'invalid assertion' when off",
    example="true",
)

SSO_ISSUER: Final = Setting[str](
    name="sso_issuer",
    kind=text(1024),
    label="Issuer",
    help="The entity id of the identity provider: what stands in the Issuer of its assertions.",
    default="",
    section=Section.ORG_SSO,
    held_by=Holder.ORG,
    under=SAML_ASSERTION_FLOW,
    effect="token, assertion: invalid_grant 'invalid assertion' for assertions of another issuer",
    example="https://idp.example.com",
)

SSO_CERTIFICATE: Final = Setting[Certificate | None](
    name="sso_certificate",
    kind=CERTIFICATE_KIND,
    label="Identity Provider Certificate",
    help="The X.509 certificate of the key that the identity provider signs with.",
    default=None,
    section=Section.ORG_SSO,
    held_by=Holder.ORG,
    under=SAML_ASSERTION_FLOW,
    effect="token, assertion: invalid_client 'invalid client credentials' for what another key signed",
    example=EXAMPLE_CERTIFICATE,
    example_as="@idp.pem",
)

SSO_ENTITY_ID: Final = Setting[str](
    name="sso_entity_id",
    kind=text(1024),
    label="Entity ID",
    help="What the identity provider calls this org: the Audience of its assertions. Empty for the URL of this server.",
    default="",
    section=Section.ORG_SSO,
    held_by=Holder.ORG,
    under=SAML_ASSERTION_FLOW,
    effect="token, assertion: invalid_grant 'audience is invalid' for assertions made for somebody else",
    example="https://harbour.example.com/sso",
)

SSO_USER: Final = Setting[SsoUser](
    name="sso_user",
    kind=one_of(SsoUser),
    label="SAML Identity Type",
    help="What the identity provider puts into NameID: the username, or the user's federation id.",
    default=SsoUser.USERNAME,
    section=Section.ORG_SSO,
    held_by=Holder.ORG,
    under=SAML_ASSERTION_FLOW,
    effect="token, assertion: which user the token is of; invalid_grant 'invalid assertion' if there is none",
    example="federation_id",
)

SAML_ASSERTION_APP: Final = Setting[str](
    name="saml_assertion_app",
    kind=text(80),
    label="App of the Tokens",
    help=(
        "API name of an app of this org. The client names none, so the tokens belong to this one: its scopes, "
        "permitted users and session policies hold for them, and by it they are found and revoked."
    ),
    default="",
    section=Section.ORG_SSO,
    held_by=Holder.ORG,
    under=SAML_ASSERTION_FLOW,
    effect="token, assertion: invalid_grant 'invalid assertion' without it; else the app of the token",
    example="Api_By_Sso",
)
