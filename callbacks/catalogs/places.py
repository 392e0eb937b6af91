"""The places of sentences that visitors and salespeople read, which are therefore translated.

Managers' pages stay English, so the catalogs do not contain what only managers read. Paths are
relative to the project's folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Place:
    """A template or module. `names`: the top-level definitions that count; (): the whole module."""

    path: str
    names: tuple[str, ...] = ()


# Every template and module that lies directly in one of these is for visitors or salespeople ...
FOLDERS: Final = (
    "callbacks/desk",
    "callbacks/signin",
    "callbacks/wallboard",
    "leads",
    "leads/templatetags",
    "leads/widget",
    "templates",
    "templates/desk",
    "templates/leads",
    "templates/mail",
    "templates/signin",
    "templates/wallboard",
)
# ... except these, each with the reason.
FOR_MANAGERS: Final[dict[str, str]] = {
    "callbacks/signin/second_factor.py": "entries of the audit",
    "callbacks/signin/single.py": "entries of the audit",
    "leads/acting.py": "a reason on the never-call list, which is stored",
    "leads/admin.py": "the admin",
    "leads/apps.py": "the admin's heading",
    "leads/csv_file.py": "files that managers import",
    "leads/never_call.py": "reasons on leads, which are stored",
    "leads/never_call_file.py": "files that managers import",
    "leads/number_guard.py": "reasons on leads, which are stored",
    "leads/origins.py": "what managers type about websites",
    "templates/mail/report.html": "reports that managers have sent to them",
    "templates/mail/report.txt": "reports that managers have sent to them",
    "templates/mail/unsubscribe.html": "reports that managers have sent to them",
}
# Places elsewhere whose sentences reach visitors and salespeople.
ELSEWHERE: Final = (
    Place("callbacks/admin/attempts/talk_form.py", ("TalkForm",)),
    Place(
        "callbacks/admin/labels.py",
        ("extension_now", "_on_another_phone", "_paused", "_out", "_capped", "_resting"),
    ),
    Place("callbacks/calling/after_talk.py", ("_held", "_keep", "_meanwhile")),
    Place("callbacks/calling/visitor_mail.py"),
    Place("callbacks/catalogs/of_django.py"),
    Place("callbacks/common/formatting.py"),
    Place("callbacks/explain/call_notes.py"),
    Place("callbacks/explain/feedback.py"),
    Place("callbacks/extensions/pauses.py", ("PauseLength",)),
    Place("callbacks/models/attempt_states.py", ("AttemptState",)),
    Place("callbacks/models/pauses.py", ("PauseReason",)),
    Place("callbacks/reconciliation/manual_resolution.py", ("no_call_came", "_question")),
    Place(
        "callbacks/reports/salespeople/measures.py",
        ("CALL_MEASURES", "PAUSED", "SHIFT_SHARE"),
    ),
    Place("callbacks/scheduling/follow_up_times.py"),
    Place("leads/models/lead_status.py", ("LeadStatus",)),
)


def all_places() -> Iterator[Place]:
    """Every place with sentences for visitors and salespeople, sorted by path."""
    found = {path: Place(path) for path in in_folders() if path not in FOR_MANAGERS}
    found |= {place.path: place for place in ELSEWHERE}
    yield from (found[path] for path in sorted(found))


def in_folders() -> Iterator[str]:
    """Every template and module that lies directly in one of FOLDERS."""
    for folder in FOLDERS:
        for path in (ROOT / folder).iterdir():
            if path.suffix in {".html", ".py", ".txt"}:
                yield path.relative_to(ROOT).as_posix()
