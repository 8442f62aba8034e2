"""What the OpenAPI document shows as examples is what the API takes and gives."""

from typing import Any

import pytest

from grantway.adminapi.ask import Route
from grantway.adminapi.openapi import document
from grantway.adminapi.routes import ROUTES
from grantway.adminapi.schema import problems_of

DOCUMENT = document()


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][route.path][route.method.lower()]
    return found


@pytest.mark.parametrize("route", [one for one in ROUTES if one.takes], ids=lambda route: route.name)
def test_the_example_of_a_request_is_as_its_schema_says(route: Route) -> None:
    content = operation(route)["requestBody"]["content"]["application/json"]

    assert problems_of(content["example"], content["schema"]) == {}


def test_the_example_of_each_answer_is_as_its_schema_says() -> None:
    problems = {}
    for route in ROUTES:
        answers = operation(route)["responses"]
        content = answers[str(route.status)].get("content", {}).get("application/json")
        if content:
            problems[route.name] = problems_of(content["example"], content["schema"])

    assert len(problems) > 40
    assert {name: found for name, found in problems.items() if found} == {}


def test_each_refusal_that_is_described_has_an_example_with_its_status() -> None:
    for route in ROUTES:
        for status, answer in operation(route)["responses"].items():
            if int(status) >= 400:
                assert answer["content"]["application/problem+json"]["example"]["status"] == int(status)
