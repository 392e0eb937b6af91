"""Which rows of a list a user may see: `callbacks`, which knows about teams, decides.

Registered when the application is ready (callbacks.apps), like leads.ports.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet

Rule = Callable[[Any, QuerySet[Any]], QuerySet[Any]]

_rule: Rule | None = None


def register(rule: Rule) -> None:
    """Makes `rule(user, rows)` decide. Called once."""
    global _rule
    _rule = rule


def of(user: Any, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The `rows` that `user` may see. Raises ImproperlyConfigured without a rule, rather than show
    all.
    """
    if _rule is None:
        raise ImproperlyConfigured("leads.visible_rows.register has not been called.")
    return _rule(user, rows)
