from ipaddress import ip_network

import pytest

from callbacks.config.checks import check_settings
from callbacks.policy.from_settings import in_settings
from callbacks.policy.rules import Policy
from leads.guard.rate import Rate

LONG = "0123456789abcdef0123456789abcdef"
GOOD = {
    "DEBUG": False,
    "SECRET_KEY": LONG * 2,
    "SECRET_KEY_FALLBACKS": [],
    "ALLOWED_HOSTS": ["callbacks.example.com"],
    "SITE_URL": "",
    "BEHIND_PROXY": False,
    "TRUSTED_PROXIES": [],
    "RATE_ADDRESS": (Rate(20, 600), Rate(100, 86_400)),
    "RATE_ADDRESS_REFUSED": (Rate(100, 600),),
    "VOICENTER_URL": "https://voicenter.example.com/ForwardDialer/click2call.aspx",
    "VOICENTER_CODE": "the-code",
    "VOICENTER_METHOD": "post",
    "VOICENTER_FORMAT": "json",
    "VOICENTER_CONNECT_TIMEOUT": 3.0,
    "VOICENTER_TIMEOUT": 15.0,
    "CDR_SECRET": LONG,
    "CDR_SECRET_PREVIOUS": "",
    "DATABASE_URL": "postgres://user:password@db.example.com/callbacks",
    "REDIS_URL": "redis://:password@redis.example.com:6379/0",
    "BROKER_URL": "redis://:password@redis.example.com:6379/0",
    "UNREADABLE": [],
    "NOT_READ": [],
    "SWEEP_EVERY": 5.0,
    "METRICS_TOKEN": "",
    "READY_OLDEST_DUE": 900.0,
    "AUDIT_KEPT_DAYS": 1095,
    "STATUS_PAGE_DAYS": 30,
    "LOG_FORMAT": "json",
    "RETRY_AFTER_NO_ANSWER": in_settings(Policy().after_no_answer),
    "RETRY_AFTER_ERROR": in_settings(Policy().after_error),
    "PRESENCE_EVERY": 5.0,
    "CALL_GAP": 60.0,
    "CALLS_A_DAY": 8,
    "NEW_CALLS_A_DAY": 3,
    "OFFLINE_COOLDOWN": 120.0,
    "MISSED_COOLDOWN": 60.0,
    "MISSED_IN_A_ROW": 3,
    "MISSED_PAUSE": 900.0,
    "LEAST_TALK": 5,
}

