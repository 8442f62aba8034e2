"""GET, POST /setup/token-handlers/{id}/try: what would come of a token, check by check; it is not kept, nor shown."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from grantway.console.fields import Field, Problems, with_problem
from grantway.console.places import TOKEN_HANDLERS, app_path, field_path, user_path
from grantway.console.visit import Route, Visit
from grantway.domain.token_handler import TokenHandler
from grantway.endpoints.audiences import salesforce_audiences
from grantway.kit.http import Reply
from grantway.manage.exchange import token_handlers
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound
from grantway.manage.usage import trials
from grantway.manage.usage.trials import Trial
from grantway.settings.token_handlers import TOKEN_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPage:
    """The form, and what came of the last token that was sent by it; `field` leads to the setting that refused.

    `app` and `type` are the lists to choose from, `token` is the field for the token, always empty.
    """

    template: ClassVar[str] = "setup/token_handler_try.html"
    title: str
    id: str
    app: Field
    token_type: Field
    token: Field
    trial: Trial | None = None
    app_path: str = ""
    user_path: str = ""
    field: str = ""
    problems: Problems = ()


async def ask(visit: Visit) -> Reply:
    """Show the form; who may not try is told at once."""
    handler = await token_handlers.find(visit.desk, visit.org, visit.params["id"])
    await token_handlers.demand_change(visit.desk, visit.org, handler)
    return _show(visit, await _page(visit, handler))


async def try_token(visit: Visit) -> Reply:
    """Try the token that was pasted, and show what came of it."""
    handler, form = await token_handlers.find(visit.desk, visit.org, visit.params["id"]), visit.form
    page = await _page(visit, handler)
    try:
        trial = await trials.try_token(
            visit.desk,
            visit.org,
            handler.id,
            form.get("app", ""),
            form.get("token", ""),
            form.get("token_type", ""),
            handlers=visit.server.token_handlers,
            names=salesforce_audiences(visit.server.urls, visit.base),
        )
    except (NotAllowed, NotFound):
        raise
    except ManageProblem as problem:
        fields, problems = with_problem((page.app, page.token_type, page.token), problem)
        page = replace(page, app=fields[0], token_type=fields[1], token=fields[2], problems=problems)
        return _show(visit, page, status=400)
    page = replace(
        page,
        trial=trial,
        app_path=app_path(trial.app),
        user_path=user_path(trial.user) if trial.user and not trial.is_new else "",
        field=field_path(trial.setting, trial.app) if trial.setting is not None else "",
    )
    return _show(visit, page)


async def _page(visit: Visit, handler: TokenHandler) -> TrialPage:
    enabled = await token_handlers.enabled_apps(visit.desk, visit.org, handler)
    form = visit.form
    return TrialPage(
        title=f"Try a token at {handler.name}",
        id=handler.id,
        app=Field(
            name="app",
            label="App",
            value=form.get("app", ""),
            help="Which app would send it, having proved itself.",
            choices=tuple((one.app_id, one.app) for one in enabled),
        ),
        token_type=Field(
            name="token_type",
            label="Type of token",
            value=form.get("token_type", ""),
            choices=tuple((name, name) for name in handler[TOKEN_TYPES]),
        ),
        token=Field(
            name="token",
            label="Token",
            required=True,
            help="It is sent where the handler would send it, and to nobody else. It is not kept, and not shown again.",
        ),
    )


def _show(visit: Visit, page: TrialPage, *, status: int = 200) -> Reply:
    name = page.title.rpartition(" ")[2]
    crumbs = (("Token Exchange Handlers", TOKEN_HANDLERS), (name, f"{TOKEN_HANDLERS}/{page.id}"))
    return visit.show(page, here=TOKEN_HANDLERS, crumbs=crumbs, status=status)


ROUTES: Final = (Route(f"{TOKEN_HANDLERS}/{{id}}/try", get=ask, post=try_token),)
