"""The formula language of custom attributes: what is taken, what it gives, and how the rest is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway import settings as s
from grantway.settings.formula import FIELDS, LENGTH_LIMIT, Formula, FormulaProblem, Reference, parse_formula


def value(text: str) -> str:
    """Evaluate a formula in which every reference stands for its own name."""
    return parse_formula(text).evaluate(lambda reference: f"<{reference.of}.{reference.field}>")


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("$User.Id & '@' & $Organization.Id", "<User.Id>@<Organization.Id>"),
        ("User.Email", "<User.Email>"),
        ("$USER.email", "<User.Email>"),
        ("  $User . Id  ", "<User.Id>"),
        ("$User.Id\r\n&\n$Profile.Name", "<User.Id><Profile.Name>"),
        ("'it''s'".replace("''", r"\'"), "it's"),
        ("\"say 'a'\" & 'and \"b\"'", "say 'a'and \"b\""),
        ("''", ""),
        (r"'a\\b'", r"a\b"),
        ("$Permission.Approve_Shipments", "<Permission.Approve_Shipments>"),
        ("$Api.Enterprise_Server_URL_100", "<Api.Enterprise_Server_URL_100>"),
    ],
)
def test_texts_and_references_are_joined(text: str, gives: str) -> None:
    assert value(text) == gives


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("", 1, "and the formula ends"),
        ("$User.Id &", 11, "and the formula ends"),
        ("& $User.Id", 1, "not '&'"),
        ("$User.Id $User.Email", 10, "parts are joined by &, here stands '$'"),
        ("$User.Id + 'a'", 10, "parts are joined by &, here stands '+'"),
        ("'a' & 'never", 7, "the text that begins with ' here never ends"),
        ("'two\nlines'", 5, "holds no line end"),
        (r"'\n'", 2, "after \\ comes a quotation mark"),
        ("'ends\\", 6, "after \\ comes a quotation mark"),
        ("IF(1, 'a', 'b')", 1, "IF(…) is a function"),
        ("'a' & TEXT ($User.Id)", 7, "TEXT(…) is a function"),
        ("$UserRole.Name", 1, "$UserRole cannot be referred to here; these can: $User,"),
        ("'x' & $User.Emial", 7, "did you mean $User.Email?"),
        ("$User.Shoe_Size", 1, "$User has Id, Username,"),
        ("$Organization.Country", 1, "$Organization has Id, Name"),
        ("$User", 1, "$User needs a field: $User.Id"),
        ("$Permission", 1, "$Permission needs a field"),
        ("$Api.Session_ID", 1, "$Api takes Enterprise_Server_URL_N"),
        ("$User.Id.Name", 9, "here stands '.'"),
        ("12", 1, "not '1'"),
        ("'" + "x" * LENGTH_LIMIT + "'", LENGTH_LIMIT + 1, "at most 3900 characters"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_its_place_and_what_is_possible(text: str, at: int, says: str) -> None:
    with pytest.raises(FormulaProblem) as refused:
        parse_formula(text)

    assert refused.value.at == at
    assert str(refused.value).startswith(f"at character {at}: ")
    assert says in str(refused.value)


_TEXTS = st.text(st.characters(exclude_characters="\r\n\t", exclude_categories=["Cs"]), max_size=30)
_REFERENCES = st.sampled_from([Reference(of=of, field=name) for of, names in FIELDS.items() for name in names])


def written(part: str | Reference, quote: str) -> str:
    """Write a part of a formula."""
    if isinstance(part, Reference):
        return f"${part.of}.{part.field}"
    return quote + part.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote


@given(parts=st.lists(st.one_of(_TEXTS, _REFERENCES), min_size=1, max_size=6), quote=st.sampled_from("'\""))
def test_what_is_written_down_part_by_part_comes_back_so(parts: list[str | Reference], quote: str) -> None:
    formula = parse_formula(" & ".join(written(part, quote) for part in parts))

    assert formula.parts == tuple(parts)
    assert parse_formula(formula.text) == formula


def place_or_formula(text: str) -> int | Formula:
    """Return the formula of a text, or the place of what is wrong with it."""
    try:
        return parse_formula(text)
    except FormulaProblem as problem:
        return problem.at


@given(text=st.one_of(st.text(), st.text("$UserOrganiztP.Id&'\"\\ \n()", max_size=40)))
def test_any_text_is_a_formula_on_one_line_or_refused_with_a_place_in_it(text: str) -> None:
    found = place_or_formula(text)

    if isinstance(found, int):
        assert 1 <= found <= len(text.strip()) + 1
    else:
        assert "\n" not in found.text
        assert parse_formula(found.text) == found


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("a=$User.Id\na=$User.Email", "'a' stands there twice"),
        ("no formula", "'no formula' has no =; write KEY=FORMULA"),
        ("='a'", "a formula without a key"),
        ([{"key": "a"}], "write KEY=FORMULA"),
        ([{"key": "a", "formula": "''", "more": 1}], "write KEY=FORMULA"),
        ([{"key": "a=b", "formula": "''"}], "holds ="),
        ([{"key": "a", "formula": 1}], "write KEY=FORMULA"),
        ([1], "write KEY=FORMULA"),
        (5, "write KEY=FORMULA"),
        ([f"k{number}=''" for number in range(129)], "at most 128 attributes, these are 129"),
        (f"{'k' * 256}=''", "at most 255 characters"),
    ],
)
def test_attributes_that_are_none_are_refused_in_words(raw: object, says: str) -> None:
    with pytest.raises(s.SettingProblem) as refused:
        s.CUSTOM_ATTRIBUTES.kind.parse(raw)

    assert says in str(refused.value)


@pytest.mark.parametrize("name", ["api", "API", "Api", "profile", "Offline_Access", "9lives", "a__b", "a_", "a-b", "ä"])
def test_a_custom_scope_has_a_name_of_its_own(name: str) -> None:
    with pytest.raises(s.SettingProblem):
        s.CUSTOM_SCOPES.kind.parse([name])
