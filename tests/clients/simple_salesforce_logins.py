"""simple-salesforce, unmodified: each of its logins by OAuth, told by its test what to log in with.

It runs in the environment of the Python clients, reads one line of JSON and answers with one.
"""

import json
import sys
import warnings
from typing import Any

from simple_salesforce import Salesforce, SalesforceAuthenticationFailed  # type: ignore[import-not-found]

VERSION = "60.0"


def refusal(**login: Any) -> dict[str, Any]:
    """Log in, which must fail, and return what the client makes of it."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            Salesforce(version=VERSION, **login)
        except SalesforceAuthenticationFailed as problem:
            return {"code": problem.code, "says": problem.auth_message, "warned": [str(one.message) for one in warned]}
    return {"code": None, "says": "logged in", "warned": []}


def session(**login: Any) -> Any:
    """Log in, and return the client."""
    return Salesforce(version=VERSION, **login)


def seen(client: Any) -> dict[str, Any]:
    """Return whose session a client has, where, and which resources the API names."""
    resources = client.restful("")
    return {
        "instance": client.sf_instance,
        "username": client.oauth2("userinfo")["preferred_username"],
        "identity": resources["identity"],
    }


def comes_back(client: Any) -> dict[str, Any]:
    """End the client's session behind its back and use it again."""
    before = client.session_id
    client.session.post(client.oauth2_url + "revoke", data={"token": before}).raise_for_status()
    identity = client.restful("")["identity"]
    return {"is_new": client.session_id != before, "identity": identity}


def main() -> None:
    """Do all of it."""
    told = json.loads(sys.stdin.readline())
    by_jwt, unapproved, machine = told["by_jwt"], told["unapproved"], told["machine"]
    jwt = {"username": told["username"], "consumer_key": by_jwt["consumer_key"], "privatekey": told["pem"]}
    by_password = {
        "username": told["username"],
        "consumer_key": machine["consumer_key"],
        "consumer_secret": machine["consumer_secret"],
    }
    first, second = session(**jwt), session(**jwt)
    findings = {
        "jwt": seen(first),
        "within_a_second": {"differ": first.session_id != second.session_id, **seen(second)},
        "jwt_at_my_domain": seen(session(**jwt, domain="test", instance_url=told["my_domain"])),
        "jwt_comes_back": comes_back(first),
        "unapproved": refusal(**jwt | {"consumer_key": unapproved["consumer_key"]}),
        "unknown_user": refusal(**jwt | {"username": "nobody@demo.example"}),
        "other_key": refusal(**jwt | {"privatekey": told["other_pem"]}),
        "unknown_app": refusal(**jwt | {"consumer_key": "3MVG9nobody"}),
        "password": seen(session(**by_password, password=told["password"] + told["security_token"])),
        "no_security_token": refusal(**by_password, password=told["password"]),
        "wrong_password": refusal(**by_password, password="wrong" + told["security_token"]),
        "flow_off": refusal(**by_password | by_jwt, password=told["password"] + told["security_token"]),
    }
    own = {"consumer_key": machine["consumer_key"], "consumer_secret": machine["consumer_secret"]}
    runner = session(**own, domain=told["my_domain"])
    findings["client_credentials"] = seen(runner)
    findings["client_credentials_come_back"] = comes_back(runner)
    findings["wrong_secret"] = refusal(**own | {"consumer_secret": "wrong"}, domain=told["my_domain"])
    print(json.dumps(findings))


main()
