"""What docs/flows.md has people paste works as written, and is answered as the page says."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.served import go, serving
from tests.journeys.shell import Pasted, blocks_of, shell

FLOWS = Path(__file__).resolve().parents[2] / "docs" / "flows.md"
# Stands in an example for what was left out.
LEFT_OUT = "…"


def fits(answer: Any, shown: Any) -> bool:
    """Tell whether an answer has the members that an example shows, in their order, and no more where it is whole."""
    if isinstance(shown, list):
        return isinstance(answer, list) and all(fits(*pair) for pair in zip(answer, shown, strict=False))
    if not isinstance(shown, dict):
        return True
    wanted = [name for name in shown if name != LEFT_OUT]
    found = [name for name in answer if name in wanted]
    whole = LEFT_OUT in shown or len(answer) == len(wanted)
    return found == wanted and whole and all(fits(answer[name], shown[name]) for name in wanted)


def example(pasted: Pasted, door: str) -> str:
    """Return the answer that the page shows for a door: where it shows two, the second is the standards'."""
    return pasted.answers[-1 if door == "/oidc" else 0]


@pytest.mark.parametrize("door", ["/services/oauth2", "/oidc"])
def test_every_command_of_the_page_works_from_top_to_bottom(tmp_path: Path, door: str) -> None:
    blocks = blocks_of(FLOWS)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    with (
        serving(tmp_path / "var") as served,
        httpx.Client(headers={"accept": "text/html"}) as browser,
        shell(tmp_path) as keyboard,
    ):
        callback = ""
        for pasted in blocks:
            if door == "/oidc" and "Salesforce's door alone" in pasted.section:
                continue
            commands = pasted.commands
            if commands.startswith("read "):
                commands += callback
            status, printed = keyboard.paste(commands)
            if "explain" in commands:
                for _ in range(50):  # refusals are stored behind the answer
                    if status == 0:
                        break
                    status, printed = keyboard.paste(commands)
            assert status == 0, f"{commands}\n{printed}"
            if "/authorize?" in printed:
                callback = go(served, browser, printed)
            elif pasted.answers and example(pasted, door).startswith(("{", "[")):
                assert fits(json.loads(printed), json.loads(example(pasted, door))), printed
            if "DOOR=$BASE" in commands:
                keyboard.paste(f"DOOR=$BASE{door}")
