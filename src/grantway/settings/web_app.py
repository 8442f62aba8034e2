"""Settings of the section "Web App Settings": where a launch leads, and SAML as a service provider."""

from typing import Final

from grantway.settings.certificates import CERTIFICATE, EXAMPLE_CERTIFICATE, Certificate
from grantway.settings.choices import (
    SamlEncryption,
    SamlNameId,
    SamlSigning,
    SamlSubject,
    SloBinding,
)
from grantway.settings.kinds import FLAG, HTTPS_URL, one_of, text
from grantway.settings.setting import Section, Setting, Xml

_LAUNCHER: Final = "My apps, the launcher page"
_SAML: Final = "the SAML identity provider"

START_URL: Final = Setting[str](
    name="start_url",
    kind=HTTPS_URL,
    label="Start URL",
    help="Where somebody lands who opens the app from a list of their apps. An org may choose its own.",
    default="",
    section=Section.WEB_APP,
    shown_on="My apps: where the app's tile leads",
    awaits=_LAUNCHER,
    example="https://sync.harbour.example/",
    xml={"ConnectedApp": Xml(path="startUrl")},
)

MOBILE_START_URL: Final = Setting[str](
    name="mobile_start_url",
    kind=HTTPS_URL,
    label="Mobile Start URL",
    help="The same for somebody on a phone. Left out, the start URL counts.",
    default="",
    section=Section.WEB_APP,
    shown_on="My apps on a phone: where the app's tile leads",
    awaits=_LAUNCHER,
    example="https://m.sync.harbour.example/",
    xml={"ConnectedApp": Xml(path="mobileStartUrl")},
)

SAML: Final = Setting[bool](
    name="saml",
    kind=FLAG,
    label="Enable SAML",
    help="The app takes logins from this server by SAML 2.0. People need a profile or permission set of the app.",
    default=False,
    section=Section.WEB_APP,
    effect="SAML: requests of this service provider are answered",
    awaits=_SAML,
    example="true",
    xml={"ConnectedApp": Xml(path="samlConfig", present=True)},
)

SAML_ENTITY_ID: Final = Setting[str](
    name="saml_entity_id",
    kind=text(1024),
    label="Entity Id",
    help="The name by which the service provider calls itself in its requests.",
    default="",
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML: requests with another Issuer are not the app's; it is the Audience of assertions",
    awaits=_SAML,
    example="https://saml.harbour.example",
    xml={"ConnectedApp": Xml(path="samlConfig/entityUrl", required=True)},
)

SAML_ACS_URL: Final = Setting[str](
    name="saml_acs_url",
    kind=HTTPS_URL,
    label="ACS URL",
    help="The service provider's page that assertions are posted to.",
    default="",
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML: responses go there and nowhere else",
    awaits=_SAML,
    example="https://saml.harbour.example/acs",
    xml={"ConnectedApp": Xml(path="samlConfig/acsUrl", required=True)},
)

SAML_SINGLE_LOGOUT_URL: Final = Setting[str](
    name="saml_single_logout_url",
    kind=HTTPS_URL,
    label="Single Logout URL",
    help="The service provider's address for SAML logout. Filled in, single logout by SAML is on.",
    default="",
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML: logout requests and responses go there",
    awaits=_SAML,
    example="https://saml.harbour.example/logout",
    xml={"ConnectedApp": Xml(path="samlConfig/samlSloUrl")},
)

SAML_SINGLE_LOGOUT_BINDING: Final = Setting[SloBinding](
    name="saml_single_logout_binding",
    kind=one_of(SloBinding, words={SloBinding.REDIRECT: "HTTP Redirect", SloBinding.POST: "HTTP POST"}),
    label="Single Logout Binding",
    help="How SAML logout messages travel through the browser.",
    default=SloBinding.REDIRECT,
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML: logout messages in the URL or in a form",
    awaits=_SAML,
    example="post",
    xml={
        "ConnectedApp": Xml(
            path="samlConfig/samlIdpSLOBindingEnum", words={"RedirectBinding": "redirect", "PostBinding": "post"}
        )
    },
)

SAML_SUBJECT_TYPE: Final = Setting[SamlSubject](
    name="saml_subject_type",
    kind=one_of(
        SamlSubject,
        words={
            SamlSubject.USERNAME: "Username",
            SamlSubject.FEDERATION_ID: "Federation ID",
            SamlSubject.USER_ID: "User ID",
            SamlSubject.PERSISTENT_ID: "Persistent ID",
            SamlSubject.CUSTOM_ATTRIBUTE: "Custom attribute",
            SamlSubject.SPOKE_ID: "Spoke ID",
        },
    ),
    label="Subject Type",
    help="What the assertion names the user by.",
    default=SamlSubject.USERNAME,
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML assertion: NameID",
    awaits=_SAML,
    example="federation_id",
    xml={
        "ConnectedApp": Xml(
            path="samlConfig/samlSubjectType",
            required=True,
            words={
                "Username": "username",
                "FederationId": "federation_id",
                "UserId": "user_id",
                "PersistentId": "persistent_id",
                "CustomAttribute": "custom_attribute",
                "SpokeId": "spoke_id",
                # Misspelt so in the Metadata API's own text.
                "PersistentID": "persistent_id",
                "CustomAttr": "custom_attribute",
            },
        )
    },
)

