"""Who may use the admin: users, groups, and logins that were refused."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps as all_apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from leads.admin import Admin

SALES_MANAGERS = "Sales managers"

# What a sales manager needs to set up and in a day's work. Not groups, not deleting leads or
# logins: those are not theirs. Which logins they may touch, and how, UserAdmin says.
_MANAGERS_MAY = {
    "leads": [
        "view_lead", "change_lead", "call_lead", "judge_heldlead",
        "view_leadsource", "add_leadsource", "change_leadsource",
        "view_disposition", "add_disposition", "change_disposition", "delete_disposition",
        "view_nevercallnumber", "add_nevercallnumber", "change_nevercallnumber",
        "delete_nevercallnumber",
        "view_blockentry", "add_blockentry", "change_blockentry", "delete_blockentry",
        "import_blockentry", "export_blockentry",
    ],
    "callbacks": [
        "view_extension", "add_extension", "change_extension", "pause_extension",
        "use_conference",
        "view_callparameters", "add_callparameters", "change_callparameters",
        "view_sourcemessages", "add_sourcemessages", "change_sourcemessages",
        "view_team", "add_team", "change_team",
        "view_teamsource", "add_teamsource", "change_teamsource", "delete_teamsource",
        "view_schedule", "add_schedule", "change_schedule",
        "view_openinghours", "add_openinghours", "change_openinghours", "delete_openinghours",
        "view_scheduleexception", "add_scheduleexception", "change_scheduleexception",
        "delete_scheduleexception",
        "view_savedlist", "add_savedlist", "change_savedlist", "delete_savedlist",
        "view_callattempt", "view_callrecord", "hang_up_call", "settle_outcome",
        "view_aidata",
        "view_wallboard", "add_wallboard", "change_wallboard", "delete_wallboard",
        "view_callnote", "add_callnote",
        "export_leads", "view_people_report",
        "view_savedview", "add_savedview", "change_savedview", "delete_savedview",
        "subscribe_reports",
        "view_outgoingmail", "resend_outgoingmail",
        "view_alertreceiver", "add_alertreceiver", "change_alertreceiver", "delete_alertreceiver",
        "view_alert", "view_alertmessage",
        "view_spendlimit", "add_spendlimit", "change_spendlimit", "delete_spendlimit",
        "view_callprice", "add_callprice", "change_callprice", "delete_callprice",
        "run_replay",
    ],
    "auth": ["view_user", "add_user", "change_user"],
}  # fmt: skip


# Permissions of ours that were there before a migration: what the group lacks of these, somebody
# has taken from it.
_known: set[str] = set()


def ensure_sales_managers() -> bool:
    """Creates the group "Sales managers" with its permissions; says whether it was missing.

    One that is there is left as it is: somebody may have changed what managers may do.
    """
    group, created = Group.objects.get_or_create(name=SALES_MANAGERS)
    if created:
        group.permissions.set(_theirs())
    return created


def before_migrations(*, apps: Any = all_apps, **_kwargs: Any) -> None:
    """Notes which permissions there are. A receiver of pre_migrate."""
    _known.clear()
    if _has_groups(apps):
        _known.update(_theirs().values_list("codename", flat=True))


def after_migrations(*, apps: Any = all_apps, **_kwargs: Any) -> None:
    """The group is there without anybody's doing, and gets the permissions that are new.

    A receiver of post_migrate, which `flush` sends too; no migration could do it, because
    permissions do not exist yet while migrations run.
    """
    if _has_groups(apps) and not ensure_sales_managers():
        group = Group.objects.get(name=SALES_MANAGERS)
        if _known:
            group.permissions.add(*_theirs().exclude(codename__in=_known))


def _theirs() -> QuerySet[Permission]:
    wanted = Q()
    for app, codenames in _MANAGERS_MAY.items():
        wanted |= Q(content_type__app_label=app, codename__in=codenames)
    return Permission.objects.filter(wanted)


def _has_groups(apps: Any) -> bool:
    """Whether the tables are there: somebody may migrate one application alone."""
    try:
        apps.get_model("auth", "Group")
    except LookupError:
        return False
    return True


for _model in (User, Group, AccessAttempt, AccessLog, AccessFailureLog):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, Admin):  # type: ignore[misc, type-arg]  # unfold: untyped
    """Django's, in the admin's style. Only superusers give rights, or touch whoever has more rights
    than who asks: a manager can make logins for salespeople, and raise nobody.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """With what becomes of the phones of somebody who may not log in."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if field := form.base_fields.get("is_active"):
            field.help_text = gettext(
                "Off: they cannot log in, and their extensions are paused until this is on again. "
                "A call that is under way goes on. Switch it off instead of deleting the login."
            )
        return form

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Without those who may do anything that who asks may not."""
        users: QuerySet[User] = super().get_queryset(request)
        asking = request.user
        if not isinstance(asking, User) or asking.is_superuser:
            return users
        more = Permission.objects.exclude(Q(user=asking) | Q(group__in=asking.groups.all())).values(
            "pk"
        )
        stronger = User.objects.filter(
            Q(is_superuser=True) | Q(user_permissions__in=more) | Q(groups__permissions__in=more)
        )
        return users.exclude(pk__in=stronger.values("pk"))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Without rights, for those who may not give them. What is not shown cannot be posted."""
        if request.user.is_superuser or obj is None:
            return super().get_fieldsets(request, obj)
        return [
            (None, {"fields": ["username", "password"]}),
            (_("Person"), {"fields": [("first_name", "last_name"), "email", "is_active"]}),
        ]

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Whether somebody is a superuser is no question to those who see none."""
        return super().get_list_filter(request) if request.user.is_superuser else ["is_active"]


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, Admin):  # type: ignore[misc]  # unfold has no types
    """Django's, in the admin's style."""


@admin.register(AccessAttempt)
class RefusedLoginAdmin(Admin):
    """Logins that failed lately. Deleting one lets that person try again at once."""

    list_display = ["attempt_time", "username", "ip_address", "failures_since_start"]
    search_fields = ["username", "ip_address"]
    fields = ["attempt_time", "username", "ip_address", "failures_since_start", "user_agent"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        """Never."""
        return False
