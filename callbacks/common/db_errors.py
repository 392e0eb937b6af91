"""Which database constraint a statement violated."""

from django.db import IntegrityError


def violated(error: IntegrityError) -> str:
    """The constraint's name; "" if it is not known."""
    # Only the database's own error, under Django's, has the name.
    diagnosis = getattr(error.__cause__, "diag", None)
    return (diagnosis and diagnosis.constraint_name) or ""
