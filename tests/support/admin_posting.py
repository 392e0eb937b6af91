"""What a browser posts with a form: the rows of an inline."""

from typing import Any

from django.test import Client


def rows(prefix: str, *forms: dict[str, Any], there: int = 0) -> dict[str, Any]:
    """The inline `prefix` with these rows, of which the first `there` existed before."""
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(forms),
        f"{prefix}-INITIAL_FORMS": there,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1,
    }
    for number, form in enumerate(forms):
        data |= {f"{prefix}-{number}-{name}": value for name, value in form.items()}
    return data


def confirm(client: Client, address: str, **values: Any) -> Any:
    """The page after the button of a question."""
    answer = client.post(address, {"confirmed": "yes", **values}, follow=True)
    assert answer.status_code == 200
    return answer


def said(answer: Any) -> list[str]:
    """The messages on a page."""
    return [str(message) for message in answer.context.get("messages") or []]
