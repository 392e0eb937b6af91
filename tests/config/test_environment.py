"""What is written in the environment and cannot be read: refused, all of it at one start."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.stack import ROOT

READ = """
import json, sys
import django
from django.conf import settings
django.setup()
from callbacks.config.checks import check_settings
found = [message.msg for message in check_settings(None) if message.id == "callbacks.E015"]
print(json.dumps([found, getattr(settings, sys.argv[1], None)], default=str))
"""

WRONG = [
    ("a flag that is nearly a word", "HTTPS", "yess"),
    ("a flag between both", "DEBUG", "maybe"),
    ("a flag as a number", "BEHIND_PROXY", "2"),
    ("a flag in another language", "VOICENTER_RECORD", "ken"),
    ("a number in letters", "SWEEP_EVERY", "abc"),
    ("a whole number with a fraction", "CALLS_A_DAY", "1.5"),
    ("a number with its unit", "VOICENTER_TIMEOUT", "15s"),
    ("a zone of another planet", "TIME_ZONE", "Mars/Olympus"),
    ("a zone that is a path", "TIME_ZONE", "../etc/localtime"),
    ("a level that is none", "LOG_LEVEL", "LOUD"),
    ("a network with a host in it", "TRUSTED_PROXIES", "10.0.0.1/8"),
    ("a proxy by its name", "TRUSTED_PROXIES", "127.0.0.1,proxy"),
    ("a rate without its time", "RATE_NUMBER", "5"),
    ("a rate of nothing", "RATE_NUMBER", "0/d"),
    ("hours that are none", "NEW_CALLING_HOURS", "8 to 9 in the evening"),
    ("an hour alone", "NEW_CALLING_HOURS", "08:00"),
    ("hours over midnight", "NEW_CALLING_HOURS", "21:00-08:00"),
    ("a rate of a month", "RATE_NUMBER", "5/30d"),
    ("a database at no port", "DATABASE_URL", "postgres://127.0.0.1:port/callbacks"),
]

RIGHT = [
    ("yes", "HTTPS", "yes", True),
    ("on", "HTTPS", "ON", True),
    ("one", "HTTPS", "1", True),
    ("no", "HTTPS", "No", False),
    ("off", "HTTPS", "off", False),
    ("zero", "HTTPS", "0", False),
    ("an empty flag is not set", "HTTPS", "", False),
    ("an empty number is not set", "SWEEP_EVERY", "", 5.0),
    ("an empty zone is not set", "TIME_ZONE", "", "Asia/Jerusalem"),
    ("another zone", "TIME_ZONE", "Europe/London", "Europe/London"),
    ("other hours", "NEW_CALLING_HOURS", "09:00 - 18:30", ["09:00:00", "18:30:00"]),
    ("no hours", "NEW_CALLING_HOURS", "off", None),
    ("a level in small letters", "LOG_LEVEL", "debug", "DEBUG"),
    ("this machine, where nothing is set", "RATES_EXEMPT", "", ["127.0.0.0/8", "::1/128"]),
    ("others in its place", "RATES_EXEMPT", "10.0.0.0/8", ["10.0.0.0/8"]),
]

WEB_AND_WORKERS = {
    "gunicorn": ["-m", "gunicorn", "callbacks.config.wsgi", "--bind", "127.0.0.1:0"],
    "worker": ["-m", "celery", "-A", "callbacks.config", "worker", "--pool", "solo"],
    "beat": ["-m", "celery", "-A", "callbacks.config", "beat"],
    "voicenter": ["manage.py", "voicenter", "extensions"],
    "another command": ["manage.py", "who_rings", "--source", "website"],
}


def _python(arguments, given):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT, env={**os.environ, **given}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def _read(name, value):
    done = _python(["-c", READ, name], {name: value})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("name", "value"), [case[1:] for case in WRONG], ids=[c[0] for c in WRONG])
def test_what_cannot_be_read_is_refused_by_its_name(name, value):
    found, _ = _read(name, value)
    assert len(found) == 1
    assert found[0].startswith(f"{name} ")


@pytest.mark.parametrize(
    ("name", "value", "meant"), [case[1:] for case in RIGHT], ids=[c[0] for c in RIGHT]
)
def test_what_can_be_read_means_what_it_says(name, value, meant):
    assert _read(name, value) == [[], meant]


@pytest.mark.parametrize("arguments", WEB_AND_WORKERS.values(), ids=list(WEB_AND_WORKERS))
def test_nothing_starts_with_what_cannot_be_read(arguments):
    done = _python(arguments, {"HTTPS": "yess", "TIME_ZONE": "Mars/Olympus", "LOG_LEVEL": "LOUD"})
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert all(name in said for name in ("HTTPS", "TIME_ZONE", "LOG_LEVEL")), said
    assert "Traceback" not in said


def test_the_web_says_that_its_threads_cannot_be_read():
    # WEB_CONCURRENCY is read by gunicorn itself, before it reads our file.
    done = _python(WEB_AND_WORKERS["gunicorn"], {"WEB_THREADS": "many"})
    assert done.returncode != 0
    assert "WEB_THREADS is 'many'" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_password_is_shown_of_an_address_that_cannot_be_read():
    found, _ = _read("DATABASE_URL", "postgres://user:hush@127.0.0.1:port/callbacks")
    assert "hush" not in found[0]
