"""File names tell what a component is and how it is called, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grantway.metadata.names import FILE_TYPES, FileType, MetadataName, file_of_name, name_of_file, type_of_root


@pytest.mark.parametrize(
    ("file_name", "type_", "name"),
    [
        ("Foo.connectedApp-meta.xml", "ConnectedApp", "Foo"),
        ("Foo.connectedApp", "ConnectedApp", "Foo"),
        ("force-app/main/default/connectedApps/Foo.connectedApp-meta.xml", "ConnectedApp", "Foo"),
        ("C:\\apps\\Foo.connectedApp", "ConnectedApp", "Foo"),
        ("My%20App.connectedApp-meta.xml", "ConnectedApp", "My App"),
        ("Gr%C3%B6%C3%9Fe.connectedApp", "ConnectedApp", "Größe"),
        ("100%.connectedApp", "ConnectedApp", "100%"),
        ("Foo.Bar.connectedApp", "ConnectedApp", "Foo.Bar"),
        ("FOO.CONNECTEDAPP-META.XML", "ConnectedApp", "FOO"),
        ("Foo.eca-meta.xml", "ExternalClientApplication", "Foo"),
        ("Foo_oauth.ecaOauth-meta.xml", "ExtlClntAppOauthSettings", "Foo_oauth"),
        ("Foo_glbloauth.ecaGlblOauth", "ExtlClntAppGlobalOauthSettings", "Foo_glbloauth"),
        ("OauthOidc.settings-meta.xml", "Settings", "OauthOidc"),
        ("ns__App.connectedApp-meta.xml", "ConnectedApp", "ns__App"),
    ],
)
def test_a_file_name_tells_type_and_name(file_name: str, type_: str, name: str) -> None:
    assert name_of_file(file_name) == MetadataName(type=type_, name=name)


@pytest.mark.parametrize(
    "file_name",
    ["", "README.md", "package.xml", "connectedApp", ".connectedApp", "A%00.connectedApp", "A%FF.connectedApp", "a/b/"],
)
def test_other_names_tell_nothing(file_name: str) -> None:
    assert name_of_file(file_name) is None


def test_a_name_bears_the_namespace_of_its_package() -> None:
    name = MetadataName(type="ConnectedApp", name="acme__Shipment_Sync")

    assert (name.namespace, name.local_name) == ("acme", "Shipment_Sync")
    assert MetadataName(type="ConnectedApp", name="Shipment_Sync").namespace == ""
    assert MetadataName(type="ConnectedApp", name="Shipment_Sync").local_name == "Shipment_Sync"


def test_names_become_file_names_in_either_format() -> None:
    name = MetadataName(type="ExtlClntAppGlobalOauthSettings", name="My App_glbloauth")

    assert file_of_name(name) == "My%20App_glbloauth.ecaGlblOauth-meta.xml"
    assert file_of_name(name, source=False, folder=True) == "extlClntAppGlobalOauthSets/My%20App_glbloauth.ecaGlblOauth"


def test_a_component_without_file_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no file"):
        file_of_name(MetadataName(type="Layout", name="A"))
    with pytest.raises(ValueError, match="no file"):
        file_of_name(MetadataName(type="ConnectedApp", name=""))


PRINTABLE = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffd")


@settings(deadline=None)  # other tests may hold the processor
@given(st.sampled_from(FILE_TYPES), st.text(alphabet=PRINTABLE, min_size=1), st.booleans(), st.booleans())
def test_any_name_comes_back_from_its_file_name_which_is_no_path(
    file_type: FileType, name: str, source: bool, folder: bool
) -> None:
    component = MetadataName(type=file_type.type, name=name)

    file_name = file_of_name(component, source=source, folder=folder)

    assert name_of_file(file_name) == component
    assert file_name.count("/") == folder
    assert "\\" not in file_name


def test_the_root_element_tells_the_type() -> None:
    assert type_of_root("ConnectedApp") == "ConnectedApp"
    assert type_of_root("ExtlClntAppOauthSettings") == "ExtlClntAppOauthSettings"
    assert type_of_root("OauthOidcSettings") == "Settings"
    assert type_of_root("ExtlClntAppAttestSettings") is None
    assert type_of_root("Settings") is None
    assert type_of_root("Package") is None
