"""A metadata document is asked, changed and written without losing what nobody knows."""

import json

import pytest

from grantway.metadata.document import (
    MetadataDocument,
    count,
    from_json,
    has,
    line_of,
    paths,
    read,
    replaced,
    to_json,
    unnumbered,
    value,
    values,
    without_secrets,
    write,
)
from grantway.metadata.problem import MetadataProblem

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"

SHIPMENT_SYNC = """<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
    <attributes>
        <formula>$User.Email</formula>
        <key>mail</key>
    </attributes>
    <attributes>
        <formula>&quot;it&apos;s &amp; 1 &lt; 2 &gt; 0&quot;</formula>
        <key>note</key>
    </attributes>
    <contactEmail>ada@example.com</contactEmail>
    <label>Shipment Sync</label>
    <oauthConfig>
        <callbackUrl>https://a.example/cb
myapp://cb</callbackUrl>
        <consumerKey></consumerKey>
        <isAdminApproved>false</isAdminApproved>
        <scopes>Api</scopes>
        <scopes>RefreshToken</scopes>
        <somethingNew>kept</somethingNew>
    </oauthConfig>
</ConnectedApp>
"""


def app(inside: str, root: str = "ConnectedApp") -> MetadataDocument:
    return read(f'<{root} xmlns="{NAMESPACE}">{inside}</{root}>'.encode())


@pytest.fixture
def shipment_sync() -> MetadataDocument:
    return read(SHIPMENT_SYNC.encode())


def written(document: MetadataDocument) -> str:
    return write(document).decode()


def test_values_are_found_by_path(shipment_sync: MetadataDocument) -> None:
    assert shipment_sync.type == "ConnectedApp"
    assert value(shipment_sync, "label") == "Shipment Sync"
    assert values(shipment_sync, "oauthConfig/scopes") == ("Api", "RefreshToken")
    assert value(shipment_sync, "oauthConfig/scopes[2]") == "RefreshToken"
    assert values(shipment_sync, "attributes/key") == ("mail", "note")
    assert value(shipment_sync, "attributes[2]/formula") == '"it\'s & 1 < 2 > 0"'
    assert value(shipment_sync, "oauthConfig/consumerKey") == ""
    assert value(shipment_sync, "oauthConfig/certificate") is None
    assert values(shipment_sync, "oauthConfig") == ()
    assert values(shipment_sync, "attributes[3]/key") == ()


def test_presence_and_number_of_elements_are_told(shipment_sync: MetadataDocument) -> None:
    assert has(shipment_sync, "oauthConfig")
    assert not has(shipment_sync, "oauthConfig/idTokenConfig")
    assert count(shipment_sync, "attributes") == 2


def test_every_element_knows_its_line(shipment_sync: MetadataDocument) -> None:
    assert line_of(shipment_sync, "attributes[2]/key") == 9
    assert line_of(shipment_sync, "nothing") is None
    assert line_of(replaced(shipment_sync, "description", ["new"]), "description") is None


def test_leaf_paths_number_namesakes_only(shipment_sync: MetadataDocument) -> None:
    assert paths(shipment_sync) == (
        "attributes[1]/formula",
        "attributes[1]/key",
        "attributes[2]/formula",
        "attributes[2]/key",
        "contactEmail",
        "label",
        "oauthConfig/callbackUrl",
        "oauthConfig/consumerKey",
        "oauthConfig/isAdminApproved",
        "oauthConfig/scopes[1]",
        "oauthConfig/scopes[2]",
        "oauthConfig/somethingNew",
    )
    assert unnumbered("attributes[2]/key") == "attributes/key"


