"""Between a metadata file and the catalogue: a loop over the settings' own declarations, both ways."""

from dataclasses import dataclass
from typing import Any

from grantway import settings as s
from grantway.metadata.document import MetadataDocument, has, replaced, values
from grantway.metadata.values import callback_text, scope_words
from grantway.settings.setting import AnySetting, Xml

TYPE = "ConnectedApp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file says: values that settings take, and what was kept as text, with the reason."""

    values: dict[AnySetting, Any]
    kept: tuple[tuple[str, str], ...]
    covered: frozenset[str]


def read_settings(document: MetadataDocument) -> Reading:
    """Read every setting that has a place in a connected app's file."""
    found: dict[AnySetting, Any] = {}
    kept = []
    covered = set()
    for setting in s.ALL:
        xml = setting.xml.get(TYPE)
        if xml is None:
            continue
        covered.add(xml.path)
        if xml.present:
            found[setting] = has(document, xml.path)
            continue
        texts = values(document, xml.path)
        if not any(text.strip() for text in texts):
            continue
        try:
            raw = _raw(setting, xml, texts)
            if raw is not None:
                found[setting] = setting.kind.parse(raw)
        except s.SettingProblem as problem:
            kept.append((xml.path, str(problem)))
    return Reading(values=found, kept=tuple(kept), covered=frozenset(covered))


def _raw(setting: AnySetting, xml: Xml, texts: tuple[str, ...]) -> Any:
    """Return what the setting's kind parses: the words of the file turned into the setting's."""
    if setting.kind.many:
        return "\n".join(texts) if len(texts) == 1 else list(texts)
    word = texts[0].strip()
    if xml.unset_word and word == xml.unset_word:
        return None
    if xml.inverted:
        return not s.REQUIRE_PKCE.kind.parse(word)
    return xml.words.get(word.lower(), word) if xml.words else word


def write_settings(document: MetadataDocument, now: dict[AnySetting, Any]) -> MetadataDocument:
    """Return the document with the settings' values of today; what did not change keeps its very text."""
    before = read_settings(document).values
    for setting in s.ALL:
        xml = setting.xml.get(TYPE)
        if xml is None or setting not in now or now[setting] == before.get(setting, setting.default):
            continue
        if xml.present:
            if not now[setting] and has(document, xml.path):
                document = replaced(document, xml.path, None)
            continue
        document = replaced(document, xml.path, _texts(setting, xml, now[setting]))
    return document


def _texts(setting: AnySetting, xml: Xml, value: Any) -> list[str] | None:
    if setting is s.SCOPES:
        return list(scope_words(value, metadata_type=TYPE))
    if setting is s.CALLBACK_URL:
        return [callback_text(value)] if value else None
    written = setting.kind.write(value)
    if setting.kind.many:
        return ([xml.joined.join(written)] if xml.joined else list(written)) if written else None
    if written in (None, ""):
        return None
    if isinstance(written, bool):
        return [str(written != xml.inverted).lower()]
    for file_word, ours in xml.words.items():
        if ours == written:
            return [file_word]
    return [str(written)]
