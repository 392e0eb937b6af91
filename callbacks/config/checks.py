"""System checks of the settings. Each message says what to do. `manage.py check` runs them.

`callbacks.config.apps.ConfigConfig` registers them, with the tag SETTINGS. No process starts while
one of them reports an error (`callbacks.config.start`). A working copy needs no key, host names or
account code, so those are checked only when DEBUG is off.

E001, E002, E008, E014, E030, E060, E061, W060 callbacks.config.secret_checks
E003 VOICENTER_URL       E005 VOICENTER_METHOD    E009 DATABASE_URL
E004 VOICENTER_CODE      E006 VOICENTER_FORMAT    E010 REDIS_URL
E007 a timeout           E012 SWEEP_EVERY
E013 VOICENTER_... call parameters                E015 values that cannot be read
E020 VOICENTER_LOG_DELAY E024 PRESENCE_EVERY
E021 RETRY_...           E022 CALL_GAP, ..._A_DAY        E023 when an extension rests
E025 LEAST_TALK
E031 BROKER_URL          E032 LOG_FORMAT
E033 READY_OLDEST_DUE    E034 SITE_URL            E035 AUDIT_KEPT_DAYS
E040 TRUSTED_PROXIES     E041 RATE_ADDRESS_REFUSED
E042 LEAST_FILL_TIME     E043 STATUS_PAGE_DAYS
E050, E051, W010 callbacks.config.mail_checks
E062-E064, W061 callbacks.config.sign_in_checks
E070-E072 callbacks.config.process_checks
W070 callbacks.config.catalog_checks
W080-W082 callbacks.config.deploy_checks, for `check --deploy` only
W001 VOICENTER_URL without TLS
W002 LEAST_TALK beside VOICENTER_MAX_DURATION    W003 VOICENTER_LOG_DELAY beside the longest call
W004 MISSED_PAUSE beside MISSED_COOLDOWN        W005 a name in .env that no setting has
W006 a .env file that this process may not read
"""

import ipaddress
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error

from callbacks.config import addresses, broker, logs, secret_checks
from callbacks.config.tags import SETTINGS
from callbacks.policy import from_settings, rules
from callbacks.telephony import account
from leads import expiry
from leads.guard import robots

METHODS = ("post", "post-json", "get")
FORMATS = ("json", "xml")
LONGEST_TIMEOUT = 120.0  # seconds that a worker waits for one answer
LONGEST_LOG_DELAY = 3600.0
LEAST_PRESENCE_EVERY, LONGEST_PRESENCE_EVERY = 1.0, 60.0
LEAST_AUDIT_KEPT, LONGEST_AUDIT_KEPT = 366, 36_525


@checks.register(SETTINGS)
def check_settings(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - the settings belong to no single application
    **kwargs: object,  # noqa: ARG001
) -> list[CheckMessage]:
    """Reports every mistake in the settings at once. No message shows a secret."""
    return [
        *_unreadable(),
        *secret_checks.found(),
        *_site(),
        *_provider(),
        *_timeouts(),
        *_servers(),
        *_times(),
        *_policy(),
        *_watching(),
        *_rates(),
        *_robots(),
    ]


def _unreadable() -> Iterator[CheckMessage]:
    for wrong, way_out in settings.UNREADABLE:
        yield Error(wrong, hint=way_out, id="callbacks.E015")
    for wrong, way_out in settings.NOT_READ:
        yield checks.Warning(wrong, hint=way_out, id="callbacks.W006")
    for name, meant in settings.MISSPELT:
        yield checks.Warning(
            f".env sets {name}, but there is no setting with that name.",
            hint=f"Write {meant} if that is what you mean, or remove the line.",
            id="callbacks.W005",
        )


def _site() -> Iterator[CheckMessage]:
    if settings.SITE_URL and not addresses.is_site(settings.SITE_URL):
        yield Error(
            "SITE_URL is not an http or https address, so links in mail would lead nowhere.",
            hint="Set SITE_URL=https://callbacks.example.com, or leave it empty.",
            id="callbacks.E034",
        )
    if not settings.DEBUG and settings.BEHIND_PROXY and not settings.TRUSTED_PROXIES:
        yield Error(
            "BEHIND_PROXY is set but TRUSTED_PROXIES is not, so all visitors would appear to "
            "share the proxy's address and would be held and locked out together.",
            hint=(
                "Set TRUSTED_PROXIES to the proxy's address or network, as this server sees it: "
                "TRUSTED_PROXIES=127.0.0.1 for a proxy on this machine, "
                "TRUSTED_PROXIES=10.0.0.0/8 for one in that network. Separate several with "
                "commas."
            ),
            id="callbacks.E040",
        )


