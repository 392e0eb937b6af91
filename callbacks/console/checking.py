"""`voicenter check`: checks everything that a call needs. It rings nobody and changes nothing.

It checks settings, connection, code and address, extensions and records, in this order. It stops at
the first failure and exits with that failure's code. The account's code is sent only after
VOICENTER_URL has answered as Click2Call does.
"""

import argparse
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
import requests
from django.conf import settings
from django.core import checks
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from callbacks.console.exits import Exit, Stop
from callbacks.console.output import Output, cell
from callbacks.console.steps import CheckStep, Result, failure
from callbacks.extensions import account_import
from callbacks.models import CallAttempt, CallRecord, Extension
from callbacks.telephony import account as provider_account
from callbacks.telephony import post_secrets
from callbacks.voicenter import (
    CLICK2CALL_TYPES,
    CallLogSearch,
    ConfigurationError,
    InvalidCall,
    TooManyRequests,
    VoicenterError,
)
from callbacks.voicenter.click2call.probe import probe

_NO_CODE = "callbacks.E004"
_OF_THE_PROVIDER = {f"callbacks.E{number:03}" for number in (3, 4, 5, 6, 7, 8, 13, 15, 30, 60)}
_WARNINGS = {"callbacks.W001"}
_MOST_NAMED = 10
_WIDTH = 96
_SITE_TIMEOUTS = (3.0, 10.0)  # seconds to connect, to read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of check."""
    parser.add_argument(
        "--site",
        metavar="URL",
        help="this site's public address, like https://callbacks.example.com: also check whether "
        "it accepts call records",
    )


def run(given: Mapping[str, Any], output: Output) -> None:
    """Runs the checks in order. Raises Stop with the exit code of the first failure."""
    steps: list[CheckStep] = []
    for name, look in _LOOKS.items():
        if any(step.result is Result.FAILED for step in steps):
            steps.append(CheckStep(name, Result.SKIPPED, "Not checked."))
            continue
        for step in look(name, given):
            steps.append(step)
            _say(step, output)
    shown = [_shown(step) for step in steps]
    failed = next((step for step in steps if step.result is Result.FAILED), None)
    if failed:
        words = f"The check of {failed.name} failed. Later checks were not run."
        raise Stop(failed.exit, words, failed.reason, {"checks": shown})
    output.document(ok=True, exit_code=Exit.DONE.value, checks=shown)


def _settings(name: str, _given: Mapping[str, Any]) -> Iterator[CheckStep]:
    found = [it for it in checks.run_checks() if it.id in _OF_THE_PROVIDER | _WARNINGS]
    wrong = [(str(it.msg), str(it.hint or "")) for it in found if it.id in _OF_THE_PROVIDER]
    # With DEBUG on, the system check accepts a missing code, but a call needs it.
    if not settings.VOICENTER_CODE.strip() and all(it.id != _NO_CODE for it in found):
        wrong.append(
            (
                "VOICENTER_CODE is missing, so the provider would refuse every call.",
                "Set VOICENTER_CODE to the code of your Voicenter account.",
            )
        )
    if not wrong:
        try:
            provider_account.client()
        except (ConfigurationError, InvalidCall) as problem:
            wrong.append((str(problem), "Correct the VOICENTER_... variable named in the message."))
    if wrong:
        yield from (
            CheckStep(name, Result.FAILED, *each, Exit.SETTINGS, "configuration") for each in wrong
        )
        return
    yield from (CheckStep(name, Result.WARNING, str(it.msg), str(it.hint or "")) for it in found)
    method, form = settings.VOICENTER_METHOD, settings.VOICENTER_FORMAT
    yield CheckStep(
        name,
        Result.OK,
        f"Calls are sent to {settings.VOICENTER_URL} by {method}, with answers in {form}.",
    )


