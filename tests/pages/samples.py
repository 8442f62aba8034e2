"""One page of each kind, filled as a server would fill it."""

from grantway.pages import (
    Ask,
    Asker,
    ConfirmLogoutPage,
    ConsentPage,
    ErrorPage,
    HomePage,
    LoginPage,
    MessagePage,
    Page,
    SignedOutPage,
)

APP = Asker(
    name="Shipment Sync",
    publisher="Quayside Software",
    contact_email="it-help@harbour.example",
    info_url="https://sync.harbour.example/about",
    policy_url="https://sync.harbour.example/privacy",
    terms_url="https://sync.harbour.example/terms",
    added="Nora Lindqvist, your administrator, on 3 March 2026",
    callback_host="sync.harbour.example",
)

LOGIN = LoginPage(
    host="login.harbour.example",
    org_name="Harbour Logistics",
    asker=APP,
    action="/post",
    transaction="transaction-1",
    csrf="csrf-1",
)

FAILED_LOGIN = LoginPage(
    host="login.harbour.example",
    org_name="Harbour Logistics",
    asker=APP,
    action="/post",
    transaction="transaction-1",
    csrf="csrf-1",
    username="tomas.rivera@harbour.example",
    remembered=True,
    problem="Check your username and password, and try again.",
)

CONSENT = ConsentPage(
    host="login.harbour.example",
    org_name="Harbour Logistics",
    asker=APP,
    username="tomas.rivera@harbour.example",
    action="/post",
    transaction="transaction-1",
    csrf="csrf-1",
    asks=(
        Ask(label="Full access (full)", detail="Everything that you may do, through any interface.", wide=True),
        Ask(
            label="Perform requests at any time",
            detail="Also when you are not there, until it goes unused for 30 days or you take it back.",
        ),
    ),
    first_time=True,
    warnings=("The name of this app is easily confused with Shipment Synch, which is already installed.",),
    my_apps_path="/apps",
)

ERROR = ErrorPage(
    title="We could not connect Shipment Sync",
    host="login.harbour.example",
    org_name="Harbour Logistics",
    asker=APP,
    what_happened="The app asked to be answered at an address that is not registered for it.",
    what_to_do="Send your administrator this request id: it leads straight to the cause.",
    request_id="7Q4M-K2XD-90VB",
    error="redirect_uri_mismatch",
    error_description="redirect_uri must match configuration",
    when_ms=1_795_528_931_000,
)

CONFIRM_LOGOUT = ConfirmLogoutPage(
    host="login.harbour.example",
    org_name="Harbour Logistics",
    asker=APP,
    username="tomas.rivera@harbour.example",
    action="/post",
    transaction="transaction-1",
    csrf="csrf-1",
)

SIGNED_OUT = SignedOutPage(host="login.harbour.example", org_name="Harbour Logistics", login_path="/")

MESSAGE = MessagePage(
    host="login.harbour.example",
    org_name=None,
    title="Nothing is here",
    text="No page of this server has this address. Check it for a mistyped letter.",
    status=404,
    request_id="7Q4M-K2XD-90VB",
)

HOME = HomePage(base_url="http://localhost:8400", host="localhost:8400", org_name=None)

PAGES: dict[str, Page] = {
    "login": LOGIN,
    "failed-login": FAILED_LOGIN,
    "consent": CONSENT,
    "error": ERROR,
    "confirm-logout": CONFIRM_LOGOUT,
    "signed-out": SIGNED_OUT,
    "message": MESSAGE,
    "home": HOME,
}