def _provider() -> Iterator[CheckMessage]:
    url = addresses.split(settings.VOICENTER_URL)
    if url is None or url.scheme not in {"http", "https"} or not url.hostname or url.query:
        yield Error(
            "VOICENTER_URL is not an http or https address without parameters.",
            hint="Set it to the click2call address, without parameters: VOICENTER_URL="
            "https://api.voicenter.co.il/ForwardDialer/click2call.aspx",
            id="callbacks.E003",
        )
    elif url.scheme == "http" and not _is_local(url.hostname):
        yield checks.Warning(
            "VOICENTER_URL is not https, so others on the network can read the account's code.",
            hint="Write https:// in VOICENTER_URL.",
            id="callbacks.W001",
        )
    if not settings.DEBUG and not settings.VOICENTER_CODE.strip():
        yield Error(
            "VOICENTER_CODE is missing, so the provider would refuse every call.",
            hint="Set VOICENTER_CODE to the code of your Voicenter account.",
            id="callbacks.E004",
        )
    for name, problem in account.settings_problems():
        yield Error(
            f"No call can be made with {name}: {problem}.",
            hint=f"Correct {name}, or leave it empty (.env.example explains it).",
            id="callbacks.E013",
        )
    yield from _one_of("VOICENTER_METHOD", METHODS, "callbacks.E005")
    yield from _one_of("VOICENTER_FORMAT", FORMATS, "callbacks.E006")


def _one_of(name: str, allowed: tuple[str, ...], number: str) -> Iterator[CheckMessage]:
    value = getattr(settings, name)
    if value not in allowed:
        yield Error(
            f"{name} is {value!r}, which is not allowed.",
            hint=f"Set {name} to one of these: {', '.join(allowed)}.",
            id=number,
        )


def _timeouts() -> Iterator[CheckMessage]:
    for name in ("VOICENTER_CONNECT_TIMEOUT", "VOICENTER_TIMEOUT"):
        seconds = getattr(settings, name)
        if not 0 < seconds <= LONGEST_TIMEOUT:
            yield Error(
                f"{name} is {seconds}, which is out of range.",
                hint=f"Set {name} to a number of seconds above 0 and up to {LONGEST_TIMEOUT:g}.",
                id="callbacks.E007",
            )
    if not 0 < settings.VOICENTER_LOG_DELAY <= LONGEST_LOG_DELAY:
        yield Error(
            f"VOICENTER_LOG_DELAY is {settings.VOICENTER_LOG_DELAY}, which is out of range.",
            hint=(
                "Set VOICENTER_LOG_DELAY to a number of seconds above 0 and up to "
                f"{LONGEST_LOG_DELAY:g}. If it is too short, a lead who has already talked with "
                "a salesperson is called again."
            ),
            id="callbacks.E020",
        )
    every = settings.PRESENCE_EVERY
    if every and not LEAST_PRESENCE_EVERY <= every <= LONGEST_PRESENCE_EVERY:
        yield Error(
            f"PRESENCE_EVERY is {every}, which is out of range.",
            hint=(
                f"Set PRESENCE_EVERY to a number of seconds from {LEAST_PRESENCE_EVERY:g} to "
                f"{LONGEST_PRESENCE_EVERY:g}, or to 0 if the provider should never be asked who "
                "is on a call."
            ),
            id="callbacks.E024",
        )


