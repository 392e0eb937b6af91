"""A task as the worker receives it."""

from celery.worker import request, state
from django.utils import timezone


class Request(request.Request):  # type: ignore[misc]  # Celery has no types
    """A task that expires by the clock that all processes share (callbacks.common.clock).

    Celery uses the machine's clock: a worker a few seconds ahead of beat would run no sweep.
    """

    def maybe_expire(self) -> bool:
        """Whether the task has expired and must not run."""
        if self.expires is None or timezone.now() <= self.expires:
            return False
        state.revoked.add(self.id)
        return True
