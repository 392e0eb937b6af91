"""The calling window of a source or team: its two times belong together."""

from django.db.models import CheckConstraint, F, Q
from django.utils.translation import gettext_lazy as _


def has_both_or_none(name: str) -> CheckConstraint:
    """A constraint: `call_from` and `call_until` are both set, in this order, or neither is set."""
    return CheckConstraint(
        condition=Q(call_from__isnull=True, call_until__isnull=True)
        | Q(call_from__isnull=False, call_until__isnull=False, call_from__lt=F("call_until")),
        name=name,
        violation_error_message=_(
            "Enter both times of the calling window, the earlier one first, or leave both empty."
        ),
    )
