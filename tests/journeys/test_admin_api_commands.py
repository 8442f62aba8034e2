"""What docs/admin-api.md has people paste works as written, from top to bottom."""

import json
import sys
from pathlib import Path

from tests.journeys.served import serving
from tests.journeys.shell import blocks_of, shell

PAGE = Path(__file__).resolve().parents[2] / "docs" / "admin-api.md"


def test_an_app_is_made_changed_rotated_and_watched_by_what_the_page_has_one_paste(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    printed = []
    with serving(tmp_path / "var") as served, shell(tmp_path) as keyboard:
        for pasted in blocks_of(PAGE):
            status, text = keyboard.paste(pasted.commands)
            assert status == 0, f"{pasted.commands}\n{text}"
            printed.append(json.loads(text))

        me, made, changed, preview, secret, rotated, numbers, refused, usage, tried, imported = printed
        shown = json.loads(served.cli("--json", "app", "show", "Shipment_Sync").stdout)
    assert me["username"] == served.demo["admin"]["username"]
    assert made["app"]["policies"]["session_timeout"] == 30
    assert changed["policies"]["session_timeout"] == 15
    assert [one["setting"] for one in preview["effects"]] == ["permitted_users"]
    assert secret["consumer_secret"] == made["consumer_secret"]
    assert numbers["tokens_by_flow"]["Client Credentials"] > 0
    assert refused["reason"] == "refresh.unknown"
    assert [one["name"] for one in usage["items"]] == ["Admin_Program"]
    assert [(one["name"], one["done"]) for one in tried["files"]] == [("Shipment_Sync", "updated")]
    assert {one["done"] for one in imported["files"]} == {"updated"}
    assert rotated["consumer_key"] == shown["consumer_key"] != made["app"]["consumer_key"]
