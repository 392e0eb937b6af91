"""A client in PHP's curl. What its sample client sends is also sent without PHP: test_sample.py."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .strangers import ANSWER_FORMS, ERRANDS, REQUEST_FORMS, run

CLIENT = Path(__file__).with_name("client.php")
NEEDED = ("curl", "SimpleXML", "json")


def missing() -> str:
    """What keeps these tests from running here; "" for nothing."""
    program = shutil.which("php")
    if program is None:
        return "NOT TESTED: PHP is not installed here (Debian: php-cli php-curl php-xml)"
    listed = subprocess.run([program, "-m"], capture_output=True, text=True, check=True)
    lacking = [name for name in NEEDED if name not in listed.stdout.split()]
    return f"NOT TESTED: PHP is without {', '.join(lacking)}" if lacking else ""


WHY_NOT = missing()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


def php(url, form, values):
    done = subprocess.run(
        ["php", str(CLIENT), url, form],
        input=json.dumps(values).encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("answer_form", ANSWER_FORMS)
@pytest.mark.parametrize("form", REQUEST_FORMS)
@pytest.mark.parametrize("errand", ERRANDS, ids=lambda errand: errand.action)
def test_php_can_do_everything(simulator, errand, form, answer_form):
    url = simulator.click2call_url
    run(simulator, errand, lambda values: php(url, form, values), answer_form)


def test_what_integrations_made_after_the_vendors_page_do_works(simulator):
    values = {"code": simulator.code, "phone": "101", "target": "0505550101"}
    call_id = php(simulator.click2call_url, "sample", values).decode()
    (entry,) = simulator.ledger()
    assert call_id == entry["call_id"] != ""
    assert (entry["action"], entry["target"]) == ("call", "0505550101")
