"""Every metadata file that was collected from strangers is read, and comes out as it went in."""

import re
from pathlib import Path

import pytest

from grantway.metadata.document import from_json, paths, read, to_json, value, values, without_secrets, write
from grantway.metadata.names import file_of_name, name_of_file, type_of_root
from grantway.metadata.values import (
    boolean,
    callback_lines,
    external_refresh_token_policy,
    listed,
    refresh_token_policy,
    refresh_token_policy_text,
    scope_names,
)
from tests.metadata.real_files import FOLDER, MISSING, every_real_file

every_file = pytest.mark.parametrize("path", every_real_file())


def is_in_salesforces_layout(data: bytes) -> bool:
    """Tell a file as retrieve wrote it from one that an editor, a formatter or git has been at."""
    return (
        data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')
        and b"\r" not in data
        and data.endswith(b">\n")
        and b" />" not in data
        and not re.search(rb">\n *\n", data)  # an element was cut out by hand
    )


@every_file
def test_a_real_file_comes_back_byte_for_byte_or_at_least_says_the_same(path: Path) -> None:
    data = path.read_bytes()
    document = read(data)

    again = write(document, secrets=True)

    assert read(again) == document
    if is_in_salesforces_layout(data):
        assert again == data


@every_file
def test_a_real_file_survives_being_stored(path: Path) -> None:
    document = read(path.read_bytes())

    assert from_json(to_json(document, secrets=True)) == document
    assert from_json(to_json(document)) == without_secrets(document)


@every_file
def test_every_leaf_of_a_real_file_is_found_by_its_path(path: Path) -> None:
    document = read(path.read_bytes())

    assert all(len(values(document, leaf)) <= 1 for leaf in paths(document))
    assert {leaf for leaf in paths(document) if value(document, leaf) is None} <= {"enableExternalClientApps"}


@every_file
def test_the_name_of_a_real_file_tells_its_type(path: Path) -> None:
    name = name_of_file(path.as_posix())

    assert name is not None
    assert name.type == type_of_root(read(path.read_bytes()).type)
    assert file_of_name(name, source=path.name.endswith("-meta.xml")) == path.name


@every_file
def test_the_values_of_a_real_file_are_understood(path: Path) -> None:
    document = read(path.read_bytes())

    words = values(document, "oauthConfig/scopes") + listed(value(document, "commaSeparatedOauthScopes") or "")
    assert scope_names(words).unknown == ()
    for policy in values(document, "oauthPolicy/refreshTokenPolicy"):
        assert refresh_token_policy_text(refresh_token_policy(policy)) == policy
    for policy_type in values(document, "refreshTokenPolicyType"):
        period, unit = value(document, "refreshTokenValidityPeriod"), value(document, "refreshTokenValidityUnit")
        external_refresh_token_policy(policy_type, period, unit)
    for leaf in paths(document):
        if leaf.startswith(("oauthConfig/is", "isP", "block")) and (text := value(document, leaf)):
            assert isinstance(boolean(text), bool)
    for text in values(document, "oauthConfig/callbackUrl"):
        assert "\n".join(callback_lines(text)).split() == text.split()


def test_most_real_files_are_in_salesforces_layout() -> None:
    """Else the byte-for-byte test above would prove little."""
    found = [path for path in FOLDER.rglob("*.*") if path.is_file() and path.name != "INDEX.tsv"]
    if not found:
        pytest.skip(MISSING)

    assert sum(is_in_salesforces_layout(path.read_bytes()) for path in found) > 0.8 * len(found)


def test_a_real_secret_is_never_written_unless_asked_for() -> None:
    found = [path for path in FOLDER.rglob("*.*") if path.is_file() and b"<consumerSecret>" in path.read_bytes()]
    if not found:
        pytest.skip(MISSING)

    for path in found:
        document = read(path.read_bytes())
        secret = value(document, "oauthConfig/consumerSecret") or value(document, "consumerSecret")
        assert secret
        assert secret.encode() not in write(document).replace(b"&quot;", b'"')
        assert b"consumerSecret" not in write(document)
        assert secret not in repr(document)
