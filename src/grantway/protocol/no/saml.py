"""Reasons about SAML assertions: on the wire the same as those about JWTs, in the words of SAML for who explains."""

from typing import Final

from grantway.protocol.no import assertion as of_jwt
from grantway.protocol.refusal import Reason


def _of_saml(reason: Reason, *, remedy: str, means: str = "") -> Reason:
    """Return a reason that answers as the one about JWTs does."""
    return Reason(
        id=reason.id.replace("assertion.", "saml."),
        wires=reason.wires,
        means=means or reason.means,
        remedy=remedy,
        setting=reason.setting,
    )


UNREADABLE: Final = _of_saml(
    of_jwt.UNREADABLE,
    remedy=(
        "Send one SAML 2.0 assertion in base64url, without DOCTYPE and comments, with one signature in it: exclusive "
        "canonical form, one reference to its ID, the transforms enveloped-signature and exclusive canonical form."
    ),
)
NO_ISSUER: Final = _of_saml(of_jwt.NO_ISSUER, remedy="Put the app's consumer key into Issuer.")
OTHER_CLIENT: Final = _of_saml(
    of_jwt.OTHER_CLIENT, remedy="Leave client_id out, or send the consumer key that stands in Issuer."
)
NO_SUBJECT: Final = _of_saml(of_jwt.NO_SUBJECT, remedy="Put the username into the NameID of Subject.")
NO_CERTIFICATE: Final = _of_saml(
    of_jwt.NO_CERTIFICATE,
    means="The app {app} has no certificate to check an assertion with; a key set is for JWTs alone.",
    remedy="`grantway app set {app} certificate=@FILE` with the certificate of the key that signs.",
)
NOT_SIGNED: Final = _of_saml(
    of_jwt.NOT_SIGNED,
    remedy=(
        "Sign with the key that belongs to the app's certificate, RSA or ECDSA with SHA-256 or more, and not SHA-1; "
        "change nothing afterwards."
    ),
)
OTHER_RECIPIENT: Final = Reason(
    id="saml.other_recipient",
    wires=of_jwt.UNREADABLE.wires,
    means="The assertion confirms its bearer for {sent}, and the token endpoint here is {names}.",
    remedy=(
        "Have one SubjectConfirmation of the method bearer, whose SubjectConfirmationData has the URL of the token "
        "endpoint as Recipient, and NotOnOrAfter."
    ),
)
NO_AUDIENCE: Final = _of_saml(
    of_jwt.NO_AUDIENCE, remedy="Put one of these into Audience, in AudienceRestriction, in Conditions: {names}."
)
OTHER_AUDIENCE: Final = _of_saml(
    of_jwt.OTHER_AUDIENCE, remedy="Put the URL at which this server is called into Audience."
)
NO_END: Final = _of_saml(of_jwt.NO_END, remedy="Put the end into NotOnOrAfter of Conditions, three minutes ahead.")
ENDED: Final = _of_saml(
    of_jwt.ENDED,
    remedy="Make a new one for each login, with NotOnOrAfter three minutes ahead; compare the clocks of both machines.",
)
TOO_EARLY: Final = _of_saml(
    of_jwt.TOO_EARLY, remedy="Compare the clocks of both machines; NotBefore and IssueInstant must not lie ahead."
)
TOO_LONG: Final = _of_saml(of_jwt.TOO_LONG, remedy="Make assertions that end soon: each is for one request.")
SEEN: Final = _of_saml(
    of_jwt.SEEN,
    remedy="Make a new one for each request, with an ID of its own. If the client does, somebody else had a copy.",
)
TOO_MANY: Final = _of_saml(of_jwt.TOO_MANY, remedy=of_jwt.TOO_MANY.remedy)