def _connection(name: str, _given: Mapping[str, Any]) -> Iterator[CheckStep]:
    url = settings.VOICENTER_URL
    try:
        probe(
            url,
            get=settings.VOICENTER_METHOD == "get",
            connect_timeout=settings.VOICENTER_CONNECT_TIMEOUT,
            read_timeout=settings.VOICENTER_TIMEOUT,
        )
    except VoicenterError as error:
        yield failure(name, error, url)
    else:
        yield CheckStep(
            name, Result.OK, "Click2Call answers at that address and accepts this machine."
        )


def _code(name: str, _given: Mapping[str, Any]) -> Iterator[CheckStep]:
    """Asks the Call Log, the only service that tells when a code is wrong."""
    client, now = provider_account.client(), timezone.now()
    search = CallLogSearch(now - timedelta(minutes=1), now, types=CLICK2CALL_TYPES)
    try:
        next(client.call_log(search), None)
    except TooManyRequests:
        yield CheckStep(
            name,
            Result.WARNING,
            "The Call Log was asked too often just now, so it is unknown whether the code is "
            "correct.",
            "Try again in a minute.",
        )
    except VoicenterError as error:
        yield failure(name, error, client.services.call_log_url, knows_code=True)
    else:
        yield CheckStep(
            name, Result.OK, "The Call Log accepts the code and this machine's address."
        )


def _extensions(name: str, _given: Mapping[str, Any]) -> Iterator[CheckStep]:
    client = provider_account.client()
    try:
        account = client.extensions()
    except VoicenterError as error:
        yield failure(name, error, client.services.extensions_url, knows_code=True)
        return
    if not account:
        yield CheckStep(
            name,
            Result.FAILED,
            "The account shows no extensions. A wrong code gets the same answer, so this proves "
            "nothing.",
            "Compare VOICENTER_CODE with the account, letter for letter; then ask Voicenter "
            "whether that code may see the extensions.",
            Exit.NOTHING_THERE,
            "nothing_there",
        )
        return
    try:
        plan, has_ours = account_import.plan_for(account), Extension.objects.exists()
    except DatabaseError:
        message = (
            f"The account has {len(account)} extensions. Ours could not be read from the database."
        )
        yield CheckStep(name, Result.WARNING, message, "Start the database.")
        return
    yield from _compared(name, plan, has_ours)


def _compared(name: str, plan: account_import.ImportPlan, has_ours: bool) -> Iterator[CheckStep]:
    by_import = "`manage.py voicenter import`, or the extensions' page in the admin."
    if not has_ours:
        message = (
            f"The account has {plan.answered} extensions. There are none here, so nobody is rung."
        )
        yield CheckStep(name, Result.WARNING, message, f"Import them: {by_import}")
        return
    if plan.gone:
        message = (
            f"These extensions are not in the account: {_named([it.number for it in plan.gone])}. "
            "The provider refuses their calls."
        )
        yield CheckStep(
            name, Result.WARNING, message, f"Correct them or switch them off: {by_import}"
        )
    new = f" {len(plan.new)} of them are not here yet ({by_import})" if plan.new else ""
    yield CheckStep(name, Result.OK, f"The account has {plan.answered} extensions.{new}")


def _records(name: str, given: Mapping[str, Any]) -> Iterator[CheckStep]:
    if given["site"]:
        yield _site(name, given["site"])
    try:
        newest = CallRecord.objects.order_by("-received_at").values_list("received_at").first()
        day_ago = timezone.now() - timedelta(days=1)
        calls = CallAttempt.objects.filter(claimed_at__gt=day_ago, error_code=0)
        accepted, untold = calls.count(), calls.filter(records__isnull=True).count()
    except DatabaseError:
        yield CheckStep(
            name, Result.WARNING, "The database cannot be reached.", "Start the database."
        )
        return
    if accepted and untold == accepted:
        yield CheckStep(
            name,
            Result.WARNING,
            f"The provider accepted {accepted} calls in the last day but sent no call records.",
            "Ask Voicenter to post CDRs to https://YOUR-HOST/webhooks/voicenter/CDR_SECRET/cdr/ "
            ", and use --site to check whether this site accepts them.",
        )
    elif newest:
        yield CheckStep(name, Result.OK, f"The latest call record arrived {cell(newest[0])}.")
    elif not given["site"]:
        message = (
            "No call record has arrived yet. Use --site URL to check whether this site accepts "
            "them."
        )
        yield CheckStep(name, Result.SKIPPED, message)


