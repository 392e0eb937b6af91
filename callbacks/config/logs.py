"""What a log line looks like, and what it must not contain, whoever wrote it.

Each entry is one line (LOG_FORMAT=line) or one JSON object (LOG_FORMAT=json), with the lead that it
is about (leads.log_context). It contains no secret and nothing about a person: our own lines hold
only ids and reasons, and this module cleans the lines of libraries and errors. It does not import
Django, because gunicorn uses it before Django is loaded.
"""

import datetime
import json
import logging
import re
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from callbacks.config import log_repeats, log_words
from leads import log_context

FORMATS = ("line", "json")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_UUID = "[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}"
_REPLACED = (
    # URLs, which many lines contain, with a secret in them.
    (re.compile(r"(/(?:webhooks/voicenter|wallboard|mail/unsubscribe)/)[^/\s\"']+"), r"\1..."),
    (re.compile(r"(/sign-in/new-password/)[^\s\"']+"), r"\1..."),
    # The URL of a visitor's page: whoever knows it can open the page.
    (re.compile(rf"(/contact/[^/\s]+/|/api/leads/|earlier=){_UUID}", re.IGNORECASE), r"\1..."),
    (re.compile(rf"(/widget/[^/\s]+/){_UUID}", re.IGNORECASE), r"\1..."),
    # The details of a database error show the row: name, number, e-mail.
    (re.compile(r"(DETAIL|CONTEXT):.*"), r"\1: ..."),
    # API keys.
    (re.compile(r"\blc_[a-z2-7]{8}_[\w-]+"), "lc_..."),
    # A password in a broker's or a database's address.
    (re.compile(r"://[^/\s@]*@"), "://***@"),
    # Telephone numbers as people and the provider write them, and e-mail addresses.
    (re.compile(r"\+[1-9][0-9 ()-]{5,17}[0-9]"), "+..."),
    (re.compile(r"(?<![\w-])(?:972|0)[ -]?(?:\d[ -]?){7,9}\d(?![\w-])"), "0..."),
    (re.compile(r"[\w.+%-]+@[\w-]+\.[\w.-]+"), "...@..."),
)

# A shorter secret may be part of another word by chance, so it is hidden only as a whole word.
_NOT_BY_CHANCE = 12  # characters
_hidden: set[str] = set()
_hidden_pattern: re.Pattern[str] | None = None

_HOST = re.compile(r"\[?[A-Za-z0-9._:-]{1,100}\]?(?::[0-9]{1,5})?")

# Their warnings are logged without arguments such as a request line or a user name.
_QUOTE_STRANGERS = ("gunicorn", "axes", "django.security")

# A number, a signal's name, an address that the server listens on.
_OF_THE_SERVER = re.compile(r"-?\d+|SIG[A-Z0-9]+|\('[\d.:]+', \d+\)|(?:tcp|http)://[\d.:\[\]]+")

# Their messages are about settings, and show the form of an address, which must not be hidden.
_SPEAK_OF_SETTINGS = ("callbacks.config.start", "leads.refused_connections")

# The messages of these errors are about our code and not about its data.
_SPEAKS_OF_CODE = (AttributeError, ImportError, NameError, NotImplementedError, TypeError)


class LineFormatter(logging.Formatter):
    """`time LEVEL logger lead=<number> message`, followed by an error's traceback.

    The time is UTC, with its offset, as in all our other lines.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, fit to be kept."""
        lead = log_context.current()
        parts = [
            _said_at(record),
            record.levelname,
            record.name,
            *([f"lead={lead}"] if lead else []),
            # On one line, or a stranger's text could pass for another entry.
            _message(record).replace("\n", "\\n").replace("\r", "\\r"),
        ]
        return "\n".join([" ".join(parts), *_error(record)])


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, process, message, lead, error."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, fit to be kept."""
        entry = {
            "time": _said_at(record),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": _message(record),
        }
        if lead := log_context.current():
            entry["lead"] = lead
        if error := "\n".join(_error(record)):
            entry["error"] = error
        return json.dumps(entry, ensure_ascii=False)


def configuration(log_format: str, level: str) -> dict[str, Any]:
    """For logging.config.dictConfig: Django's LOGGING, and gunicorn's."""
    formatter = JsonFormatter if log_format == "json" else LineFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"discreet": {"()": formatter}},
        "filters": {
            "calmer": {"()": log_words.Calmer},
            "said once": {"()": log_repeats.SaidOnce},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "discreet",
                "filters": ["calmer", "said once"],
            }
        },
        "loggers": {
            # Our own lines say what was done, by id; these would repeat it for every message.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            # Its warnings while PostgreSQL is down: leads.refused_connections says it once.
            "psycopg.pool": {"level": "ERROR"},
            # It reports a missing .env file at every start, although none is required.
            "environ": {"level": "WARNING"},
            "gunicorn.error": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        },
        "root": {"handlers": ["stderr"], "level": level},
    }


