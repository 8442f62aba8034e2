"""Settings of the section "Session Policies": the administrator's half of an app, per org."""

from typing import Final

from grantway.settings.choices import SessionAction, SessionLevel, optional
from grantway.settings.kinds import integer, minutes_of, one_of
from grantway.settings.oauth import JWT_ACCESS_TOKENS
from grantway.settings.setting import Holder, Section, Setting, Xml

_JWT_MINUTES: Final = optional(minutes_of(1, 5, 10, 15, 30, 60, 90, 120, 240, 480, 720), without="as the session")

SESSION_TIMEOUT: Final = Setting[int | None](
    name="session_timeout",
    kind=optional(integer(1, 1440, "minutes"), without="as the org says"),
    label="Session Timeout Value",
    help="How long the app's access tokens live without use. Left out, the org's value holds.",
    default=None,
    section=Section.SESSION_POLICIES,
    held_by=Holder.POLICY,
    effect="access token: INVALID_SESSION_ID after this time; expires_in and exp at the standards' door",
    example="15",
    xml={"ConnectedApp": Xml(path="sessionPolicy/sessionTimeout")},
)

NAMED_USER_JWT_TIMEOUT: Final = Setting[int | None](
    name="named_user_jwt_timeout",
    kind=_JWT_MINUTES,
    label="Named User JWT-Based Access Token Timeout",
    help="How long a JWT-based access token of a named user lives, used or not. Left out, the session's timeout holds.",
    default=None,
    section=Section.SESSION_POLICIES,
    held_by=Holder.POLICY,
    under=JWT_ACCESS_TOKENS,
    effect="JWT-based access token of a named user: exp − iat",
    example="15",
)

GUEST_JWT_TIMEOUT: Final = Setting[int | None](
    name="guest_jwt_timeout",
    kind=_JWT_MINUTES,
    label="Guest User JWT-Based Access Token Timeout",
    help="How long a JWT-based access token of a guest lives, used or not. Left out, the session's timeout holds.",
    default=None,
    section=Section.SESSION_POLICIES,
    held_by=Holder.POLICY,
    under=JWT_ACCESS_TOKENS,
    effect="JWT-based access token of a guest: exp − iat",
    example="5",
)

SESSION_LEVEL: Final = Setting[SessionLevel](
    name="session_level",
    kind=one_of(
        SessionLevel,
        words={
            SessionLevel.STANDARD: "Any session will do",
            SessionLevel.HIGH_ASSURANCE: "High assurance session required",
        },
    ),
    label="High Assurance session required",
    help="Whether the app may be used only by somebody who proved who they are by a second factor.",
    default=SessionLevel.STANDARD,
    section=Section.SESSION_POLICIES,
    held_by=Holder.POLICY,
    effect="authorize, token: with high_assurance, what session_policy_action says for sessions below it",
    awaits="the policies about sessions",
    example="high_assurance",
    xml={"ConnectedApp": Xml(path="sessionPolicy/sessionLevel", words={"HIGH_ASSURANCE": "high_assurance"})},
)

SESSION_POLICY_ACTION: Final = Setting[SessionAction](
    name="session_policy_action",
    kind=one_of(
        SessionAction,
        words={
            SessionAction.NONE: "None: any session will do",
            SessionAction.RAISE: "Raise the session level to high assurance",
            SessionAction.BLOCK: "Block",
        },
    ),
    label="Policy Action",
    help="With a high assurance session required: ask for the second factor, or let nobody in without it.",
    default=SessionAction.NONE,
    section=Section.SESSION_POLICIES,
    held_by=Holder.POLICY,
    effect="authorize: asks for a second factor, or refuses; token: flows without a person are refused either way",
    awaits="the policies about sessions",
    example="raise_session_level",
    xml={
        "ConnectedApp": Xml(
            path="sessionPolicy/policyAction", words={"RaiseSessionLevel": "raise_session_level", "Block": "block"}
        )
    },
)