def _servers() -> Iterator[CheckMessage]:
    if wrong := addresses.database_problem(settings.DATABASE_URL):
        yield Error(
            f"DATABASE_URL {wrong}.",
            hint="Set DATABASE_URL=postgres://user:password@host:5432/name, "
            f"{addresses.ESCAPES}, or start the embedded server with `make run` and leave it "
            "running.",
            id="callbacks.E009",
        )
    redis, both = broker.REDIS_SCHEMES, broker.REDIS_SCHEMES | broker.AMQP_SCHEMES
    if wrong := addresses.broker_problem(settings.REDIS_URL, redis, "a Redis address"):
        yield Error(
            f"REDIS_URL {wrong}.",
            hint="Set REDIS_URL=redis://:password@host:6379/0 (rediss:// with TLS), "
            f"{addresses.ESCAPES}, or start the embedded server with `make run` and leave it "
            "running.",
            id="callbacks.E010",
        )
    if settings.BROKER_URL == settings.REDIS_URL:
        return
    what = "the address of Redis or RabbitMQ"
    if wrong := addresses.broker_problem(settings.BROKER_URL, both, what):
        yield Error(
            f"BROKER_URL {wrong}.",
            hint="Leave BROKER_URL empty to use REDIS_URL, or set it to "
            f"amqp://user:password@host:5672/vhost, {addresses.ESCAPES}.",
            id="callbacks.E031",
        )


def _times() -> Iterator[CheckMessage]:
    if not 0 < settings.SWEEP_EVERY <= 60:
        yield Error(
            f"SWEEP_EVERY is {settings.SWEEP_EVERY}, which is out of range.",
            hint=(
                "Set SWEEP_EVERY to a number of seconds above 0 and up to 60. It limits how late "
                "a lead is called if its wake-up was lost."
            ),
            id="callbacks.E012",
        )


def _watching() -> Iterator[CheckMessage]:
    yield from _one_of("LOG_FORMAT", logs.FORMATS, "callbacks.E032")
    if not LEAST_AUDIT_KEPT <= settings.AUDIT_KEPT_DAYS <= LONGEST_AUDIT_KEPT:
        yield Error(
            f"AUDIT_KEPT_DAYS is {settings.AUDIT_KEPT_DAYS}, which is out of range.",
            hint=f"Set AUDIT_KEPT_DAYS to a number of days from {LEAST_AUDIT_KEPT} to "
            f"{LONGEST_AUDIT_KEPT}.",
            id="callbacks.E035",
        )
    if not settings.READY_OLDEST_DUE > 0:
        yield Error(
            f"READY_OLDEST_DUE is {settings.READY_OLDEST_DUE}, which is out of range.",
            hint=(
                "Set READY_OLDEST_DUE to how many seconds a due lead may wait before /readyz "
                "reports it, for example 900."
            ),
            id="callbacks.E033",
        )


def _rates() -> Iterator[CheckMessage]:
    """An address must not be refused before its requests would be held."""
    held = settings.RATE_ADDRESS
    for refused in settings.RATE_ADDRESS_REFUSED:
        if any(it.limit >= refused.limit and it.seconds <= refused.seconds for it in held):
            yield Error(
                f"RATE_ADDRESS_REFUSED allows {refused.limit} in {refused.seconds} seconds, "
                "which is no more than RATE_ADDRESS allows.",
                hint=(
                    "Set RATE_ADDRESS_REFUSED well above RATE_ADDRESS. Everybody in one office "
                    "shares an address, and their requests should be held rather than refused."
                ),
                id="callbacks.E041",
            )


def _robots() -> Iterator[CheckMessage]:
    yield from _between("LEAST_FILL_TIME", 0, robots.LONGEST_LEAST, "callbacks.E042")
    yield from _between("STATUS_PAGE_DAYS", expiry.LEAST, expiry.LONGEST, "callbacks.E043")


