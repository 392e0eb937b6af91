"""Solves a challenge in Python, as the widget does."""

from typing import Any

import altcha


def solve(told: dict[str, Any]) -> str:
    """What the widget sends for a challenge."""
    asked = altcha.Challenge.from_dict(told)
    solution = altcha.solve_challenge(asked)
    assert solution is not None
    return altcha.Payload(asked, solution).to_base64()
