"""One request to an endpoint, written in each language."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from grantway.console.snippets.snippet import literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to an endpoint: the fixed parameters, and those that come from the environment (field, variable)."""

    id: str
    name: str
    path: str
    fields: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    bearer: bool = False
    note: str = ""


def _curl(call: Call, url: str) -> str:
    lines = [f"curl -sS --fail-with-body {shlex.quote(url)}"]
    if call.bearer:
        lines.append('-H "Authorization: Bearer $ACCESS_TOKEN"')
    lines += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in call.fields]
    lines += [f'--data-urlencode "{name}=${variable}"' for name, variable in call.variables]
    return _comment("#", call.note) + " \\\n  ".join(lines)


def _python(call: Call, url: str) -> str:
    head = f"import os\n\nimport httpx\n\n{_comment('#', call.note)}"
    if call.bearer:
        sent = 'headers={"Authorization": f"Bearer {os.environ[\'ACCESS_TOKEN\']}"}'
        return f"{head}reply = httpx.get({literal(url)}, {sent})\n{_PRINT}"
    fields = "".join(f"        {literal(name)}: {literal(value)},\n" for name, value in call.fields)
    fields += "".join(
        f"        {literal(name)}: os.environ[{literal(variable)}],\n" for name, variable in call.variables
    )
    return f"{head}reply = httpx.post(\n    {literal(url)},\n    data={{\n{fields}    }},\n)\n{_PRINT}"


def _javascript(call: Call, url: str) -> str:
    head = _comment("//", call.note)
    if call.bearer:
        sent = "headers: { authorization: `Bearer ${process.env.ACCESS_TOKEN}` },"
        return f"{head}const reply = await fetch({literal(url)}, {{\n  {sent}\n}});\n{_LOG}"
    fields = "".join(f"    {name}: {literal(value)},\n" for name, value in call.fields)
    fields += "".join(f"    {name}: process.env.{variable},\n" for name, variable in call.variables)
    sent = f'  method: "POST",\n  body: new URLSearchParams({{\n{fields}  }}),\n'
    return f"{head}const reply = await fetch({literal(url)}, {{\n{sent}}});\n{_LOG}"


_PRINT: Final = "reply.raise_for_status()\nprint(reply.text)"
_LOG: Final = "if (!reply.ok) throw new Error(await reply.text());\nconsole.log(await reply.text());"


def _comment(mark: str, text: str) -> str:
    return f"{mark} {text}\n" if text else ""


WRITERS: Final[tuple[tuple[str, Callable[[Call, str], str]], ...]] = (
    ("curl", _curl),
    ("Python", _python),
    ("JavaScript", _javascript),
)
"""How a call to a URL is written, by language."""
