"""May this user use this app, as token endpoint and introspection say no to it."""

from typing import Final

from grantway.policy import app_use
from grantway.protocol.no import app as no

USE_CHECKS: Final = app_use.checks(
    app_use.Voices(
        app_blocked=no.APP_BLOCKED,
        oauth_off=no.OAUTH_OFF,
        off_in_org=no.OFF_IN_ORG,
        app_not_installed=no.APP_NOT_INSTALLED,
        external_not_installed=no.EXTERNAL_NOT_INSTALLED,
        external_is_local=no.EXTERNAL_IS_LOCAL,
        user_inactive=no.USER_INACTIVE,
        user_is_guest=no.USER_IS_GUEST,
        not_admin_approved=no.NOT_ADMIN_APPROVED,
        api_access_limited=no.API_ACCESS_LIMITED,
        tokens_ended=no.TOKENS_ENDED,
    )
)
