"""Warns whoever removes the last extension of a team that nobody is left in it."""

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext

from callbacks.models import Extension, Team
from leads.admin import Admin


def warn(admin: Admin, request: HttpRequest, teams: QuerySet[Team]) -> None:
    """A warning for each of these active teams that has no active extension."""
    on = Extension.objects.filter(team=OuterRef("pk"), is_active=True)
    for team in teams.filter(~Exists(on), is_active=True).distinct():
        words = gettext(
            "Team %(team)s has no extension switched on, so nobody gets calls for its "
            "sources. Add an extension, or switch the team off."
        ) % {"team": team}
        admin.message_user(request, words, messages.WARNING)
