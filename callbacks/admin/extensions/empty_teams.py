"""Tells whoever takes the last extension from a team that nobody is left in it."""

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext

from callbacks.models import Extension, Team
from leads.admin import Admin


def warn(admin: Admin, request: HttpRequest, teams: QuerySet[Team]) -> None:
    """A message for each of these teams that is on and has no extension that is."""
    on = Extension.objects.filter(team=OuterRef("pk"), is_active=True)
    for team in teams.filter(~Exists(on), is_active=True).distinct():
        words = gettext(
            "Team %(team)s has no extension switched on, so nobody gets calls for its "
            "sources. Add an extension, or switch the team off."
        ) % {"team": team}
        admin.message_user(request, words, messages.WARNING)