CASES = [
    ("all is well", {}, []),
    (
        "no call is as long as a talk",
        {"LEAST_TALK": 30, "VOICENTER_MAX_DURATION": 30},
        ["W002", "W003"],
    ),
    ("the log is slower than calls are long", {"VOICENTER_MAX_DURATION": 120}, ["W003"]),
    ("just as slow", {"VOICENTER_MAX_DURATION": 180}, []),
    ("a pause like any other miss", {"MISSED_PAUSE": 60.0, "MISSED_COOLDOWN": 90.0}, ["W004"]),
    ("a talk longer than any is asked to be", {"LEAST_TALK": 61}, ["E025"]),
    ("a pause of seconds", {"MISSED_PAUSE": 59.0, "MISSED_COOLDOWN": 10.0}, ["E023"]),
    ("a busy phone is rung at once", {"UNREACHED_COOLDOWN": 0.0}, ["E023"]),
    ("busy lines without a gap", {"RETRY_AFTER_BUSY": ["5"]}, ["E021"]),
    ("no key", {"SECRET_KEY": "unset"}, ["E001"]),
    ("a short key", {"SECRET_KEY": "x" * 49}, ["E001"]),
    ("a key of one sign", {"SECRET_KEY": "x" * 60}, ["E001"]),
    ("a key of a few signs", {"SECRET_KEY": "abc123" * 10}, ["E001"]),
    ("Django's own for a new project", {"SECRET_KEY": f"django-insecure-{LONG * 2}"}, ["E001"]),
    ("a key from an example", {"SECRET_KEY": f"change-me-{LONG * 2}"}, ["E001"]),
    ("an easy key before it", {"SECRET_KEY_FALLBACKS": ["x" * 60]}, ["E001"]),
    ("any host", {"ALLOWED_HOSTS": ["*"]}, ["E061"]),
    ("an easy secret", {"CDR_SECRET": "ab" * 20}, ["E008"]),
    ("an easy one before it", {"CDR_SECRET_PREVIOUS": "x" * 40}, ["E008", "W060"]),
    ("a good one before it", {"CDR_SECRET_PREVIOUS": LONG[::-1]}, ["W060"]),
    ("an easy token", {"METRICS_TOKEN": "0" * 40}, ["E030"]),
    ("one secret for two", {"METRICS_TOKEN": LONG}, ["E060"]),
    ("one code for two", {"VOICENTER_CODE": LONG}, ["E060"]),
    ("an empty key", {"SECRET_KEY": ""}, ["E001"]),
    ("debugging on a public site", {"DEBUG": True, "HTTPS": True}, ["E014"]),
    ("debugging at home", {"DEBUG": True, "HTTPS": False}, []),
    ("no key needed while debugging", {"SECRET_KEY": "unset", "DEBUG": True}, []),
    ("a proxy of no address", {"BEHIND_PROXY": True}, ["E040"]),
    ("a proxy at home", {"BEHIND_PROXY": True, "DEBUG": True, "HTTPS": False}, []),
    (
        "a proxy that is trusted",
        {"BEHIND_PROXY": True, "TRUSTED_PROXIES": [ip_network("127.0.0.1")]},
        [],
    ),
    ("refused before it is held", {"RATE_ADDRESS_REFUSED": (Rate(20, 600),)}, ["E041"]),
    ("nothing is refused", {"RATE_ADDRESS_REFUSED": ()}, []),
    ("no host", {"ALLOWED_HOSTS": []}, ["E002"]),
    ("the site's address", {"SITE_URL": "https://callbacks.example.com"}, []),
    ("the site's address without scheme", {"SITE_URL": "callbacks.example.com"}, ["E034"]),
    ("the site's address with a bad port", {"SITE_URL": "https://example.com:port"}, ["E034"]),
    ("provider without scheme", {"VOICENTER_URL": "voicenter.example.com/x"}, ["E003"]),
    ("provider by ftp", {"VOICENTER_URL": "ftp://voicenter.example.com/x"}, ["E003"]),
    ("provider with parameters", {"VOICENTER_URL": "https://example.com/x?code=1"}, ["E003"]),
    ("provider with a bad port", {"VOICENTER_URL": "https://example.com:port/x"}, ["E003"]),
    ("provider without host", {"VOICENTER_URL": "https:///x"}, ["E003"]),
    ("provider without TLS", {"VOICENTER_URL": "http://example.com/x"}, ["W001"]),
    ("simulator without TLS", {"VOICENTER_URL": "http://127.0.0.1:8010/x"}, []),
    ("simulator by name", {"VOICENTER_URL": "http://localhost:8010/x"}, []),
    ("no code", {"VOICENTER_CODE": " "}, ["E004"]),
    ("unknown method", {"VOICENTER_METHOD": "POST"}, ["E005"]),
    ("unknown format", {"VOICENTER_FORMAT": "yaml"}, ["E006"]),
    ("no time to read", {"VOICENTER_TIMEOUT": 0.0}, ["E007"]),
    ("hours to read", {"VOICENTER_TIMEOUT": 7200.0}, ["E007"]),
    ("no number to read", {"VOICENTER_TIMEOUT": float("nan")}, ["E007"]),
    ("no time to connect", {"VOICENTER_CONNECT_TIMEOUT": -1.0}, ["E007"]),
    ("a log without delay", {"VOICENTER_LOG_DELAY": 0.0}, ["E020"]),
    ("a log after hours", {"VOICENTER_LOG_DELAY": 7200.0}, ["E020"]),
    ("presence never asked", {"PRESENCE_EVERY": 0.0}, []),
    ("presence all the time", {"PRESENCE_EVERY": 0.5}, ["E024"]),
    ("presence of long ago", {"PRESENCE_EVERY": 61.0}, ["E024"]),
    ("presence before now", {"PRESENCE_EVERY": -5.0}, ["E024"]),
    ("no number for presence", {"PRESENCE_EVERY": float("nan")}, ["E024"]),
    ("no secret", {"CDR_SECRET": ""}, ["E008"]),
    ("short secret", {"CDR_SECRET": LONG[:31]}, ["E008"]),
    ("secret that is no path", {"CDR_SECRET": f"{LONG}/x"}, ["E008"]),
    ("no database", {"DATABASE_URL": ""}, ["E009"]),
    ("another database", {"DATABASE_URL": "sqlite:///db.sqlite3"}, ["E009"]),
    ("no redis", {"REDIS_URL": "", "BROKER_URL": ""}, ["E010"]),
    (
        "redis by http",
        {"REDIS_URL": "http://redis.example.com", "BROKER_URL": "http://redis.example.com"},
        ["E010"],
    ),
    ("redis with TLS", {"REDIS_URL": "rediss://redis.example.com"}, []),
    ("RabbitMQ", {"BROKER_URL": "amqp://user:password@rabbit.example.com:5672//"}, []),
    ("RabbitMQ with TLS", {"BROKER_URL": "amqps://user:password@rabbit.example.com/vhost"}, []),
    ("another broker", {"BROKER_URL": "sqs://key:secret@example.com"}, ["E031"]),
    ("RabbitMQ without host", {"BROKER_URL": "amqp://"}, ["E031"]),
    ("no sweep", {"SWEEP_EVERY": 0.0}, ["E012"]),
    ("a rare sweep", {"SWEEP_EVERY": 600.0}, ["E012"]),
    ("a token", {"METRICS_TOKEN": LONG[::-1]}, []),
    ("a short token", {"METRICS_TOKEN": LONG[:31]}, ["E030"]),
    ("a token that is no header", {"METRICS_TOKEN": f"{LONG}\u05d0"}, ["E030"]),
    ("unknown log format", {"LOG_FORMAT": "xml"}, ["E032"]),
    ("an audit that is not kept for a year", {"AUDIT_KEPT_DAYS": 365}, ["E035"]),
    ("an audit that is kept for ever", {"AUDIT_KEPT_DAYS": 40_000}, ["E035"]),
    ("pages that are never shown", {"STATUS_PAGE_DAYS": 0}, ["E043"]),
    ("pages that are shown for ever", {"STATUS_PAGE_DAYS": 4_000}, ["E043"]),
    ("no patience", {"READY_OLDEST_DUE": 0.0}, ["E033"]),
    ("patience that is no number", {"READY_OLDEST_DUE": float("nan")}, ["E033"]),
    ("no retry after no answer", {"RETRY_AFTER_NO_ANSWER": []}, ["E021"]),
    ("retries in words", {"RETRY_AFTER_NO_ANSWER": ["soon"]}, ["E021"]),
    ("a retry at once", {"RETRY_AFTER_NO_ANSWER": ["59"]}, ["E021"]),
    ("a retry next year", {"RETRY_AFTER_NO_ANSWER": ["31536000"]}, ["E021"]),
    ("a retry never", {"RETRY_AFTER_NO_ANSWER": ["inf"]}, ["E021"]),
    ("a retry at no number", {"RETRY_AFTER_NO_ANSWER": ["nan"]}, ["E021"]),
    ("twenty retries", {"RETRY_AFTER_NO_ANSWER": ["opening"] * 20}, ["E021"]),
    ("an error that waits for an opening", {"RETRY_AFTER_ERROR": ["opening"]}, ["E021"]),
    ("errors without a wait", {"RETRY_AFTER_ERROR": ["0"]}, ["E021"]),
    ("calls right after one another", {"CALL_GAP": 59.0}, ["E022"]),
    ("no number for a gap", {"CALL_GAP": float("nan")}, ["E022"]),
    ("eleven calls a day", {"CALLS_A_DAY": 11}, ["E022"]),
    ("no calls", {"CALLS_A_DAY": 0}, ["E022"]),
    ("eleven calls a day for new sources", {"NEW_CALLS_A_DAY": 11}, ["E022"]),
    ("offline and rung again at once", {"OFFLINE_COOLDOWN": 0.0}, ["E023"]),
    ("missed and rung again at once", {"MISSED_COOLDOWN": 1.0}, ["E023"]),
    ("missed for ever", {"MISSED_IN_A_ROW": 1000}, ["E023"]),
]


