"""Settings of the section "Asset Tokens": tokens that name a device (salesforce-oauth.md 3.12)."""

from typing import Final

from grantway.settings.id_token import AUDIENCES_KIND
from grantway.settings.kinds import FLAG, integer, text
from grantway.settings.setting import Section, Setting, Xml

ASSET_TOKENS: Final = Setting[bool](
    name="asset_tokens",
    kind=FLAG,
    label="Enable Asset Tokens",
    help="The app may trade an access token for one that names a device. Needs a callback URL, api and openid.",
    default=False,
    section=Section.ASSET_TOKENS,
    effect="token, token exchange: the app's own access tokens are traded for asset tokens only when on",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/assetTokenConfig", present=True)},
)

ASSET_TOKEN_VALIDITY: Final = Setting[int](
    name="asset_token_validity",
    kind=integer(1, 525_600, "minutes"),
    label="Token Valid for",
    help="How long an asset token may be believed.",
    default=1440,
    section=Section.ASSET_TOKENS,
    under=ASSET_TOKENS,
    effect="asset token: exp − iat",
    example="60",
    xml={"ConnectedApp": Xml(path="oauthConfig/assetTokenConfig/assetValidityPeriod", required=True)},
)

ASSET_SIGNING_CERTIFICATE: Final = Setting[str](
    name="asset_signing_certificate",
    kind=text(255),
    label="Asset Signing Certificate",
    help="Which of the org's certificates signs, by id or name. Left out, the org's own key for asset tokens signs.",
    default="",
    section=Section.ASSET_TOKENS,
    under=ASSET_TOKENS,
    effect="asset token: the key that signs it",
    example="0P1000000000001AAA",
    xml={"ConnectedApp": Xml(path="oauthConfig/assetTokenConfig/assetSigningCertId", required=True)},
)

ASSET_TOKEN_AUDIENCES: Final = Setting[tuple[str, ...]](
    name="asset_token_audiences",
    kind=AUDIENCES_KIND,
    label="Asset Audiences",
    help="Who may take this app's asset tokens for their own: no other app's consumer key.",
    default=(),
    section=Section.ASSET_TOKENS,
    under=ASSET_TOKENS,
    effect="asset token: aud",
    example="https://devices.harbour.example",
    xml={"ConnectedApp": Xml(path="oauthConfig/assetTokenConfig/assetAudiences", joined="\n", required=True)},
)

ASSET_TOKEN_ATTRIBUTES: Final = Setting[bool](
    name="asset_token_attributes",
    kind=FLAG,
    label="Include Custom Attributes",
    help="Puts the app's custom attributes into the asset token.",
    default=True,
    section=Section.ASSET_TOKENS,
    under=ASSET_TOKENS,
    effect="asset token: holds custom_attributes",
    example="false",
    xml={"ConnectedApp": Xml(path="oauthConfig/assetTokenConfig/assetIncludeAttributes", required=True)},
)

ASSET_TOKEN_CUSTOM_PERMISSIONS: Final = Setting[bool](
    name="asset_token_custom_permissions",
    kind=FLAG,
    label="Include Custom Permissions",
    help="Puts the custom permissions that the user holds into the asset token.",
    default=True,
    section=Section.ASSET_TOKENS,
    under=ASSET_TOKENS,
    effect="asset token: holds custom_permissions",
    example="false",
    xml={"ConnectedApp": Xml(path="oauthConfig/assetTokenConfig/assetIncludeCustomPerms", required=True)},
)
