"""One table of wrong settings: the variable, a wrong value, what each process says about it.

A row may need other variables beside it. Rows of one variable, or of variables that need each
other, cannot be tried together: `batches` splits the table into as few starts as possible.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CANARY = "hush"  # in every secret below: no process may print it
KEY = f"{CANARY}-0123456789abcdef0123456789abcdef0123456789abcdef"

# Settings of a server, all of them right. DATABASE_URL and REDIS_URL are the tests' own.
GOOD = {
    "SECRET_KEY": f"a1-{KEY}",
    "CDR_SECRET": f"b2-{KEY}",
    "VOICENTER_CODE": f"c3-{KEY}",
    "ALLOWED_HOSTS": "callbacks.example.com",
}
# These variables switch single sign-on and mail on.
SINGLE = {
    "OIDC_ISSUER": "https://id.example.com",
    "OIDC_AUTHORIZATION_URL": "https://id.example.com/authorize",
    "OIDC_TOKEN_URL": "https://id.example.com/token",
    "OIDC_USERINFO_URL": "https://id.example.com/userinfo",
    "OIDC_KEYS_URL": "https://id.example.com/keys",
    "OIDC_CLIENT_ID": "callbacks",
    "OIDC_CLIENT_SECRET": f"d4-{KEY}",
    "OIDC_DOMAINS": "example.com",
}
MAIL = {
    "EMAIL_URL": f"smtp+tls://callbacks:{CANARY}@mail.example.com:587",
    "DEFAULT_FROM_EMAIL": "Callbacks <callbacks@example.com>",
}


@dataclass(frozen=True)
class Wrong:
    """`says` is part of the sentence that names `variable`; `beside` is set with it."""

    variable: str
    value: str
    says: str
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def given(self) -> dict[str, str]:
        # With DEBUG, which is for a working copy, many mistakes are allowed.
        return {"DEBUG": "false", **self.beside, self.variable: self.value}


def _each(says: str, *pairs: tuple[str, str], **beside: Any) -> list[Wrong]:
    return [Wrong(variable, value, f"{variable} {says}", beside) for variable, value in pairs]


FLAGS = _each(
    "is {value}, which is neither true nor false",
    ("HTTPS", "yess"), ("BEHIND_PROXY", "tru"), ("DEBUG", "maybe"), ("VOICENTER_RECORD", "ken"),
    ("WEBHOOKS_TO_LOOPBACK", "2"), ("OIDC_CREATE_USERS", "ja"), ("HSTS_SUBDOMAINS", "all"),
)  # fmt: skip
NUMBERS = [
    *_each(
        "is {value}, which is not a number",
        ("SWEEP_EVERY", "abc"), ("VOICENTER_TIMEOUT", "15s"), ("VOICENTER_CONNECT_TIMEOUT", "3s"),
    ),
    *_each(
        "is {value}, which is not a whole number",
        ("CALLS_A_DAY", "1.5"), ("PORT", "80a"), ("WEB_THREADS", "many"), ("LEAST_TALK", "five"),
        ("WORKER_THREADS", "8 threads"), ("DATABASE_POOL_SIZE", "ten"),
    ),
    *_each(
        "is {bare}, which is out of range",
        ("VOICENTER_TIMEOUT", "0.0"), ("VOICENTER_CONNECT_TIMEOUT", "-1.0"),
        ("VOICENTER_LOG_DELAY", "0.0"), ("PRESENCE_EVERY", "0.5"), ("SWEEP_EVERY", "600.0"),
        ("READY_OLDEST_DUE", "0.0"), ("AUDIT_KEPT_DAYS", "5"), ("LEAST_TALK", "61"),
        ("CALL_GAP", "5.0"), ("CALLS_A_DAY", "11"), ("NEW_CALLS_A_DAY", "11"),
        ("OFFLINE_COOLDOWN", "0.0"), ("MISSED_COOLDOWN", "1.0"), ("UNREACHED_COOLDOWN", "1.0"),
        ("MISSED_IN_A_ROW", "0"), ("MISSED_PAUSE", "59.0"), ("LEAST_FILL_TIME", "11.0"),
        ("STATUS_PAGE_DAYS", "0"),
        ("EMAIL_TIMEOUT", "60.0"), ("MAIL_KEPT_DAYS", "0"),
        ("WEB_CONCURRENCY", "0"), ("WEB_THREADS", "0"), ("WORKER_THREADS", "1000"),
        ("DATABASE_POOL_SIZE", "0"), ("WEB_DRAIN", "61"), ("HSTS_SECONDS", "-1"),
    ),
    Wrong("PORT", "70000", "PORT is 70000, which is not a port number"),
    Wrong("DATABASE_POOL_SIZE", "4", "DATABASE_POOL_SIZE is 4 and WEB_THREADS is 8"),
    Wrong(
        "WORKER_THREADS", "20", "DATABASE_POOL_SIZE is 10 and WORKER_THREADS is 20",
        {"DATABASE_POOL_SIZE": "10"},
    ),
    *(
        Wrong(name, value, f"No call can be made with {name}: ")
        for name, value in (
            ("VOICENTER_PHONE_MAX_DIAL_TIME", "0"), ("VOICENTER_TARGET_MAX_DIAL_TIME", "-1"),
            ("VOICENTER_MAX_DURATION", "1000000"), ("VOICENTER_TARGET_CALLER_ID", "our number"),
        )
    ),
]  # fmt: skip
SECRETS = [
    Wrong("SECRET_KEY", "", "SECRET_KEY is missing"),
    Wrong("SECRET_KEY", f"{CANARY}-short", "SECRET_KEY is too short"),
    Wrong("SECRET_KEY", CANARY * 20, "SECRET_KEY is easy to guess"),
    Wrong("SECRET_KEY_FALLBACKS", f"{CANARY}-earlier", "One of SECRET_KEY_FALLBACKS is too short"),
    Wrong("CDR_SECRET", "", "CDR_SECRET is missing"),
    Wrong("CDR_SECRET", f"{CANARY}-cdr", "CDR_SECRET is too short"),
    Wrong("CDR_SECRET", f"a/path-{KEY}", "CDR_SECRET has characters other than letters"),
    Wrong("CDR_SECRET", GOOD["SECRET_KEY"], "SECRET_KEY and CDR_SECRET are the same", GOOD),
    Wrong("CDR_SECRET_PREVIOUS", f"{CANARY}-before", "CDR_SECRET_PREVIOUS is too short"),
    Wrong("METRICS_TOKEN", f"{CANARY}-token", "METRICS_TOKEN is too short"),
    Wrong("SIGN_IN_KEYS", f"{CANARY}-seal", "A key in SIGN_IN_KEYS has fewer than 32 characters"),
    Wrong("VOICENTER_CODE", "", "VOICENTER_CODE is missing"),
]
HOSTS = [
    Wrong("ALLOWED_HOSTS", "https://x/", "ALLOWED_HOSTS has 'https://x/', which is not the name"),
    Wrong("ALLOWED_HOSTS", "example.com:80", "Write only the name, without https://, port or "
          "path: ALLOWED_HOSTS=example.com"),
    Wrong("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS contains *, so a request can claim any"),
    Wrong("CSRF_TRUSTED_ORIGINS", "example.com", "CSRF_TRUSTED_ORIGINS has 'example.com', which "
          "is not an origin"),
    Wrong("CSRF_TRUSTED_ORIGINS", "https://example.com/", "without a slash or path at the end"),
    Wrong("SITE_URL", "callbacks.example.com", "SITE_URL is not an http or https address"),
    Wrong("HOST", "http://example.com", "HOST is 'http://example.com', which is not the address"),
    Wrong("HOST", "127.0.0.256", "HOST is '127.0.0.256', which is not the address or name"),
    Wrong("RECORDING_HOSTS", "https://x/", "RECORDING_HOSTS is 'https://x/', which is not a list"),
    Wrong("VOICENTER_ADDRESSES", "10.0.0.1/8", "VOICENTER_ADDRESSES is '10.0.0.1/8'"),
    Wrong("TRUSTED_PROXIES", "proxy", "TRUSTED_PROXIES is 'proxy', which is not a list of netw"),
    Wrong("BEHIND_PROXY", "true", "BEHIND_PROXY is set but TRUSTED_PROXIES is not",
          {"TRUSTED_PROXIES": ""}),
    Wrong("RATES_EXEMPT", "office", "RATES_EXEMPT is 'office', which is not a list of networks"),
    Wrong("DEBUG", "true", "DEBUG is on although HTTPS suggests", {"HTTPS": "true"}),
]  # fmt: skip
SERVERS = [
    Wrong("DATABASE_URL", "", "DATABASE_URL is missing"),
    Wrong("DATABASE_URL", f"mysql://user:{CANARY}@h/x", "DATABASE_URL is not a PostgreSQL addr"),
    Wrong("DATABASE_URL", f"postgres://user:{CANARY}@h:port/x", "DATABASE_URL is an address that"),
    Wrong("DATABASE_URL", f"postgres://user:{CANARY}#1@h/x", "DATABASE_URL is an address that"),
    # What follows the @ in the password is not the host, but would be shown as the host.
    Wrong("DATABASE_URL", f"postgres://u:p@{CANARY}/x@h/x", "DATABASE_URL is an address that"),
    Wrong("DATABASE_URL", f"postgres://user:{CANARY}@h", "DATABASE_URL names no database"),
    Wrong("REDIS_URL", "", "REDIS_URL is missing"),
    Wrong("REDIS_URL", f"http://:{CANARY}@h", "REDIS_URL is not a Redis address"),
    Wrong("REDIS_URL", f"redis://:{CANARY}@[::1", "REDIS_URL is an address that cannot be read"),
    Wrong("REDIS_URL", f"redis://:p@{CANARY}/1@h:6379/0", "REDIS_URL is an address that cannot"),
    Wrong("REDIS_URL", f"redis://:{CANARY}@h:6379/cache", "REDIS_URL names a database that is"),
    Wrong("BROKER_URL", f"sqs://key:{CANARY}@h", "BROKER_URL is not the address of Redis or"),
    Wrong("BROKER_URL", f"amqp://u:{CANARY}@h:port//", "BROKER_URL is an address that cannot"),
    Wrong("BROKER_URL", f"amqp://u:p@{CANARY}/1@h//", "BROKER_URL is an address that cannot"),
    Wrong("EMAIL_URL", f"smtp://u:p@{CANARY}/1@h", "EMAIL_URL is not the address of a mail server"),
    Wrong("EMAIL_URL", f"imap://u:{CANARY}@h", "EMAIL_URL is not the address of a mail server"),
    Wrong("DEFAULT_FROM_EMAIL", "Callbacks", "but DEFAULT_FROM_EMAIL is not a valid", MAIL),
    Wrong("VOICENTER_URL", "voicenter.example.com/x", "VOICENTER_URL is not an http or https"),
    Wrong("VOICENTER_METHOD", "POST", "VOICENTER_METHOD is 'POST', which is not allowed"),
    Wrong("VOICENTER_FORMAT", "yaml", "VOICENTER_FORMAT is 'yaml', which is not allowed"),
]  # fmt: skip
WORDS = [
    Wrong("TIME_ZONE", "Mars/Olympus", "TIME_ZONE is 'Mars/Olympus', which is not a known time"),
    Wrong("TIME_ZONE", "../etc/localtime", "TIME_ZONE is '../etc/localtime', which is not a known"),
    Wrong("LOG_LEVEL", "LOUD", "LOG_LEVEL is 'LOUD', which is not allowed"),
    Wrong("LOG_FORMAT", "xml", "LOG_FORMAT is 'xml', which is not allowed"),
    *_each("is not a valid list of waits", ("RETRY_AFTER_NO_ANSWER", "soon"),
           ("RETRY_AFTER_BUSY", "5"), ("RETRY_AFTER_ERROR", "0")),
    *_each("is {value}, which is not a list of rates", ("RATE_ADDRESS", "20"),
           ("RATE_ADDRESS_NUMBERS", "0/d"), ("RATE_NUMBER", "5/30d"), ("RATE_SOURCE", "much"),
           ("RATE_KEYLESS", "1/w"), ("RATE_COUNTRY", "-1/d"), ("RATE_NEVER_CALL", "5 an hour"),
           ("RATE_MAIL", "2"), ("RATE_MAILS", "many"), ("RATE_CHANGES", "6/10"),
           ("RATE_READINGS", "60"),
           ("RATE_ADDRESS_REFUSED", "100")),
    Wrong("RATE_ADDRESS_REFUSED", "20/10m", "RATE_ADDRESS_REFUSED allows 20 in 600 seconds",
          {"RATE_ADDRESS": "20/10m"}),
    *_each("is {value}, which is not two times of day", ("NEW_CALLING_HOURS", "21:00-08:00")),
    Wrong("NEW_CALLING_HOURS", "08:00", "NEW_CALLING_HOURS is '08:00', which is not two times"),
]  # fmt: skip
SIGNING_IN = [
    Wrong("SESSION_IDLE", "400", "SESSION_IDLE and SESSION_LONGEST must be hours above 0"),
    Wrong("SESSION_LONGEST", "nan", "SESSION_LONGEST is 'nan', which is not a number"),
    Wrong("DEAR_SESSION_IDLE", "0", "DEAR_SESSION_IDLE and DEAR_SESSION_LONGEST must be hours"),
    Wrong("DEAR_SESSION_LONGEST", "400", "are for people with the most rights",
          {"SESSION_LONGEST": "336"}),
    *(
        Wrong(name, "id.example.com", f"{name} is not an https address", SINGLE)
        for name in ("OIDC_ISSUER", "OIDC_AUTHORIZATION_URL", "OIDC_TOKEN_URL",
                     "OIDC_USERINFO_URL", "OIDC_KEYS_URL")
    ),
    *(
        Wrong(name, "", f"{name} is empty, but single sign-on needs it", SINGLE)
        for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_DOMAINS")
    ),
    Wrong("OIDC_SCOPES", "profile", "OIDC_SCOPES lacks openid or email", SINGLE),
    Wrong("OIDC_DOMAINS", "https://x/", "OIDC_DOMAINS is 'https://x/', which is not a list of"),
    Wrong("OIDC_GROUPS", "admins", "OIDC_GROUPS is 'admins', which is not a list of pairs"),
]  # fmt: skip

TABLE = [*FLAGS, *NUMBERS, *SECRETS, *HOSTS, *SERVERS, *WORDS, *SIGNING_IN]

# The simulator complains like any command that is used wrongly, and names the option.
OF_THE_SIMULATOR = [
    Wrong("SIMULATOR_PORT", "many", "argument --port: not a port"),
    Wrong("SIMULATOR_MAIL_PORT", "many", "argument --mail-port: not a port"),
    Wrong("SIMULATOR_CDR_URL", "here", "argument --cdr-url: address must be an http or https"),
    Wrong("SIMULATOR_POPUP_URL", "here", "argument --popup-url: address must be an http or https"),
    Wrong("SIMULATOR_AI_DATA", "french", "argument --ai-data: ai_data must be one of"),
    Wrong("SIMULATOR_CONTROL", "{", "argument --control: not valid JSON"),
]

# Variables without a row, each with the reason.
FREE = {
    "OIDC_NAME": "any text is a name",
    "OIDC_GROUPS_CLAIM": "any text can be a claim of the provider's",
    "SECOND_FACTOR_GROUPS": "names of groups, which stand in the database",
    "SIMULATOR_EXTENSIONS": "any text names a phone of the simulator",
    "DATA_DIR": "any path: `make run` makes it",
    "POSTGRES_PASSWORD": "docker compose reads it; in DATABASE_URL it has its rows",
    "REDIS_PASSWORD": "docker compose reads it; in REDIS_URL it has its rows",
    "WEB_PORT": "docker compose reads it, and refuses it itself",
    "LOCK": "docker compose reads it, while the image is built",
    "PYTHON_IMAGE": "docker compose reads it, while the image is built",
    "POSTGRES_IMAGE": "docker compose reads it, and refuses it itself",
    "REDIS_IMAGE": "docker compose reads it, and refuses it itself",
    "CADDY_IMAGE": "docker compose reads it, and refuses it itself",
    "WEB_MEMORY": "docker compose reads it, and refuses it itself",
    "WORKER_MEMORY": "docker compose reads it, and refuses it itself",
    "BEAT_MEMORY": "docker compose reads it, and refuses it itself",
    "POSTGRES_MEMORY": "docker compose reads it, and refuses it itself",
    "REDIS_MEMORY": "docker compose reads it, and refuses it itself",
    "SITE_HOST": "docker compose reads it, for Caddy, which refuses it itself",
    "SHOP_PORT": "`make run` reads it: tests/localrun/test_run.py",
    "SHOP_CALLBACKS": "`make run` fills it in",
}


def sentence(row: Wrong) -> str:
    """What a process says about the row."""
    return row.says.replace("{value}", repr(row.value)).replace("{bare}", row.value)


def batches() -> list[list[Wrong]]:
    """The table in as few parts as possible, with only one value for a variable in each part."""
    parts: list[tuple[dict[str, str], list[Wrong]]] = []
    for row in TABLE:
        fitting = (part for part in parts if _fits(part[0], row.given))
        part = next(fitting, None)
        if part is None:
            part = {}, []
            parts.append(part)
        part[0].update(row.given)
        part[1].append(row)
    return [rows for _, rows in parts]


def _fits(given: Mapping[str, str], more: Mapping[str, str]) -> bool:
    return all(given.get(name, value) == value for name, value in more.items())
