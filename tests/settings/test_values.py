"""Whatever is given for a setting: it is refused in words, or it is a value that every place can carry."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from grantway import settings as s
from grantway.manage.files.metadata_values import TYPE, read_settings, write_settings
from grantway.metadata.document import MetadataDocument, read, write
from grantway.metadata.element import Element
from tests.settings.values import ANYTHING, valid

EMPTY = MetadataDocument(root=Element(name=TYPE))
every_setting = pytest.mark.parametrize("setting", s.ALL, ids=lambda setting: setting.name)


def taken(setting: s.AnySetting, raw: Any) -> Any | None:
    """Return the value that a setting makes of what came, or None where it refuses."""
    try:
        return setting.kind.parse(raw)
    except s.SettingProblem:
        return None


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Tell whether a JSON value fits a JSON Schema; knows the keywords that the catalogue uses."""
    if "anyOf" in schema:
        return any(fits(one, value) for one in schema["anyOf"])
    types: dict[str, type] = {
        "string": str,
        "integer": int,
        "boolean": bool,
        "array": list,
        "null": type(None),
        "object": dict,
    }
    size = len(value) if isinstance(value, (str, list)) else value if type(value) is int else 0
    return (
        type(value) is types[schema["type"]]
        and value in schema.get("enum", [value])
        and ("pattern" not in schema or re.search(str(schema["pattern"]), str(value)) is not None)
        and size <= min(schema.get(name, math.inf) for name in ("maxLength", "maxItems", "maximum"))
        and size >= max(schema.get(name, -math.inf) for name in ("minLength", "minimum"))
        and all(fits(schema["items"], item) for item in (value if isinstance(value, list) else []))
        and (schema["type"] != "object" or fits_object(schema, value))
    )


def fits_object(schema: dict[str, Any], value: Any) -> bool:
    """Tell whether the members of a JSON object fit."""
    return set(schema["required"]) <= set(value) and all(
        name in schema["properties"] and fits(schema["properties"][name], member) for name, member in value.items()
    )


@every_setting
@hypothesis_settings(max_examples=60, deadline=None)
@given(raw=ANYTHING)
def test_what_is_taken_comes_back_from_json_from_the_file_and_fits_the_schema(setting: s.AnySetting, raw: Any) -> None:
    value = taken(setting, raw)
    if value is None:
        return
    written = setting.kind.write(value)
    assert setting.kind.parse(written) == value
    assert fits(setting.kind.schema, written)
    assert isinstance(setting.kind.says(value), str)
    json.dumps(written, ensure_ascii=False).encode()
    if TYPE in setting.xml:
        now = {s.OAUTH_ENABLED: True, **({setting.under: True} if setting.under else {}), setting: value}
        file = write(write_settings(EMPTY, now, read_settings(EMPTY).values, {}))
        back = read_settings(read(file))
        assert back.values.get(setting, setting.default) == value
        assert back.kept == ()


@every_setting
@hypothesis_settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_valid_value_fits_the_schema_and_is_said_in_words(setting: s.AnySetting, data: st.DataObject) -> None:
    value = data.draw(valid(setting))

    assert fits(setting.kind.schema, setting.kind.write(value))
    assert setting.kind.says(value)


@pytest.mark.parametrize(
    ("setting", "raw"),
    [
        (s.CALLBACK_URL, ["https://a.example/\u2003b"]),
        (s.CALLBACK_URL, ["https://a.example/\ud800"]),
        (s.CALLBACK_URL, ["https://a.example/\u202egpj"]),
        (s.CALLBACK_URL, "https://user:word@a.example/"),
        (s.CALLBACK_URL, "https://*.a.example/"),
        (s.CALLBACK_URL, "https://a.example/#part"),
        (s.CALLBACK_URL, "javascript:alert(1)"),
        (s.CALLBACK_URL, "https://" + "x" * 2000),
        (s.LABEL, "a\uffff"),
        (s.LABEL, "a\x85b"),
        (s.ID_TOKEN_AUDIENCES, ["two words"]),
        (s.ID_TOKEN_AUDIENCES, ["one,two"]),
        (s.ID_TOKEN_AUDIENCES, [f"a{number}" for number in range(21)]),
        (s.PROFILES, [f"P{number}" for number in range(501)]),
        (s.INFO_URL, "https://user@a.example/"),
        (s.SESSION_TIMEOUT, True),
        (s.SESSION_TIMEOUT, 1.5),
        (s.REQUIRE_PKCE, 1),
    ],
)
def test_what_could_mislead_or_cannot_be_carried_is_refused(setting: s.AnySetting, raw: Any) -> None:
    assert taken(setting, raw) is None
