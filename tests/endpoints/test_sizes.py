"""How large a form may be (decision 12), said in the dialect of each endpoint."""

import pytest

from tests.endpoints import answers as a
from tests.endpoints.asks import CONSENT
from tests.endpoints.house import House
from tests.endpoints.raw import FORM, HTML, Wire

LARGEST = 64 * 1024
TOO_LARGE: dict[str, a.Form] = {
    "/services/oauth2/token": a.oauth_json,
    "/oidc/token": a.oauth_json,
    "/services/oauth2/introspect": a.oauth_json,
    "/oidc/introspect": a.oauth_json,
    "/services/oauth2/revoke": a.oauth_json,
    "/oidc/revoke": a.oauth_json,
    "/services/oauth2/userinfo": a.word,
    "/oidc/userinfo": a.oauth_json,
    "/id/00D000000000001/005000000000001": a.word,
    "/services/oauth2/authorize": a.page,
    "/oidc/authorize": a.page,
    "/login": a.page,
    CONSENT: a.page,
}


def form_of(size: int) -> bytes:
    return b"x=" + b"x" * (size - 2)


@pytest.mark.parametrize("path", TOO_LARGE)
async def test_a_form_of_64_kb_is_read_and_one_byte_more_is_not(house: House, path: str) -> None:
    wire = Wire(house)

    largest = await wire.send("POST", path, body=form_of(LARGEST), media_type=FORM, headers=(HTML,))
    larger = await wire.send("POST", path, body=form_of(LARGEST + 1), media_type=FORM, headers=(HTML,))

    assert largest.status in (400, 401, 403)
    assert larger.status == 413
    assert TOO_LARGE[path](larger), larger
    assert "request.too_large" in await house.reasons()