def hide(*secrets: str) -> None:
    """Keeps these secrets out of all later lines of this process, whatever they look like."""
    global _hidden_pattern
    _hidden.update(filter(None, secrets))
    spellings = {it for secret in _hidden for it in (secret, quote(secret, safe=""))}
    patterns = [
        re.escape(it) if len(it) >= _NOT_BY_CHANCE else rf"(?<!\w){re.escape(it)}(?!\w)"
        for it in sorted(spellings, key=len, reverse=True)
    ]
    _hidden_pattern = re.compile("|".join(patterns)) if patterns else None


def discreet(text: str) -> str:
    """The text without the secrets given to `hide`, and without anything that looks like a secret,
    a telephone number or an e-mail address.
    """
    text = _without_secrets(text)
    for pattern, replacement in _REPLACED:
        text = pattern.sub(replacement, text)
    return text


def _without_secrets(text: str) -> str:
    return _hidden_pattern.sub("***", text) if _hidden_pattern else text


def _said_at(record: logging.LogRecord) -> str:
    said_at = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    return said_at.isoformat(timespec="milliseconds")


def _message(record: logging.LogRecord) -> str:
    request: Any = getattr(record, "request", None)
    if record.name == "django.security.DisallowedHost" and request is not None:
        return _refused_host(str(request.META.get("HTTP_HOST", "")))
    if record.name.startswith("django.") and hasattr(request, "resolver_match"):
        # Django's message has the path, which a stranger chooses.
        match = request.resolver_match
        route = match.view_name if match else "-"
        return f"refused route={route} status={getattr(record, 'status_code', '-')}"
    if record.name == "celery.app.trace" and isinstance(record.args, dict):
        # Celery puts the error's text and its traceback into the message.
        task = record.args
        return f"task {task.get('description')} name={task.get('name')} id={task.get('id')}"
    if record.name.startswith(_QUOTE_STRANGERS) and record.levelno >= logging.WARNING:
        said = str(record.msg).partition(" from ip=")[0]  # these messages are already formatted
        return discreet(said if said != record.msg else _own_words(said, record.args))
    message = record.getMessage()
    if record.name in _SPEAK_OF_SETTINGS:
        return _without_secrets(message)
    for error in _chain(record):
        # Many libraries repeat an error's text in the message.
        for words in (repr(error), str(error)):
            if len(words) > 2:  # an error without text has nothing to hide
                message = message.replace(words, type(error).__name__)
    return discreet(message)


def _refused_host(host: str) -> str:
    """Shows the refused host only if it looks like a host name, without a person's data."""
    shown = discreet(host) if _HOST.fullmatch(host) else "..."
    return f"refused host={shown}: if this is a name of this site, add it to ALLOWED_HOSTS"


def _own_words(said: str, args: Any) -> str:
    """The message with arguments about the server itself; "..." for those a stranger may choose."""
    known = args if isinstance(args, tuple) else ()
    shown = tuple(arg if _OF_THE_SERVER.fullmatch(str(arg)) else "..." for arg in known)
    try:
        return said % shown if shown else said
    except (TypeError, ValueError):
        return said


def _error(record: logging.LogRecord) -> Iterator[str]:
    """The kind of each error and where it happened, cause before effect. An error's own text is
    shown only if it cannot be about a person.
    """
    for error in reversed(list(_chain(record))):
        yield f"{_named(error)}"
        yield from (
            f"  {frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        )


def _named(error: BaseException) -> str:
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if isinstance(error, _SPEAKS_OF_CODE):
        return f"{name}: {discreet(str(error))}"
    # psycopg's: https://www.psycopg.org/psycopg3/docs/api/errors.html
    diagnosis = getattr(error, "diag", None)
    known = {
        "sqlstate": getattr(error, "sqlstate", None),
        "table": getattr(diagnosis, "table_name", None),
        "column": getattr(diagnosis, "column_name", None),
        "constraint": getattr(diagnosis, "constraint_name", None),
        "errno": getattr(error, "errno", None),
    }
    return " ".join([name, *(f"{key}={value}" for key, value in known.items() if value)])


def _chain(record: logging.LogRecord) -> Iterator[BaseException]:
    """The logged exception and its causes."""
    error = record.exc_info[1] if record.exc_info else None
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
