"""The admin's side bar, colours and styles. Named in settings.UNFOLD."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext

from callbacks.access.scope import sees_figures
from callbacks.admin.teams.preview import may_ask
from callbacks.lateness.views import may_see as sees_lateness
from callbacks.models import Extension
from callbacks.reconciliation import manual_resolution
from callbacks.reports.salespeople.access import may_see
from leads import visible_rows

# These need more than one permission.
WHO_RINGS = "who rings"
PEOPLE = "people report"
FIGURES = "figures"
LATENESS = "lateness"

# Entries with a badge that counts the rows needing attention.
_COUNTED: dict[str, Callable[[Any], int]] = {
    "admin:callbacks_unknownoutcome_changelist": (
        lambda user: visible_rows.of(user, manual_resolution.open_questions()).count()
    ),
}
# In place of a permission: the user has an extension.
_HAS_A_PHONE = "has a phone"


def colors(_request: HttpRequest) -> str:
    """The theme's colours."""
    return static("admin_extra/colors.css")


def stylesheet(_request: HttpRequest) -> str:
    """Our styles on top of the theme's."""
    return static("admin_extra/admin.css")


def icon(_request: HttpRequest) -> str:
    """The icon in the browser tab."""
    return static("admin_extra/icon.svg")


def account_links(_request: HttpRequest) -> list[dict[str, Any]]:
    """The entries above "Change password" in the account menu."""
    return [{"title": gettext("Your sign-in"), "link": reverse("sign-in:mine")}]


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar, with only what this person may open."""
    rows = [
        (
            gettext("Callbacks"),
            [
                (gettext("Overview"), "dashboard", "admin:index", ""),
                (
                    gettext("Leads"),
                    "person_raised_hand",
                    "admin:leads_lead_changelist",
                    "leads.view_lead",
                ),
                (
                    gettext("Held leads"),
                    "front_hand",
                    "admin:leads_heldlead_changelist",
                    "leads.view_lead",
                ),
                (gettext("Callback times"), "timer", "callback-times", FIGURES),
                (gettext("People"), "groups_3", "people-report", PEOPLE),
                _entry(gettext("Saved views"), "bookmarks", "callbacks", "savedview"),
                (
                    gettext("Reports by mail"),
                    "mark_email_read",
                    "admin:callbacks_reportsubscription_changelist",
                    "callbacks.subscribe_reports",
                ),
                (gettext("Lateness"), "running_with_errors", "lateness", LATENESS),
                (gettext("Replay"), "replay", "replay", "callbacks.run_replay"),
                (gettext("My phone"), "headset_mic", "desk:home", _HAS_A_PHONE),
            ],
        ),
        (
            gettext("Salespeople"),
            [
                _entry(gettext("Extensions"), "call", "callbacks", "extension"),
                _entry(gettext("Teams"), "groups", "callbacks", "team"),
                _entry(gettext("Schedules"), "schedule", "callbacks", "schedule"),
                (gettext("Who rings"), "contact_phone", "who-rings", WHO_RINGS),
            ],
        ),
        (
            gettext("Calls"),
            [
                _entry(gettext("Attempts"), "phone_forwarded", "callbacks", "callattempt"),
                (
                    gettext("Unknown outcomes"),
                    "help",
                    "admin:callbacks_unknownoutcome_changelist",
                    "callbacks.view_callattempt",
                ),
                _entry(gettext("Records"), "receipt_long", "callbacks", "callrecord"),
            ],
        ),
        (
            gettext("Alerts"),
            [
                _entry(gettext("All alerts"), "notifications", "callbacks", "alert"),
                _entry(gettext("Messages sent"), "outgoing_mail", "callbacks", "alertmessage"),
                _entry(gettext("Receivers"), "campaign", "callbacks", "alertreceiver"),
            ],
        ),
        (
            gettext("Setup"),
            [
                _entry(gettext("Lead sources"), "web", "leads", "leadsource"),
                _entry(gettext("Wallboards"), "tv", "callbacks", "wallboard"),
                _entry(gettext("Dispositions"), "sell", "leads", "disposition"),
                _entry(gettext("Never-call list"), "phone_locked", "leads", "nevercallnumber"),
                _entry(gettext("Block list"), "block", "leads", "blockentry"),
                _entry(gettext("Spending limits"), "speed", "callbacks", "spendlimit"),
                _entry(gettext("Call prices"), "payments", "callbacks", "callprice"),
                _entry(gettext("API clients"), "api", "leads", "apiclient"),
                _entry(gettext("Users"), "person", "auth", "user"),
                _entry(gettext("Groups"), "shield_person", "auth", "group"),
                _entry(gettext("Mail"), "mail", "callbacks", "outgoingmail"),
                _entry(gettext("Exports"), "download", "callbacks", "exportrecord"),
                _entry(gettext("Audit"), "history_edu", "callbacks", "auditentry"),
                _entry(gettext("Sign-ins"), "devices", "callbacks", "signin"),
                (
                    gettext("Second factors"),
                    "phonelink_lock",
                    "admin:callbacks_authenticator_changelist",
                    "callbacks.reset_second_factor",
                ),
                _entry(gettext("Refused logins"), "lock", "axes", "accessattempt"),
                (gettext("A person's data"), "policy", "person", "callbacks.see_person"),
                _entry(gettext("Erasures"), "ink_eraser", "callbacks", "erasure"),
            ],
        ),
    ]
    return [
        {"title": title, "items": [_item(request, *row) for row in items if _may(request, row[3])]}
        for title, items in rows
    ]


def _entry(title: str, icon: str, app: str, model: str) -> tuple[str, str, str, str]:
    return (
        title,
        icon,
        gettext("admin:%(app)s_%(model)s_changelist") % {"app": app, "model": model},
        f"{app}.view_{model}",
    )


def _item(
    request: HttpRequest, title: str, icon: str, address: str, _permission: str
) -> dict[str, Any]:
    item: dict[str, Any] = {"title": title, "icon": icon, "link": reverse(address)}
    if address in _COUNTED and (count := _COUNTED[address](request.user)):
        item["badge"] = count
    return item


def _may(request: HttpRequest, permission: str) -> bool:
    user = request.user
    if not permission:
        return True
    if permission == WHO_RINGS:
        return may_ask(request)
    if permission == FIGURES:
        return sees_figures(user)
    if permission == LATENESS:
        return sees_lateness(user)
    if permission == PEOPLE:
        return may_see(user)
    if permission == _HAS_A_PHONE:
        return Extension.objects.filter(user=user.pk).exists()
    # A right to change includes the right to see, as everywhere in Django's admin.
    changing = permission.replace(".view_", ".change_")
    return user.has_perm(permission) or user.has_perm(changing)