@pytest.mark.parametrize("path", ["", "/label", "label/", "a//b", "a[0]", "a[-1]", "a[x]", "a[1", "a]"])
def test_what_is_no_path_is_a_mistake_of_the_caller(path: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        values(app(""), path)


def test_a_changed_value_changes_its_line_only(shipment_sync: MetadataDocument) -> None:
    changed = replaced(shipment_sync, "oauthConfig/isAdminApproved", ["true"])

    assert written(changed) == SHIPMENT_SYNC.replace("false", "true")
    assert written(shipment_sync) == SHIPMENT_SYNC


def test_repeated_values_grow_shrink_and_go(shipment_sync: MetadataDocument) -> None:
    scopes = "oauthConfig/scopes"

    assert values(replaced(shipment_sync, scopes, ["Web"]), scopes) == ("Web",)
    assert values(replaced(shipment_sync, scopes, ["A", "B", "C"]), scopes) == ("A", "B", "C")
    assert not has(replaced(shipment_sync, scopes, None), scopes)
    assert replaced(shipment_sync, scopes, []) == replaced(shipment_sync, scopes, None)
    assert "<scopes>C</scopes>\n        <somethingNew>" in written(replaced(shipment_sync, scopes, ["A", "B", "C"]))


def test_new_elements_and_groups_go_where_retrieve_puts_them(shipment_sync: MetadataDocument) -> None:
    changed = replaced(shipment_sync, "description", ["New"])
    changed = replaced(changed, "oauthPolicy/refreshTokenPolicy", ["zero"])
    changed = replaced(changed, "oauthPolicy/ipRelaxation", ["ENFORCE"])
    changed = replaced(changed, "oauthConfig/idTokenConfig/idTokenValidity", ["5"])
    changed = replaced(changed, "fullName", ["ns__App"])

    assert [child.name for child in changed.root.children] == [
        "fullName",
        "attributes",
        "attributes",
        "contactEmail",
        "description",
        "label",
        "oauthConfig",
        "oauthPolicy",
    ]
    assert paths(changed)[-2:] == ("oauthPolicy/ipRelaxation", "oauthPolicy/refreshTokenPolicy")
    assert value(changed, "oauthConfig/idTokenConfig/idTokenValidity") == "5"


def test_groups_are_addressed_by_position(shipment_sync: MetadataDocument) -> None:
    changed = replaced(shipment_sync, "attributes[2]/key", ["memo"])
    changed = replaced(changed, "attributes[3]/key", ["third"])
    changed = replaced(changed, "attributes[3]/formula", ["'3'"])
    changed = replaced(changed, "attributes[1]", None)

    assert values(changed, "attributes/key") == ("memo", "third")
    assert value(changed, "attributes[2]/formula") == "'3'"


@pytest.mark.parametrize(
    ("path", "texts", "words"),
    [
        ("attributes/key", ["x"], "say which"),
        ("attributes[4]/key", ["x"], "only 2"),
        ("oauthConfig", ["x"], "is a group"),
        ("oauthConfig/scopes[1]", ["x", "y"], "one value"),
    ],
)
def test_an_ambiguous_change_is_a_mistake_of_the_caller(
    shipment_sync: MetadataDocument, path: str, texts: list[str], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        replaced(shipment_sync, path, texts)


def test_a_group_goes_as_a_whole_and_stays_when_its_last_element_goes(shipment_sync: MetadataDocument) -> None:
    assert not has(replaced(shipment_sync, "oauthConfig", None), "oauthConfig")

    emptied = replaced(replaced(shipment_sync, "attributes[1]/key", None), "attributes[1]/formula", None)
    assert count(emptied, "attributes") == 2
    assert "<attributes></attributes>" in written(emptied)
    assert read(write(emptied)) == emptied


def test_taking_away_what_is_not_there_changes_nothing(shipment_sync: MetadataDocument) -> None:
    assert replaced(shipment_sync, "samlConfig/acsUrl", None) == shipment_sync
    assert replaced(shipment_sync, "attributes[9]", None) == shipment_sync


def test_a_character_xml_cannot_carry_is_refused(shipment_sync: MetadataDocument) -> None:
    for character in ("\x00", "\x1b", "\ud800", "\ufffe"):
        with pytest.raises(MetadataProblem, match="cannot carry"):
            replaced(shipment_sync, "label", [f"a{character}"])


def test_text_is_kept_to_the_last_blank() -> None:
    document = app("<description>  two \n\tlines&#xd;\n<![CDATA[<b>]]>\u2028 </description><label> </label>")

    assert value(document, "description") == "  two \n\tlines\r\n<b>\u2028 "
    assert value(document, "label") == " "
    assert b"lines&#xd;\n&lt;b&gt;" in write(document)
    assert read(write(document)) == document


def test_line_ends_of_windows_are_line_ends() -> None:
    assert read(SHIPMENT_SYNC.replace("\n", "\r\n").encode()) == read(SHIPMENT_SYNC.encode())


def test_nil_is_no_value_and_is_written_as_salesforce_does() -> None:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<ExternalClientAppSettings xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        '    <enableExternalClientApps xsi:nil="true"/>\n'
        "</ExternalClientAppSettings>\n"
    )
    document = read(text.encode())

    assert value(document, "enableExternalClientApps") is None
    assert not has(document, "enableExternalClientApps")
    assert written(document) == text
    assert "<enableExternalClientApps>true</enableExternalClientApps>" in written(
        replaced(document, "enableExternalClientApps", ["true"])
    )
    assert "xsi" not in written(replaced(document, "enableExternalClientApps", ["true"]))


def test_an_empty_document_is_one_tag() -> None:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<ConnectedAppSettings xmlns="{NAMESPACE}"/>\n'

    assert written(read(text.encode())) == text
    assert app("\n   ", root="ConnectedAppSettings") == read(text.encode())


def test_prefixes_and_a_missing_namespace_make_no_difference() -> None:
    plain = app("<label>A</label>")

    assert read(f'<m:ConnectedApp xmlns:m="{NAMESPACE}"><m:label>A</m:label></m:ConnectedApp>'.encode()) == plain
    assert read(b"<ConnectedApp><label>A</label></ConnectedApp>") == plain


def test_what_belongs_to_others_is_kept_and_not_mistaken_for_ours() -> None:
    document = app(
        '<label xml:lang="fr">A</label><o:label xmlns:o="urn:other:1" o:hint="x&#xa;y&quot;"><deep>d</deep></o:label>'
        '<value xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:s="http://www.w3.org/2001/XMLSchema"'
        ' i:type="s:string">v</value>'
    )

    assert values(document, "label") == ("A",)
    assert paths(document) == ("label", "{urn:other:1}label/deep", "value")
    assert value(document, "{urn:other:1}label/deep") == "d"
    assert b'xsi:type="xsd:string"' in write(document)
    assert read(write(document)) == document


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'<html xmlns="http://www.w3.org/1999/xhtml"/>', "no Salesforce metadata"),
        (b"<ConnectedApp>hello</ConnectedApp>", "text"),
        (b"<ConnectedApp>\n<a>x<b/></a></ConnectedApp>", "line 2: text stands between"),
        (b"<ConnectedApp><label/>x</ConnectedApp>", "between the elements of <ConnectedApp>"),
        ("<ConnectedApp>\n<größe/></ConnectedApp>".encode(), "line 2: an element has a name"),
        (b"<ConnectedApp><xml:label/></ConnectedApp>", "name"),
    ],
)
def test_what_metadata_never_is_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(MetadataProblem, match=words):
        read(data)


