"""PostgreSQL's percentile_cont, which Django does not offer."""

from typing import Any

from django.db.models import Aggregate, FloatField, Func, Value


class PercentileCont(Aggregate):
    """The value that `fraction` of the rows do not exceed, interpolated between neighbours.

    Skips NULLs; NULL if there are no other values. (PostgreSQL manual, 9.21, "Ordered-Set Aggregate
    Functions".)
    """

    function = "percentile_cont"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, fraction: float, **extra: Any) -> None:
        # The fraction is written into the statement: a number from our code, never user input.
        super().__init__(expression, fraction=float(fraction), **extra)


def seconds_of(duration: Any) -> Any:
    """A duration, from a column or expression, in seconds."""
    return Func(Value("epoch"), duration, function="date_part", output_field=FloatField())
