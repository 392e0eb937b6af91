"""Languages match by their first part: he matches he-IL."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import Extension, Team
from callbacks.routing import claim as claims
from callbacks.routing import config, queue, rules
from leads.models import Lead

pytestmark = pytest.mark.django_db(transaction=True)

PAIRS = {
    "the same": ("he", "he", True),
    "the lead's is narrower": ("he-IL", "he", True),
    "the salesperson's is narrower": ("pt", "pt-BR", True),
    "two countries": ("pt-BR", "pt-PT", True),
    "a script": ("zh-Hant", "zh", True),
    "three letters": ("fil-PH", "fil", True),
    "another one": ("he-IL", "ru", False),
    "one that begins alike": ("fi-FI", "fil", False),
    "none known": ("", "ru", True),
}


@pytest.mark.parametrize(("lead_speaks", "spoken", "fits"), PAIRS.values(), ids=PAIRS)
def test_who_is_rung_for_a_language(
    make_lead: Callable[..., Lead],
    team: Team,
    extension: Extension,
    lead_speaks: str,
    spoken: str,
    fits: bool,
) -> None:
    Team.objects.update(language_wait=None)
    Extension.objects.update(languages=["ar", spoken])
    lead, now = make_lead(language=lead_speaks), timezone.now()
    asked = config.current().asked(lead.source_id, timedelta(0), now)
    assert (queue.next_leads(team.pk, now) == [lead.pk]) is fits
    claim = claims.claim(lead.pk, asked, now, timedelta(hours=1))
    assert (claim is not None) is fits
    if claim:
        wanted = rules.LANGUAGE if lead_speaks else rules.LONGEST_IDLE
        assert claim.attempt.routing_trace["rule"] == wanted
