"""A client in PHP's curl. What its sample client sends is also sent without PHP: test_sample.py."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.programs import program

from .strangers import ANSWER_FORMS, ERRANDS, REQUEST_FORMS, run

CLIENT = Path(__file__).with_name("client.php")


@pytest.fixture
def php():
    path = program("php")

    def ask(url, form, values):
        command = [path, str(CLIENT), url, form]
        sent = json.dumps(values).encode()
        done = subprocess.run(command, input=sent, capture_output=True, check=False)
        assert done.returncode == 0, (done.stderr + done.stdout).decode()
        return done.stdout

    return ask


@pytest.mark.parametrize("answer_form", ANSWER_FORMS)
@pytest.mark.parametrize("form", REQUEST_FORMS)
@pytest.mark.parametrize("errand", ERRANDS, ids=lambda errand: errand.action)
def test_php_can_do_everything(simulator, php, errand, form, answer_form):
    url = simulator.click2call_url
    run(simulator, errand, lambda values: php(url, form, values), answer_form)


def test_what_integrations_made_after_the_vendors_page_do_works(simulator, php):
    values = {"code": simulator.code, "phone": "101", "target": "0505550101"}
    call_id = php(simulator.click2call_url, "sample", values).decode()
    (entry,) = simulator.ledger()
    assert call_id == entry["call_id"] != ""
    assert (entry["action"], entry["target"]) == ("call", "0505550101")
