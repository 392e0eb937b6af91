"""An empty database for each story, and the HTTP session that the witness answers."""

import requests
from django.db import connection

from callbacks.models import (
    Extension,
    Team,
)


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM callbacks_callrecord; DELETE FROM callbacks_callattempt;"
            "DELETE FROM leads_earlierplan; DELETE FROM leads_latewait; DELETE FROM leads_lead"
        )
    Extension.objects.update(
        is_paused=False,
        is_blocked=False,
        unavailable_until=None,
        unavailable_reason="",
        missed_in_a_row=0,
        last_called_at=None,
        queue_position=0,
    )
    Team.objects.update(schedule=None)


def new_session() -> requests.Session:
    session = requests.Session()
    session.mount("http://", new_session.adapter)
    return session