def _policy() -> Iterator[CheckMessage]:
    """Settings beyond the policy's hard bounds, which the engine enforces whatever is set."""
    defaults = rules.Policy()
    yield from _waits("RETRY_AFTER_NO_ANSWER", rules.LEAST_GAP, defaults.after_no_answer)
    yield from _waits("RETRY_AFTER_BUSY", rules.LEAST_GAP, defaults.after_busy)
    yield from _waits("RETRY_AFTER_ERROR", rules.LEAST_ERROR_WAIT, defaults.after_error)
    gap = rules.LEAST_GAP.total_seconds(), rules.LONGEST_GAP.total_seconds()
    yield from _between("CALL_GAP", *gap, "callbacks.E022")
    yield from _between("CALLS_A_DAY", 1, rules.MAX_CALLS_A_DAY, "callbacks.E022")
    yield from _between("NEW_CALLS_A_DAY", 0, rules.MAX_CALLS_A_DAY, "callbacks.E022")
    rest = rules.LEAST_COOLDOWN.total_seconds(), rules.LONGEST_COOLDOWN.total_seconds()
    yield from _between("OFFLINE_COOLDOWN", *rest, "callbacks.E023")
    yield from _between("MISSED_COOLDOWN", *rest, "callbacks.E023")
    yield from _between("UNREACHED_COOLDOWN", *rest, "callbacks.E023")
    yield from _between("MISSED_IN_A_ROW", 1, rules.MAX_MISSED, "callbacks.E023")
    pause = rules.LEAST_PAUSE.total_seconds(), rules.LONGEST_PAUSE.total_seconds()
    yield from _between("MISSED_PAUSE", *pause, "callbacks.E023")
    yield from _between("LEAST_TALK", 0, rules.MOST_LEAST_TALK, "callbacks.E025")
    yield from _together()


def _together() -> Iterator[CheckMessage]:
    """Settings that are each in range but do not work together."""
    longest = settings.VOICENTER_MAX_DURATION
    if longest and longest <= settings.LEAST_TALK:
        yield checks.Warning(
            f"No call can last as long as LEAST_TALK ({settings.LEAST_TALK} s), because "
            f"VOICENTER_MAX_DURATION is {longest} s.",
            hint=(
                "Set LEAST_TALK below VOICENTER_MAX_DURATION. Otherwise no lead ever counts as "
                "reached."
            ),
            id="callbacks.W002",
        )
    ringing = settings.VOICENTER_PHONE_MAX_DIAL_TIME + settings.VOICENTER_TARGET_MAX_DIAL_TIME
    if longest and ringing + longest + 60 < settings.VOICENTER_LOG_DELAY:
        yield checks.Warning(
            f"VOICENTER_LOG_DELAY ({settings.VOICENTER_LOG_DELAY:g} s) is longer than any call, "
            "so an extension is reserved longer for a lost answer than for a real call.",
            hint="Lower VOICENTER_LOG_DELAY to what the provider's log really needs, or raise "
            "VOICENTER_MAX_DURATION.",
            id="callbacks.W003",
        )
    if settings.MISSED_PAUSE < settings.MISSED_COOLDOWN:
        yield checks.Warning(
            f"MISSED_PAUSE ({settings.MISSED_PAUSE:g} s) is shorter than MISSED_COOLDOWN "
            f"({settings.MISSED_COOLDOWN:g} s), so too many missed calls have no effect.",
            hint="Set MISSED_PAUSE to more seconds than MISSED_COOLDOWN.",
            id="callbacks.W004",
        )


def _waits(name: str, least: timedelta, example: Sequence[rules.Wait]) -> Iterator[CheckMessage]:
    try:
        waits = from_settings.waits(getattr(settings, name))
    except (ValueError, OverflowError):
        waits = []
    allowed = {rules.OPENING} if name == "RETRY_AFTER_NO_ANSWER" else set()
    most = rules.MAX_ATTEMPTS - 1
    good = all(it in allowed or _is_wait(it, least) for it in waits)
    if not (good and 0 < len(waits) <= most):
        yield Error(
            f"{name} is not a valid list of waits.",
            hint=f"Set {name} to 1 to {most} numbers of seconds, each from "
            f"{least.total_seconds():g} to {rules.LONGEST_WAIT.total_seconds():g}, separated "
            f"by commas: {name}={','.join(from_settings.in_settings(example))}",
            id="callbacks.E021",
        )


def _is_wait(wait: rules.Wait, least: timedelta) -> bool:
    return isinstance(wait, timedelta) and least <= wait <= rules.LONGEST_WAIT


def _between(name: str, least: float, most: float, number: str) -> Iterator[CheckMessage]:
    value = getattr(settings, name)
    if not least <= value <= most:
        yield Error(
            f"{name} is {value}, which is out of range.",
            hint=f"Set {name} to a number from {least:g} to {most:g}.",
            id=number,
        )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
