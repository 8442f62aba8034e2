"""Between a metadata file and the catalogue: a loop over the settings' own declarations, both ways."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from grantway import settings as s
from grantway.manage.connected_apps.app_values import Values
from grantway.manage.files.metadata_groups import read_groups, write_groups
from grantway.metadata.document import (
    MetadataDocument,
    count,
    has,
    line_of,
    paths,
    replaced,
    unnumbered,
    value,
    values,
)
from grantway.metadata.problem import MetadataProblem
from grantway.metadata.values import boolean, boolean_text, callback_lines, scope_words
from grantway.settings.kinds import parts_of
from grantway.settings.setting import AnySetting, Xml

TYPE: Final = "ConnectedApp"
KEY: Final = "oauthConfig/consumerKey"
SECRET: Final = "oauthConfig/consumerSecret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Something of a file that is kept as text, because no setting takes it: where it (first) stands, and why."""

    path: str
    why: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file says: the values that settings take, texts of lists that they do not take, and what is told of it."""

    values: Values
    refused: dict[AnySetting, tuple[str, ...]]
    kept: tuple[Kept, ...]


def covered_paths() -> frozenset[str]:
    """Return the paths of all elements that a setting stands for."""
    return frozenset(path for setting in s.ALL if TYPE in setting.xml for path in _leaves(setting.xml[TYPE]))


def _leaves(xml: Xml) -> list[str]:
    """Return the paths of the elements that say a setting: a list of records has one a field."""
    return [f"{xml.path}/{field}" for field in xml.fields] or [xml.path]


def demand_shape(document: MetadataDocument) -> None:
    """Demand that what settings stand for has the shape a connected app's file has, so that it can be changed later.

    Raises:
        MetadataProblem: with the line, where text stands in the place of a group, elements in the place of a value, or
            a group stands twice.
    """
    leaves = [unnumbered(path) for path in paths(document)]
    groups = {above for leaf in leaves for above in _above(leaf)}
    settled = covered_paths() | {KEY, SECRET}
    records = {setting.xml[TYPE].path for setting in s.ALL if TYPE in setting.xml and setting.xml[TYPE].fields}
    for group in sorted({above for path in settled for above in _above(path)}):
        if group not in records and count(document, group) > 1:
            raise MetadataProblem(f"<{group}> stands there more than once.", line_of(document, group))
        if (value(document, group) or "").strip():
            raise MetadataProblem(f"<{group}> holds text where its settings should be.", line_of(document, group))
    switches = {setting.xml[TYPE].path for setting in s.ALL if TYPE in setting.xml and setting.xml[TYPE].present}
    for path in sorted(settled & groups - switches):
        raise MetadataProblem(f"<{path}> holds elements where its value should be.", line_of(document, path))


def without_a_place(now: Values) -> Values:
    """Return those of an app's values that its file cannot say: Salesforce has no element for them.

    An app without OAuth has no oauthConfig, so nothing that would stand in there can be said either.
    """
    placed = _placed(now)
    return {
        setting: found
        for setting, found in now.items()
        if setting not in placed and setting.held_by is not s.Holder.ORG and found != setting.default
    }


def read_settings(document: MetadataDocument) -> Reading:
    """Read every setting that has a place in a connected app's file; what is absent or empty is left out."""
    found: Values = {}
    refused: dict[AnySetting, tuple[str, ...]] = {}
    kept: list[Kept] = []
    for setting in s.ALL:
        xml = setting.xml.get(TYPE)
        if xml is None:
            continue
        if xml.present:
            found[setting] = has(document, xml.path)
            continue
        if xml.fields:
            if count(document, xml.path):
                found[setting], left = read_groups(document, setting, xml)
                kept += [Kept(path=path, why=why) for path, why in left]
            continue
        texts = values(document, xml.path)
        if setting.kind.many:
            items, bad = _read_list(setting, xml, texts, kept)
            if items is not None:
                found[setting] = items
            if bad:
                refused[setting] = bad
            continue
        word = texts[0].strip() if texts else ""
        if len(texts) > 1:
            kept.append(Kept(path=xml.path, why="it stands there more than once; the first one counts"))
        if not word or word == xml.unset_word:
            continue
        try:
            found[setting] = read_one(setting, xml, word)
        except (s.SettingProblem, MetadataProblem) as problem:
            # What somebody took for a certificate may be a key: it is not quoted.
            why = str(problem) if setting.kind is s.CERTIFICATE.kind else _why(word, problem)
            kept.append(Kept(path=xml.path, why=why))
    return Reading(values=found, refused=refused, kept=tuple(kept))


