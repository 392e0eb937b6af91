"""Handles each item of a sweep separately."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import InterfaceError, OperationalError
from psycopg.errors import ReadOnlySqlTransaction

from callbacks.common import heartbeats

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

# The database is unreachable or overloaded: the next item would fail too. A read-only database is
# an InternalError in Django, and so is a damaged row.
_OF_ALL = (OperationalError, InterfaceError)
_READS_ONLY = ReadOnlySqlTransaction


def one_by_one(
    items: Iterable[Item], act: Callable[[Item], Result], what: Callable[[Item], object]
) -> list[tuple[Item, Result]]:
    """Each item with the result of `act`, in order.

    If `act` raises, the item is left out, counted for /metrics and logged as `what` names it, so
    that one broken row does not keep the others from being handled. Raises only if the database is
    unreachable or read-only.
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
