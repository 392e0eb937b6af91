"""The thread of a worker that sends mail, one mail after another.

A mail server may be slow, and a worker's threads call leads. So none of them waits for mail: the
process has an extra thread for it, which runs while there is mail to send.
"""

from django.utils import timezone

from callbacks.common.aside import Aside
from callbacks.common.made_once import MadeOnce
from callbacks.mailing import outbox


@MadeOnce
def _sender() -> Aside:
    return Aside("mail", outbox.send_next)


def wake() -> None:
    """Makes this process send due mail, if there is any. Returns at once."""
    if outbox.is_anything_due(timezone.now()):
        _sender().wake()
