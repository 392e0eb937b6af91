"""The audit's list and its entries, for users who may see them. Read-only."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from callbacks.admin import html
from callbacks.admin.audit import described
from callbacks.admin.filters import DaysFilter
from callbacks.models import AuditEntry
from callbacks.models.audit import Act
from leads.admin import Admin

_MOST_DIGITS = 19  # of an id in the database
_COLOURS = {Act.ADDED: html.GREEN, Act.DELETED: html.RED}


class KindFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By kind of object."""

    title = _("kind of object")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All kinds."""
        return described.kinds()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The entries about objects of this kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


class UserFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By user. Entries of a deleted user are found by searching for the user name."""

    title = _("user")
    parameter_name = "user"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The users by name, and the program itself."""
        users = User.objects.order_by("username").values_list("pk", "username")
        return [("0", gettext("The program itself")), *((str(pk), name) for pk, name in users)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What this user, or the program itself, did."""
        chosen = self.value() or ""
        if not (chosen.isascii() and chosen.isdigit() and len(chosen) < _MOST_DIGITS):
            return queryset
        if int(chosen) == 0:
            return queryset.filter(user_id=None)
        return queryset.filter(user_id=int(chosen))


@admin.register(AuditEntry)
class AuditEntryAdmin(Admin):
    """Nobody adds, changes or deletes an entry, in the admin or elsewhere."""

    list_display = ["when", "who", "act_shown", "thing", "what"]
    list_display_links = ["when"]
    list_filter = [("at", DaysFilter), UserFilter, "act", KindFilter]
    list_filter_submit = True
    search_fields = ["username", "thing_name", "=thing_id"]
    search_help_text = _("User name, or the name or number of an object.")
    fields = ["when", "who", "act_shown", "thing", "what", "differences"]
    readonly_fields = fields
    ordering = ["-at", "-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Adds the sentences of acts."""
        return described.with_sentences(super().get_queryset(request))

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Adds the names of the objects."""
        changes: Any = super().get_changelist_instance(request)
        changes.result_list = list(changes.result_list)
        described.add_names(changes.result_list, request.user)
        return changes  # type: ignore[no-any-return]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> AuditEntry | None:
        """The entry with the name of its object."""
        entry: AuditEntry | None = super().get_object(request, object_id, from_field)
        if entry:
            described.add_names([entry], request.user)
        return entry

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """Never."""
        return False

    when = html.moment_of("at", _("at"))

    @display(description=_("who"))  # type: ignore[untyped-decorator]
    def who(self, obj: AuditEntry) -> SafeString:
        """The user, the address they came from, and how they acted."""
        name = obj.username or gettext("the program itself")
        return html.below(format_html("{}", name), " · ".join(filter(None, [obj.address, obj.way])))

    @display(description=_("act"))  # type: ignore[untyped-decorator]
    def act_shown(self, obj: AuditEntry) -> SafeString:
        """The kind of act."""
        return html.label(obj.get_act_display(), _COLOURS.get(Act(obj.act), html.GREY))

    @display(description=_("object"))  # type: ignore[untyped-decorator]
    def thing(self, obj: AuditEntry) -> SafeString:
        """The object's name, now or last, with its kind and number."""
        sort = described.kind(obj)
        if obj.thing_id:
            sort = gettext("%(sort)s %(number)s") % {"sort": sort, "number": obj.thing_id}
        name = getattr(obj, "name", obj.thing_name)
        if not name:
            return format_html("{}", sort)
        return html.below(format_html("<bdi>{}</bdi>", name), sort)

    @display(description=_("what"))  # type: ignore[untyped-decorator]
    def what(self, obj: AuditEntry) -> str:
        """What was done, on one line."""
        return described.what(obj)

    @display(description=_("before and after"))  # type: ignore[untyped-decorator]
    def differences(self, obj: AuditEntry) -> SafeString | str:
        """A table of the columns that differ."""
        rows = described.differences(obj)
        return render_to_string("admin/audit_differences.html", {"rows": rows}) if rows else ""
