"""How a value is read. What processes say of wrong ones: tests/config/test_wrong_settings.py."""

import json
import os
import subprocess
import sys

import pytest

from callbacks.config.environment import Environment
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
    ("a number without end", "SESSION_LONGEST", "inf"),
    ("a host with its scheme", "ALLOWED_HOSTS", "https://callbacks.example.com"),
    ("a host with its port", "ALLOWED_HOSTS", "callbacks.example.com:443"),
    ("a host with an underline at its end", "ALLOWED_HOSTS", "callbacks_"),
    ("an IP address that is none", "ALLOWED_HOSTS", "10.0.0.256"),
    ("an IPv6 address without brackets", "ALLOWED_HOSTS", "::1"),
    ("an origin without scheme", "CSRF_TRUSTED_ORIGINS", "callbacks.example.com"),
    ("an origin with a slash", "CSRF_TRUSTED_ORIGINS", "https://callbacks.example.com/"),
    ("an origin with a password", "CSRF_TRUSTED_ORIGINS", "https://me:hush@example.com"),
    ("an origin at no port", "CSRF_TRUSTED_ORIGINS", "https://example.com:port"),
    ("a name of a host with spaces", "HOST", "my host"),
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
    (
        "hosts",
        "ALLOWED_HOSTS",
        "a.example.com, .b.example.com,10.0.0.1,[::1]",
        ["a.example.com", ".b.example.com", "10.0.0.1", "[::1]"],
    ),
    (
        "origins",
        "CSRF_TRUSTED_ORIGINS",
        "https://a.example.com,http://*.example.com:8080",
        ["https://a.example.com", "http://*.example.com:8080"],
    ),
    ("an IPv6 address to listen on", "HOST", "::1", "[::1]"),
    ("a value that looks like another variable", "VOICENTER_CODE", "$HOME", "$HOME"),
    ("no hours", "NEW_CALLING_HOURS", "off", None),
    ("a level in small letters", "LOG_LEVEL", "debug", "DEBUG"),
    ("this machine, where nothing is set", "RATES_EXEMPT", "", ["127.0.0.0/8", "::1/128"]),
    ("others in its place", "RATES_EXEMPT", "10.0.0.0/8", ["10.0.0.0/8"]),
]


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


def _file(tmp_path, text):
    (tmp_path / ".env").write_bytes(text if isinstance(text, bytes) else text.encode())
    env = Environment()
    env.read_file(tmp_path / ".env")
    return env


def test_a_line_that_is_none_is_named_and_not_shown(tmp_path):
    env = _file(tmp_path, "# a comment\n\nCDR SECRET=hush\nSECRET = hush\n")
    assert [wrong for wrong, _ in env.mistakes] == [
        "Line 3 of .env is neither a setting nor a comment.",
        "Line 4 of .env is neither a setting nor a comment.",
    ]
    assert "hush" not in str(env.mistakes)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    assert ".env exists but cannot be read" in _file(tmp_path, b"\xff\xfe").mistakes[0][0]
    (tmp_path / ".env").unlink()
    (tmp_path / ".env").mkdir()  # Docker makes a directory if the file is missing
    env = Environment()
    env.read_file(tmp_path / ".env")
    assert ".env exists but cannot be read: Is a directory." in env.mistakes[0][0]


def test_a_file_that_this_process_may_not_read_is_a_warning(tmp_path):
    """systemd reads root's file and passes its lines in the environment."""
    (tmp_path / ".env").write_text("SECRET_KEY=hush\n")
    (tmp_path / ".env").chmod(0)
    env, user = Environment(), os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        env.read_file(tmp_path / ".env")
    finally:
        os.seteuid(user)
    assert env.mistakes == []
    [(wrong, way_out)] = env.not_read
    assert ".env exists but cannot be read: Permission denied." in wrong
    assert "EnvironmentFile" in way_out


COMMENTS = ["# a comment", "  # an indented one", "\t#", "; as systemd takes it", " ;", "   "]


@pytest.mark.parametrize("line", COMMENTS)
def test_a_comment_is_no_mistake(line, tmp_path):
    assert _file(tmp_path, f"{line}\n").mistakes == []


def test_no_file_is_no_mistake(tmp_path):
    env = Environment()
    env.read_file(tmp_path / ".env")
    assert env.mistakes == []


def test_a_misspelt_name_is_noticed(tmp_path, monkeypatch):
    for name in ("ALOWED_HOSTS", "POSTGRES_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(Environment, "ENVIRON", os.environ)
    env = _file(tmp_path, "ALOWED_HOSTS=callbacks.example.com\nPOSTGRES_PASSWORD=hush\n")
    env.host_patterns("ALLOWED_HOSTS", default="localhost")
    assert env.misspelt() == [("ALOWED_HOSTS", "ALLOWED_HOSTS")]
