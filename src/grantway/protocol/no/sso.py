"""Reasons about assertions of an org's identity provider, in the SAML assertion flow (salesforce-oauth.md 3.7)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.no import saml as of_app
from grantway.protocol.refusal import Reason
from grantway.settings.setting import AnySetting

_INVALID: Final = of_app.UNREADABLE.wires


def _of_org(reason: Reason, *, means: str = "", remedy: str = "", setting: AnySetting | None = None) -> Reason:
    """Return a reason that answers as the one of the SAML bearer flow does; the org's settings are to blame here."""
    return Reason(
        id=reason.id.replace("saml.", "sso."),
        wires=reason.wires,
        means=means or reason.means,
        remedy=remedy or reason.remedy,
        setting=setting,
    )


TYPE_UNKNOWN: Final = Reason(
    id="sso.type_unknown",
    wires=_INVALID,
    means="assertion_type is {type}.",
    remedy="Send assertion_type=urn:oasis:names:tc:SAML:2.0:profiles:SSO:browser.",
)
UNREADABLE: Final = _of_org(
    of_app.UNREADABLE,
    remedy=(
        "Send the response of the identity provider in base64url, without DOCTYPE and comments, with one assertion "
        "that is not encrypted; assertion or response signed in exclusive canonical form, by one reference to its ID."
    ),
)
ISSUER_UNKNOWN: Final = Reason(
    id="sso.issuer_unknown",
    wires=_INVALID,
    means="The assertion is of {issuer}, and no org that could be meant has that identity provider.",
    remedy="`grantway org set sso_issuer=…` with what stands in the assertion's Issuer, or send it to another server.",
    setting=s.SSO_ISSUER,
)
ORG_AMBIGUOUS: Final = Reason(
    id="sso.org_ambiguous",
    wires=_INVALID,
    means="The assertion is of {issuer}, which is the identity provider of several orgs.",
    remedy="Send the org's id in the form field so.",
)
FLOW_OFF: Final = Reason(
    id="sso.flow_off",
    wires=_INVALID,
    means="The org {org} does not allow the SAML assertion flow.",
    remedy="Use the JWT bearer flow. If nothing else will do, switch the flow on for the org.",
    setting=s.SAML_ASSERTION_FLOW,
)
NO_APP: Final = Reason(
    id="sso.no_app",
    wires=_INVALID,
    means="The org {org} has no app {app} that tokens of the SAML assertion flow could belong to.",
    remedy="`grantway org set saml_assertion_app=NAME` with the API name of an app that the org made.",
    setting=s.SAML_ASSERTION_APP,
)
OTHER_CLIENT: Final = Reason(
    id="sso.other_client",
    wires=_INVALID,
    means="The request names the client {client_id}, and this flow has none but the org's own app.",
    remedy="Leave client_id out.",
    setting=s.SAML_ASSERTION_APP,
)
NO_CERTIFICATE: Final = _of_org(
    of_app.NO_CERTIFICATE,
    means="The org {app} has no certificate of its identity provider.",
    remedy="`grantway org set sso_certificate=@FILE` with the certificate of the key that the provider signs with.",
    setting=s.SSO_CERTIFICATE,
)
NOT_SIGNED: Final = _of_org(
    of_app.NOT_SIGNED,
    means="The identity provider's certificate in the org {app} (SHA-256 {certificate}) does not fit: {why}.",
    remedy="Set the certificate of the key that the provider signs with; it must sign with SHA-256 or more, not SHA-1.",
    setting=s.SSO_CERTIFICATE,
)
OTHER_RECIPIENT: Final = _of_org(
    of_app.OTHER_RECIPIENT,
    remedy="Have the provider put the token endpoint into Recipient: it is the URL that this assertion is for.",
)
NO_SUBJECT: Final = _of_org(of_app.NO_SUBJECT)
NO_SUCH_USER: Final = Reason(
    id="sso.no_such_user",
    wires=_INVALID,
    means="There is no user {user} in the org {org}.",
    remedy="Have the provider put into NameID what sso_user says: a username of the org, or a user's federation id.",
    setting=s.SSO_USER,
)
NO_AUDIENCE: Final = _of_org(of_app.NO_AUDIENCE, setting=s.SSO_ENTITY_ID)
OTHER_AUDIENCE: Final = _of_org(
    of_app.OTHER_AUDIENCE,
    means="The assertion is for {sent}, and the org is known to its identity provider as {names}.",
    remedy="Set sso_entity_id to what stands in Audience, if it means this org.",
    setting=s.SSO_ENTITY_ID,
)
NO_END: Final = _of_org(of_app.NO_END)
ENDED: Final = _of_org(of_app.ENDED)
TOO_EARLY: Final = _of_org(of_app.TOO_EARLY)
TOO_LONG: Final = _of_org(of_app.TOO_LONG)
SEEN: Final = _of_org(
    of_app.SEEN,
    remedy="Get a new response from the provider for each login. If the client does, somebody else had a copy.",
)
TOO_MANY: Final = _of_org(of_app.TOO_MANY)