SAML_SUBJECT_ATTRIBUTE: Final = Setting[str](
    name="saml_subject_attribute",
    kind=text(255),
    label="Custom Attribute",
    help="With the subject type custom attribute: the field of the user that the assertion names them by.",
    default="",
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML assertion: NameID, with saml_subject_type=custom_attribute",
    awaits=_SAML,
    example="EmployeeNumber",
    xml={"ConnectedApp": Xml(path="samlConfig/samlSubjectCustomAttr")},
)

SAML_NAME_ID_FORMAT: Final = Setting[SamlNameId](
    name="saml_name_id_format",
    kind=one_of(
        SamlNameId,
        words={
            SamlNameId.UNSPECIFIED: "Unspecified",
            SamlNameId.EMAIL_ADDRESS: "E-mail address",
            SamlNameId.PERSISTENT: "Persistent",
            SamlNameId.TRANSIENT: "Transient",
        },
    ),
    label="Name ID Format",
    help="What kind of name the assertion says it holds.",
    default=SamlNameId.UNSPECIFIED,
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML assertion: Format of NameID",
    awaits=_SAML,
    example="persistent",
    xml={
        "ConnectedApp": Xml(
            path="samlConfig/samlNameIdFormat",
            words={
                "Unspecified": "unspecified",
                "EmailAddress": "email_address",
                "Persistent": "persistent",
                "Transient": "transient",
            },
        )
    },
)

SAML_ISSUER: Final = Setting[str](
    name="saml_issuer",
    kind=text(1024),
    label="Issuer",
    help="What this server calls itself towards the service provider. Left out, the org's own address.",
    default="",
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML: Issuer of responses and assertions",
    awaits=_SAML,
    example="https://harbour.example",
    xml={"ConnectedApp": Xml(path="samlConfig/issuer")},
)

SAML_CERTIFICATE: Final = Setting[Certificate | None](
    name="saml_certificate",
    kind=CERTIFICATE,
    label="Verify Request Signatures",
    help="The service provider's certificate. With one, each of its requests must be signed by it.",
    default=None,
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML: requests without a signature of this certificate are refused",
    awaits=_SAML,
    example=EXAMPLE_CERTIFICATE,
    example_as="@provider.pem",
    xml={"ConnectedApp": Xml(path="samlConfig/certificate")},
)

SAML_ENCRYPTION_CERTIFICATE: Final = Setting[str](
    name="saml_encryption_certificate",
    kind=text(255),
    label="Encrypt SAML Response",
    help="Which of the org's certificates assertions are encrypted for, by name. Left out, they are not encrypted.",
    default="",
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML: the assertion is encrypted",
    awaits=_SAML,
    example="Harbour_SAML",
    xml={"ConnectedApp": Xml(path="samlConfig/encryptionCertificate")},
)

SAML_ENCRYPTION_TYPE: Final = Setting[SamlEncryption](
    name="saml_encryption_type",
    kind=one_of(
        SamlEncryption,
        words={
            SamlEncryption.AES_128: "AES 128",
            SamlEncryption.AES_256: "AES 256",
            SamlEncryption.TRIPLE_DES: "Triple DES",
        },
    ),
    label="Block Encryption Algorithm",
    help="How assertions are encrypted. It means nothing without a certificate to encrypt for.",
    default=SamlEncryption.AES_128,
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML: EncryptionMethod of the assertion",
    awaits=_SAML,
    example="aes_256",
    xml={
        "ConnectedApp": Xml(
            path="samlConfig/encryptionType",
            words={"AES_128": "aes_128", "AES_256": "aes_256", "Triple_Des": "triple_des"},
        )
    },
)

SAML_SIGNING_ALGORITHM: Final = Setting[SamlSigning](
    name="saml_signing_algorithm",
    kind=one_of(SamlSigning, words={SamlSigning.SHA1: "SHA1", SamlSigning.SHA256: "SHA256"}),
    label="Signing Algorithm for SAML Messages",
    help="How responses and logout messages are signed. SHA1 is only for service providers that know nothing newer.",
    default=SamlSigning.SHA256,
    section=Section.WEB_APP,
    under=SAML,
    effect="SAML: SignatureMethod of responses, assertions and logout messages",
    awaits=_SAML,
    example="sha1",
    xml={"ConnectedApp": Xml(path="samlConfig/samlSigningAlgoType", words={"SHA1": "sha1", "SHA256": "sha256"})},
)
