"""The thread of a worker that sends mail, one after the other.

A mail server may take its time, and a worker's threads call leads. So none of them ever waits for
mail: a process has one thread more for it, which is there while there is mail to send.
"""

from functools import cache

from django.utils import timezone

from callbacks.common.aside import Aside
from callbacks.mailing import outbox


@cache
def _sender() -> Aside:
    return Aside("mail", outbox.send_next)


def wake() -> None:
    """Has this process send what is due. Returns at once; does nothing where nothing is due."""
    if outbox.is_anything_due(timezone.now()):
        _sender().wake()
