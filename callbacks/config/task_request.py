"""A task as the worker receives it."""

from celery.worker import request, state
from django.utils import timezone


class Request(request.Request):  # type: ignore[misc]  # Celery has no types
    """One that expires by the clock that all processes share (callbacks.common.clock).

    Celery goes by the machine's: a worker a few seconds ahead of beat would run no sweep.
    """

    def maybe_expire(self) -> bool:
        """Whether it is too late for it; it is not run then."""
        if self.expires is None or timezone.now() <= self.expires:
            return False
        state.revoked.add(self.id)
        return True
