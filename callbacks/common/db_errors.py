"""Which of the database's constraints has refused something."""

from django.db import IntegrityError


def violated(error: IntegrityError) -> str:
    """The constraint's name; "" when it is not told."""
    # The database's own error, under Django's, knows.
    diagnosis = getattr(error.__cause__, "diag", None)
    return (diagnosis and diagnosis.constraint_name) or ""
