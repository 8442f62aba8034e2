"""The example in examples/device_fleet, as a reader starts it: server, backend and device are processes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.endpoints.signer import signer
from tests.journeys.served import Served, serving

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "device_fleet"


@contextmanager
def backend_of(served: Served) -> Iterator[str]:
    """Start the backend and give its address."""
    command = [sys.executable, str(FOLDER / "backend.py"), "--server", served.base, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def test_a_device_registers_and_its_backend_believes_its_token_offline_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text(signer().pem)
    (tmp_path / "app.crt").write_text(signer().certificate)
    with serving(tmp_path / "var") as served, backend_of(served) as backend:
        made = served.cli(
            *("app", "create", "Fleet", "--contact-email", "it@demo.example", "--json"),
            *("callback_url=https://fleet.example/callback", "scopes=api", "scopes=openid", "scopes=refresh_token"),
            *(f"certificate=@{tmp_path / 'app.crt'}", "permitted_users=admin_approved"),
            *("asset_tokens=true", f"asset_token_audiences={backend}", "asset_token_validity=60"),
            "require_secret_for_token_exchange_flow=false",
        )
        assert made.returncode == 0, made.stderr
        user = served.demo["users"][0]["username"]
        profile = json.loads(served.cli("user", "show", user, "--json").stdout)["profile"]
        assert served.cli("app", "set", "Fleet", f"profiles={profile}").returncode == 0

        def device(**given: str) -> subprocess.CompletedProcess[str]:
            options = {
                "server": served.base,
                "client-id": json.loads(made.stdout)["consumer_key"],
                "app-key": str(tmp_path / "app.pem"),
                "device-key": str(tmp_path / "device.pem"),
                "user": user,
                "serial": "SN-7",
                "backend": backend,
                "celsius": "21.5",
            } | {name.replace("_", "-"): value for name, value in given.items()}
            command = [sys.executable, str(FOLDER / "device.py")]
            command += [text for name, value in options.items() for text in (f"--{name}", value)]
            return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

        first = device()
        assert first.returncode == 0, first.stderr
        said = json.loads(first.stdout)
        assert (said["device"], said["took"]) == ("urn:serial:SN-7", {"celsius": 21.5})
        assert (tmp_path / "device.pem").stat().st_mode & 0o777 == 0o600
        assert json.loads(device().stdout)["asset"] == said["asset"]
        (listed,) = json.loads(served.cli("asset", "list", "--json").stdout)
        assert (listed["id"], listed["serial_number"], listed["username"]) == (said["asset"], "SN-7", user)
        # Another backend is not believed with this one's tokens; a frozen device gets none.
        elsewhere = device(backend=backend.replace("localhost", "127.0.0.1"))
        assert "answers 401" in elsewhere.stderr
        assert served.cli("asset", "freeze", listed["id"]).returncode == 0
        frozen = device()
        assert "invalid asset" in frozen.stderr
