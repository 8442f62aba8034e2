"""Settings of the section "Custom Connected App Handler": code of the org's own that an app's logins pass through."""

from typing import Final

from grantway.settings.kinds import text
from grantway.settings.setting import Holder, Section, Setting, Xml

_PLUG_INS: Final = "app plug-in handlers"

PLUGIN: Final = Setting[str](
    name="plugin",
    kind=text(255),
    label="Apex Plugin Class",
    help=(
        "The name of a handler that is asked when admin approved users log in and when tokens are refreshed, and that "
        "may add custom attributes."
    ),
    default="",
    section=Section.HANDLER,
    held_by=Holder.POLICY,
    effect="authorize: refused where the handler says no; userinfo: the custom attributes that it returns",
    awaits=_PLUG_INS,
    example="HarbourAppPlugin",
    xml={
        "ConnectedApp": Xml(path="plugin"),
        "ExtlClntAppOauthConfigurablePolicies": Xml(path="apexHandler"),
    },
)

PLUGIN_RUN_AS: Final = Setting[str](
    name="plugin_run_as",
    kind=text(80),
    label="Run As",
    help="The user, by username, that the handler acts as. Left out, it acts as nobody, which suffices for attributes.",
    default="",
    section=Section.HANDLER,
    held_by=Holder.POLICY,
    effect="the handler's own calls: made as this user",
    awaits=_PLUG_INS,
    example="sync@harbour.example",
    xml={
        "ConnectedApp": Xml(path="pluginExecutionUser"),
        "ExtlClntAppOauthConfigurablePolicies": Xml(path="executeHandlerAs"),
    },
)
