"""What stands above every page of the admin while something keeps leads from being called."""

from collections.abc import Callable

from django.http import HttpRequest

from callbacks.monitoring import notices


def for_staff(request: HttpRequest) -> dict[str, Callable[[], list[str]]]:
    """A context processor; asked only by pages that show it, and answered to staff."""
    user = getattr(request, "user", None)
    return {"notices": lambda: notices.current() if user and user.is_staff else []}
