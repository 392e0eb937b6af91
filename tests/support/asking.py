"""The teams that a claim asks, for tests that do not test the order of teams."""

from callbacks.models import Team
from callbacks.routing.rules import LONGEST_IDLE, TeamOffer


def asked(*teams: Team | int) -> list[TeamOffer]:
    """Offers to these teams in this order, for anybody in them, whoever talked with the lead
    before.
    """
    return [
        TeamOffer(
            team_id=team if isinstance(team, int) else team.pk,
            team="",
            strategy=LONGEST_IDLE,
            any_language=True,
            owner_since=None,
            holds_for_owner=False,
            has_languages=False,
        )
        for team in teams
    ]
