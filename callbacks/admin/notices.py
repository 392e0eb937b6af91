"""The notices above every admin page while something keeps leads from being called."""

from collections.abc import Callable

from django.http import HttpRequest

from callbacks.monitoring import notices


def for_staff(request: HttpRequest) -> dict[str, Callable[[], list[str]]]:
    """A context processor. Evaluated only by pages that show notices; empty for non-staff."""
    user = getattr(request, "user", None)
    return {"notices": lambda: notices.current() if user and user.is_staff else []}
