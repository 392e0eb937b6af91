"""A client of nothing but curl."""

import json
import subprocess

import pytest

from tests.support.programs import program

from .strangers import ANSWER_FORMS, ERRANDS, REQUEST_FORMS, read, run


@pytest.fixture
def curl():
    path = program("curl")

    def ask(*arguments):
        command = [path, "--silent", "--show-error", "--max-time", "30", "--noproxy", "*"]
        done = subprocess.run([*command, *arguments], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return ask


def arguments(form, url, parameters):
    pairs = [f"{name}={value}" for name, value in parameters.items()]
    if form == "json":
        return ["--json", json.dumps(parameters), url]
    data = [word for pair in pairs for word in ("--data-urlencode", pair)]
    return [*data, url] if form == "form" else ["--get", *data, url]


@pytest.mark.parametrize("answer_form", ANSWER_FORMS)
@pytest.mark.parametrize("form", REQUEST_FORMS)
@pytest.mark.parametrize("errand", ERRANDS, ids=lambda errand: errand.action)
def test_curl_can_do_everything(simulator, curl, errand, form, answer_form):
    url = simulator.click2call_url
    run(simulator, errand, lambda values: curl(*arguments(form, url, values)), answer_form)


def test_curl_can_post_a_multipart_form(simulator, curl):
    fields = [
        word
        for pair in (f"code={simulator.code}", "phone=101", "target=0505550101")
        for word in ("--form", pair)
    ]
    assert read(curl(*fields, simulator.click2call_url), "xml")["ERRORCODE"] == "0"


def test_curl_sees_that_it_may_not(simulator, curl):
    simulator.control(forbid=True)
    out = curl("--output", "/dev/null", "--write-out", "%{http_code}", simulator.click2call_url)
    assert out == b"403"
