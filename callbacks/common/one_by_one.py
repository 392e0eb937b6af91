"""Trying each item of a sweep by itself."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import InterfaceError, OperationalError
from psycopg.errors import ReadOnlySqlTransaction

from callbacks.common import heartbeats

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

# The database is away, or cannot do more now: that is true of the next item too. That it only reads
# is an InternalError of Django's, as a damaged row is.
_OF_ALL = (OperationalError, InterfaceError)
_READS_ONLY = ReadOnlySqlTransaction


def one_by_one(
    items: Iterable[Item], act: Callable[[Item], Result], what: Callable[[Item], object]
) -> list[tuple[Item, Result]]:
    """Each item with what `act` returned for it, in their order.

    An item whose `act` raises is left out, counted for /metrics, and logged as `what` names it, so
    one broken row keeps no other from its turn. Raises only when the database is away, or only
    reads.
    """
    done = []
    for item in items:
        try:
            done.append((item, act(item)))
        except _OF_ALL:
            raise
        except Exception as error:
            if isinstance(error.__cause__, _READS_ONLY):
                raise
            heartbeats.count(sweep_item_failures=1)
            log.exception("item of the sweep failed act=%s item=%s", act.__qualname__, what(item))
    return done