def _site(name: str, site: str) -> CheckStep:
    """Posts a body that is not a record to our own address: the answer shows whether it is ours."""
    path = reverse("voicenter-cdr", args=[settings.CDR_SECRET])
    session = requests.Session()
    session.trust_env = False  # no proxy should learn the address with the secret
    try:
        answer = session.post(
            site.rstrip("/") + path,
            data=b"voicenter check",
            headers={"Content-Type": "application/json"},
            timeout=_SITE_TIMEOUTS,
            allow_redirects=False,
        )
        status, said = answer.status_code, answer.content[:1000]
    except (requests.RequestException, ValueError) as error:
        return CheckStep(
            name,
            Result.FAILED,
            f"This site cannot be reached at --site ({type(error).__name__}).",
            "Give the address that the provider posts to, and check its DNS, TLS and proxy.",
            Exit.NOT_SENT,
            "site_unreachable",
        )
    finally:
        session.close()
    if status == requests.codes.ok and b'"Err": 1' in said:
        message = (
            "The site at --site accepts records from this machine. The provider must be able to "
            "reach it too."
        )
        return CheckStep(name, Result.OK, message)
    return CheckStep(
        name,
        Result.FAILED,
        f"The site at --site does not accept records (HTTP {status}).",
        "It is a different site, it uses a different CDR_SECRET, or a proxy blocks posts.",
        Exit.NO_ANSWER,
        "site_wrong",
    )


def _secrets(name: str, _given: Mapping[str, Any]) -> Iterator[CheckStep]:
    """When posts last used each of the two secrets."""
    try:
        used = post_secrets.last_used()
    except redis.RedisError:
        yield CheckStep(
            name,
            Result.WARNING,
            "Redis does not answer, so it is unknown which secrets are in use.",
            "Start Redis.",
        )
        return
    at = {it: cell(datetime.fromtimestamp(when, UTC)) for it, when in used.items()}
    if post_secrets.CURRENT in at:
        yield CheckStep(name, Result.OK, f"CDR_SECRET was last used at {at[post_secrets.CURRENT]}.")
    else:
        yield CheckStep(name, Result.SKIPPED, "No post has used CDR_SECRET yet.")
    if not settings.CDR_SECRET_PREVIOUS:
        return
    if post_secrets.PREVIOUS in at:
        words = f"CDR_SECRET_PREVIOUS was last used at {at[post_secrets.PREVIOUS]}."
        way_out = (
            "If that is recent, give Voicenter the addresses with CDR_SECRET. If not, remove "
            "CDR_SECRET_PREVIOUS."
        )
        yield CheckStep(name, Result.WARNING, words, way_out)
        return
    words = "CDR_SECRET_PREVIOUS is accepted, but no post has used it."
    yield CheckStep(name, Result.WARNING, words, "Remove CDR_SECRET_PREVIOUS.")


_LOOKS: dict[str, Callable[[str, Mapping[str, Any]], Iterator[CheckStep]]] = {
    "settings": _settings,
    "connection": _connection,
    "code": _code,
    "extensions": _extensions,
    "records": _records,
    "secrets": _secrets,
}


def _named(numbers: list[str]) -> str:
    more = f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
    return ", ".join(numbers[:_MOST_NAMED]) + more


def _say(step: CheckStep, output: Output) -> None:
    mark = step.result.upper() if step.result is Result.FAILED else step.result.value
    head, indent = f"{mark:<8} {step.name:<11} ", " " * 21
    output.say(textwrap.fill(step.message, _WIDTH, initial_indent=head, subsequent_indent=indent))
    if step.what_to_do:
        output.say(
            textwrap.fill(
                step.what_to_do, _WIDTH, initial_indent=indent + "-> ", subsequent_indent=indent
            )
        )


def _shown(step: CheckStep) -> dict[str, object]:
    return {name: value for name, value in asdict(step).items() if name != "exit"}