def write_settings(
    document: MetadataDocument,
    now: Values,
    read: Values,
    refused: Mapping[AnySetting, tuple[str, ...]],
) -> MetadataDocument:
    """Return the document with the values of `now`. What equals what was `read` from it keeps its very text.

    `refused` are texts of lists that no setting took: they stay where a list is written anew.
    """
    before = document
    for setting, xml in _placed(now).items():
        found = now.get(setting, setting.default)
        if found == read.get(setting, setting.default):
            continue
        if xml.fields:
            document = write_groups(document, setting, xml, found, read.get(setting, setting.default))
        elif not xml.present:
            document = replaced(document, xml.path, _texts(setting, xml, found, refused.get(setting, ())))
        elif found:
            document = _with_required(document, xml.path, now)
        else:
            document = replaced(document, xml.path, None)
    switches = {setting.xml[TYPE].path for setting in s.ALL if TYPE in setting.xml and setting.xml[TYPE].present}
    for group in sorted({above for path in covered_paths() for above in _above(path)}, reverse=True):
        if has(document, group) and not has(before, group):
            document = _with_required(document, group, now)
        elif group not in switches and value(document, group) == "" and value(before, group) is None:
            # Its last setting went back to its default: a group of nothing would say something else than no group.
            document = replaced(document, group, None)
    return document


def _with_required(document: MetadataDocument, group: str, now: Values) -> MetadataDocument:
    """Return the document with the elements that a group never lacks; a group of its own making begins with them."""
    for setting in s.ALL:
        xml = setting.xml.get(TYPE)
        if xml is None or not xml.required or xml.path.rpartition("/")[0] != group or has(document, xml.path):
            continue
        document = replaced(document, xml.path, _texts(setting, xml, now.get(setting, setting.default), ()) or [""])
    return document


def _placed(now: Values) -> dict[AnySetting, Xml]:
    """Return the settings that the file of an app with these values can say, with where."""
    off = tuple(
        f"{setting.xml[TYPE].path}/"
        for setting in s.ALL
        if TYPE in setting.xml and setting.xml[TYPE].present and not now.get(setting, setting.default)
    )
    return {
        setting: setting.xml[TYPE]
        for setting in s.ALL
        if TYPE in setting.xml and not setting.xml[TYPE].path.startswith(off)
    }


def _read_list(
    setting: AnySetting, xml: Xml, texts: tuple[str, ...], kept: list[Kept]
) -> tuple[Any | None, tuple[str, ...]]:
    """Return the list's value, or None if it is absent, and its texts that the setting does not take."""
    lines = _items(setting, xml, texts)
    if not lines:
        # Elements one by one: a single empty one says that there are none (connected-apps.md 1.2).
        return (() if texts and not xml.joined else None), ()
    try:
        return setting.kind.parse(lines), ()
    except s.SettingProblem as whole:
        problem = str(whole)
    good, bad = [], []
    for line in lines:
        try:
            setting.kind.parse([line])
            good.append(line)
        except s.SettingProblem as reason:
            bad.append(line)
            kept.append(Kept(path=xml.path, why=_why(line, reason)))
    if not bad:
        kept.append(Kept(path=xml.path, why=problem))
        return None, tuple(lines)
    return (setting.kind.parse(good) if good else None), tuple(bad)


def _items(setting: AnySetting, xml: Xml, texts: tuple[str, ...]) -> list[str]:
    """Return the items of a list: one an element, or parted inside one element."""
    if setting is s.CALLBACK_URL:
        return [line for text in texts for line in callback_lines(text)]
    if xml.joined:
        return [item for text in texts for item in parts_of(text, r"[\s,]+")]
    return parts_of(texts)


def read_one(setting: AnySetting, xml: Xml, word: str) -> Any:
    """Return the value that the text of a setting's one element says.

    Raises:
        SettingProblem, MetadataProblem: the setting does not take it.
    """
    if xml.inverted:
        return not boolean(word)
    if "true" in xml.words:
        return setting.kind.parse(xml.words[boolean_text(boolean(word))])
    return setting.kind.parse(xml.words.get(word, word))


def _texts(setting: AnySetting, xml: Xml, value: Any, refused: tuple[str, ...]) -> list[str] | None:
    """Return the texts of the elements that say `value`; None if it is said by their absence."""
    written = setting.kind.write(value)
    if setting.kind.many:
        words = list(scope_words(written, metadata_type=TYPE)) if setting is s.SCOPES else list(written)
        words += [text for text in refused if text not in words]
        return [xml.joined.join(words)] if xml.joined and words else words or None
    if written in (None, ""):
        return None
    if isinstance(written, bool):
        return [boolean_text(written != xml.inverted)]
    word = next((word for word, ours in xml.words.items() if ours == written), None)
    if xml.words and word is None:
        return None
    return [word or str(written)]


def _above(path: str) -> list[str]:
    """Return the paths of the groups around an element."""
    steps = path.split("/")
    return ["/".join(steps[:end]) for end in range(1, len(steps))]


def _why(text: str, problem: Exception) -> str:
    """Say what is wrong with a text, and quote it, once."""
    quoted = repr(text if len(text) <= 60 else f"{text[:60]}…")
    said = str(problem).removeprefix("line 1 ")
    return said if said.startswith(quoted) else f"{quoted}: {said}"
