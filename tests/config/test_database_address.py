"""What DATABASE_URL says besides host and name holds, beside limits of our own."""

import json
import os
import subprocess
import sys
from typing import Any

ASK = (
    "import json; from callbacks.config import settings; "
    "print(json.dumps(settings.DATABASES['default']['OPTIONS']))"
)


def options(address: str) -> dict[str, Any]:
    environment = os.environ | {"DATABASE_URL": address}
    answer = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_a_demand_for_tls_in_the_address_is_kept_and_every_wait_has_a_limit() -> None:
    found = options("postgres://user:password@db.example.com/x?sslmode=verify-full")
    assert found["sslmode"] == "verify-full"
    assert found["connect_timeout"] == 3
    assert found["tcp_user_timeout"] == 30_000
    assert "lock_timeout" in found["options"]
    assert found["pool"]["timeout"] == 3