def found(settings, changed):
    for name, value in {**GOOD, **changed}.items():
        setattr(settings, name, value)
    return check_settings(None)


@pytest.mark.parametrize(
    ("changed", "numbers"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_it_names_the_mistake_and_the_way_out(settings, changed, numbers):
    messages = found(settings, changed)
    assert [message.id for message in messages] == [f"callbacks.{number}" for number in numbers]
    assert all(message.hint for message in messages)


def test_it_names_all_mistakes_at_once(settings):
    messages = found(settings, {"SECRET_KEY": "unset", "CDR_SECRET": "", "SWEEP_EVERY": 0.0})
    assert {message.id for message in messages} >= {"callbacks.E001", "callbacks.E008"}
    assert len(messages) == 3


def test_no_message_shows_a_secret(settings):
    secrets = {
        "SECRET_KEY": "hush-1",
        "CDR_SECRET": "hush-2",
        "DATABASE_URL": "mysql://user:hush-3@db.example.com/x",
        "REDIS_URL": "http://:hush-4@redis.example.com",
        "BROKER_URL": "http://:hush-6@broker.example.com",
        "VOICENTER_URL": "ftp://user:hush-5@example.com/",
        "METRICS_TOKEN": "hush-7",
    }
    assert not any("hush" in f"{message}" for message in found(settings, secrets))


def test_django_runs_them():
    from django.core.checks.registry import registry

    assert check_settings in registry.get_checks()
