"""How often something may be tried for a name, from any address: the account's slow-down.

Wrong passwords block a name for one address (django-axes). Somebody with many addresses could go
on, so all unknown browsers together have a number of tries for a name, and then one at intervals. A
known browser is not limited here, so its user gets in whatever others do.
"""

import math
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from callbacks.common import sql
from callbacks.models import NameTries


@dataclass(frozen=True)
class Allowance:
    """`at_once` tries at first, then one every `gap`, until there was none for `quiet`."""

    what: str
    at_once: int
    gap: timedelta
    quiet: timedelta


PASSWORDS = Allowance("password", 20, timedelta(seconds=30), timedelta(minutes=15))

# 1. The first try for a name, or the next: one statement, so that simultaneous tries are all
# counted, and only one takes the slot that a gap opens.
_TAKE = """
INSERT INTO callbacks_nametries AS t (name, tries, last_at, next_at)
VALUES (%(name)s, 1, %(now)s, CASE WHEN %(at_once)s > 1 THEN %(now)s ELSE %(later)s END)
ON CONFLICT (name) DO UPDATE SET
    tries = CASE WHEN t.last_at < %(quiet)s THEN 1 ELSE t.tries + 1 END,
    last_at = %(now)s,
    next_at = CASE
        WHEN t.last_at < %(quiet)s AND %(at_once)s > 1 THEN %(now)s
        WHEN t.tries + 1 < %(at_once)s THEN %(now)s
        ELSE %(later)s
    END
WHERE t.next_at <= %(now)s
RETURNING t.tries
"""


def take(allowance: Allowance, name: str, now: datetime) -> int:
    """0: it may be tried, and is counted. Otherwise the seconds until the next try."""
    key = _key(allowance, name)
    taken = sql.rows(
        _TAKE,
        {
            "name": key,
            "now": now,
            "later": now + allowance.gap,
            "quiet": now - allowance.quiet,
            "at_once": allowance.at_once,
        },
    )
    if taken:
        return 0
    next_at = NameTries.objects.filter(pk=key).values_list("next_at", flat=True).first()
    return max(1, math.ceil((next_at - now).total_seconds())) if next_at else 1


def forget_old(now: datetime) -> None:
    """Deletes names that nobody has tried for a day."""
    NameTries.objects.filter(last_at__lt=now - timedelta(days=1)).delete()


def _key(allowance: Allowance, name: str) -> str:
    """Normalises the name like the login form, which accepts several spellings."""
    read = unicodedata.normalize("NFKC", name).strip()
    return salted_hmac(f"callbacks.tries:{allowance.what}", read, algorithm="sha256").hexdigest()
