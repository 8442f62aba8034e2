"""Lists whose items are groups of elements in a metadata file, such as the attributes of an app, both ways."""

from typing import Any

from grantway.metadata.document import MetadataDocument, count, has, replaced, value
from grantway.settings.kinds import SettingProblem
from grantway.settings.setting import AnySetting, Xml


def read_groups(document: MetadataDocument, setting: AnySetting, xml: Xml) -> tuple[Any, list[tuple[str, str]]]:
    """Return the items that the setting takes, and (path, why) of each that it does not."""
    items: list[Any] = []
    left = []
    for path, item in _groups(document, xml):
        if item is None:
            left.append((path, f"holds none of {', '.join(xml.fields)}"))
            continue
        try:
            # Alone first, then beside those before it: each key once, and not too many.
            setting.kind.parse([item])
            setting.kind.parse([*items, item])
            items.append(item)
        except SettingProblem as problem:
            left.append((path, str(problem).removeprefix("line 1: ")))
    return setting.kind.parse(items), left


def write_groups(document: MetadataDocument, setting: AnySetting, xml: Xml, now: Any, read: Any) -> MetadataDocument:
    """Return the document with the items of `now`; of those that were `read` from it, those that stay are not touched.

    A group that was not taken stays too, unless an item of now has its first element's text: the name of it.
    """
    wanted: list[dict[str, str]] = list(setting.kind.write(now))
    was: list[dict[str, str]] = list(setting.kind.write(read))
    stay = [item for item in was if item in wanted]
    if stay != wanted[: len(stay)]:
        stay = []  # another order: all are written anew
    names = {item[xml.fields[0]] for item in wanted}
    for path, item in reversed(_groups(document, xml)):
        taken = _taken(setting, item)
        if taken not in stay and (taken in was or (item or {}).get(xml.fields[0]) in names):
            document = replaced(document, path, None)
    place = count(document, xml.path)
    for item in wanted[len(stay) :]:
        place += 1
        for name in xml.fields:
            document = replaced(document, f"{xml.path}[{place}]/{name}", [item[name]] if item.get(name) else None)
    return document


def _groups(document: MetadataDocument, xml: Xml) -> list[tuple[str, dict[str, str] | None]]:
    """Return every group with its path; None in the place of one that holds nothing."""
    found: list[tuple[str, dict[str, str] | None]] = []
    for place in range(1, count(document, xml.path) + 1):
        path = f"{xml.path}[{place}]"
        if has(document, path):
            texts = {name: (value(document, f"{path}/{name}") or "").strip() for name in xml.fields}
            found.append((path, {name: text for name, text in texts.items() if text} or None))
    return found


def _taken(setting: AnySetting, item: dict[str, str] | None) -> dict[str, str] | None:
    """Return a group as the setting writes it, if it takes it."""
    try:
        (written,) = setting.kind.write(setting.kind.parse([item] if item else ()))
    except ValueError:  # (SettingProblem) not taken, or nothing to take
        return None
    return dict(written)