SECRETIVE = app(
    "<oauthConfig><consumerKey>key</consumerKey><consumerSecret>hush1</consumerSecret></oauthConfig>"
    "<applePushConfig><password>hush2</password><signingKey>hush3</signingKey></applePushConfig>"
    '<androidPushConfig><serviceAccount>hush4</serviceAccount></androidPushConfig><x:password xmlns:x="urn:x">hush5'
    "</x:password><later><ConsumerSecret><deep>hush6</deep></ConsumerSecret></later>"
)


def test_secrets_are_not_written_or_stored_unless_asked_for() -> None:
    for told in (write(SECRETIVE).decode(), json.dumps(to_json(SECRETIVE)), repr(SECRETIVE)):
        assert "hush" not in told

    assert value(SECRETIVE, "oauthConfig/consumerSecret") == "hush1"
    assert value(without_secrets(SECRETIVE), "oauthConfig/consumerKey") == "key"
    assert read(write(SECRETIVE, secrets=True)) == SECRETIVE
    assert from_json(to_json(SECRETIVE, secrets=True)) == SECRETIVE


def test_the_stored_form_is_compact(shipment_sync: MetadataDocument) -> None:
    assert to_json(app("<a>x</a><b><c/></b>")) == ["ConnectedApp", [["a", "x"], ["b", [["c", ""]]]]]
    assert len(json.dumps(to_json(shipment_sync))) < len(SHIPMENT_SYNC)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        [],
        ["a"],
        ["a", 1],
        ["a", []],
        ["a", "x", {}],
        ["a", "", {"b": 1}],
        ["a", [["b"]]],
        ["a b", ""],
        ["a", "text in the root"],
        ["{urn:x}a", ""],
    ],
)
def test_a_damaged_stored_document_is_refused(stored: object) -> None:
    with pytest.raises(MetadataProblem):
        from_json(stored)


def test_a_bottomless_stored_document_is_refused() -> None:
    stored: list[object] = ["a", ""]
    for _ in range(5_000):
        stored = ["a", [stored]]

    with pytest.raises(MetadataProblem):
        from_json(stored)
