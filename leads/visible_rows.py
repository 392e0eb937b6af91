"""Which rows of a list somebody may see: asked of `callbacks`, which knows of teams.

Registered when the application is ready (callbacks.apps), as leads.ports is.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet

Rule = Callable[[Any, QuerySet[Any]], QuerySet[Any]]

_rule: Rule | None = None


def register(rule: Rule) -> None:
    """Makes `rule(user, rows)` answer. Called once."""
    global _rule
    _rule = rule


def of(user: Any, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of `rows` that `user` may see. Raises ImproperlyConfigured: never all for want of a
    rule.
    """
    if _rule is None:
        raise ImproperlyConfigured("leads.visible_rows.register has not been called.")
    return _rule(user, rows)
