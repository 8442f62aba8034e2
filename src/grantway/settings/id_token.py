"""Settings of the section "Configure ID Token"."""

import re
from typing import Any, Final

from grantway.settings.kinds import FLAG, Kind, SettingProblem, integer, parts_of, text
from grantway.settings.setting import Section, Setting, Xml


def _audiences(raw: Any) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(parts_of(raw, r"[\s,]+")))
    if len(found) > 20:
        raise SettingProblem(f"at most 20 audiences, these are {len(found)}")
    for audience in found:
        text(255).parse(audience)
        if re.search(r"[\s,]", audience):
            raise SettingProblem(f"{audience[:40]!r} holds a blank or a comma, which part audiences")
    return found


AUDIENCES_KIND: Final = Kind[tuple[str, ...]](
    name="audiences",
    parse=_audiences,
    write=list,
    says=lambda value: ", ".join(value) or "the app alone",
    schema={"type": "array", "items": {"type": "string"}, "maxItems": 20},
    hint="AUDIENCE,…",
    limits="at most 20 audiences, each of at most 255 characters without blanks",
    many=True,
)

ID_TOKEN_VALIDITY: Final = Setting[int](
    name="id_token_validity",
    kind=integer(1, 720, "minutes"),
    label="Token Valid for",
    help="How long an ID token may be believed, from 1 to 720 minutes.",
    default=2,
    section=Section.ID_TOKEN,
    effect="ID token: exp − iat",
    example="10",
    xml={"ConnectedApp": Xml(path="oauthConfig/idTokenConfig/idTokenValidity", unset_word="0")},
)

ID_TOKEN_AUDIENCES: Final = Setting[tuple[str, ...]](
    name="id_token_audiences",
    kind=AUDIENCES_KIND,
    label="ID Token Audiences",
    help="Who else may take this app's ID tokens for their own. The consumer key is always an audience, and no "
    "other app's ever.",
    default=(),
    section=Section.ID_TOKEN,
    effect="ID token: aud is the consumer key, or an array of it and these",
    example="https://api.harbour.example",
    xml={"ConnectedApp": Xml(path="oauthConfig/idTokenConfig/idTokenAudience", joined="\n")},
)

ID_TOKEN_STANDARD_CLAIMS: Final = Setting[bool](
    name="id_token_standard_claims",
    kind=FLAG,
    label="Include Standard Claims",
    help="Puts what userinfo says (name, e-mail and so on, as far as the scopes allow) into the ID token as well.",
    default=False,
    section=Section.ID_TOKEN,
    effect="ID token: holds the claims of userinfo",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/idTokenConfig/idTokenIncludeStandardClaims")},
)

ID_TOKEN_ATTRIBUTES: Final = Setting[bool](
    name="id_token_attributes",
    kind=FLAG,
    label="Include Custom Attributes",
    help="Puts the app's custom attributes into the ID token as well.",
    default=False,
    section=Section.ID_TOKEN,
    effect="ID token: holds custom_attributes",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/idTokenConfig/idTokenIncludeAttributes")},
)

ID_TOKEN_CUSTOM_PERMISSIONS: Final = Setting[bool](
    name="id_token_custom_permissions",
    kind=FLAG,
    label="Include Custom Permissions",
    help="Puts the custom permissions that the user holds into the ID token as well. The scope is needed too.",
    default=False,
    section=Section.ID_TOKEN,
    effect="ID token: holds custom_permissions",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/idTokenConfig/idTokenIncludeCustomPerms")},
)
