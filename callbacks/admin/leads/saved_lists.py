"""Filters of the list of leads, saved under a name for oneself or for everybody."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.common.translation import Text
from callbacks.models import SavedList
from callbacks.models.saved_lists import LONGEST_QUERY, filter_of
from leads import visible_rows
from leads.admin import Admin
from leads.models import LeadSource

# The list of leads shows only this many; the page of saved lists has all.
_SHOWN = 20
_NAMES: dict[str, Text] = {
    "q": _("search"),
    "status__exact": _("status"),
    "source__id__exact": _("source"),
    "disposition__id__exact": _("disposition"),
    "submitted": _("submitted"),
    "todo": _("to do"),
    "heard": _("AI findings"),
    "report": _("from the report"),
}


@dataclass(frozen=True)
class Chip:
    """A saved list as a link above the list of leads."""

    name: str
    address: str
    is_shared: bool
    is_chosen: bool


def visible_to(user: Any) -> QuerySet[SavedList]:
    """The user's own saved lists, and shared ones."""
    found = SavedList.objects.filter(Q(owner=user.pk) | Q(is_shared=True))
    return visible_rows.of(user, found)


def address_of(saved: SavedList) -> str:
    """The address of the list of leads with this filter."""
    return f"{reverse('admin:leads_lead_changelist')}?{saved.query}"


def chips(request: HttpRequest) -> list[Chip]:
    """The first saved lists that this person may see, with the current one marked. One query."""
    shown = _asked(request)
    return [
        Chip(it.name, address_of(it), it.is_shared, it.query == shown)
        for it in visible_to(request.user)[:_SHOWN]
    ]


def address_to_save(request: HttpRequest) -> str:
    """The address that saves the current filter; "" without a filter or without the right."""
    shown = _asked(request)
    may = request.user.has_perm("callbacks.add_savedlist")
    if not (shown and may) or len(shown) > LONGEST_QUERY:
        return ""
    return f"{reverse('admin:callbacks_savedlist_add')}?{urlencode({'query': shown})}"


def _asked(request: HttpRequest) -> str:
    try:
        return filter_of(request.META.get("QUERY_STRING", ""))
    except ValueError:
        return ""


def in_words(query: str, user: Any) -> str:
    """ "status: failed · source: Website"; a source that was deleted, or that the user may not see,
    is shown by its id.
    """
    pairs = parse_qsl(query)
    ids = [int(value) for name, value in pairs if name == "source__id__exact" and _is_id(value)]
    named = visible_rows.of(user, LeadSource.objects.filter(pk__in=ids))
    sources = {str(pk): name for pk, name in named.values_list("pk", "name")}
    return " · ".join(
        gettext("%(name)s: %(value)s")
        % {"name": _NAMES.get(name, name), "value": sources.get(value, value)}
        for name, value in pairs
    )


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 18


class SavedListForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The name, whether it is shared and, hidden, the filter and the version that was read."""

    class Meta:
        model = SavedList
        fields = ("name", "is_shared", "query", "version")
        widgets = {"query": forms.HiddenInput, "version": forms.HiddenInput}
        labels = {"query": "", "version": ""}

    user: Any = None

    def clean_name(self) -> str:
        """A person's saved lists have different names."""
        name: str = self.cleaned_data["name"]
        owner = self.user.pk if self.instance.pk is None else self.instance.owner_id
        if SavedList.objects.filter(owner=owner, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(gettext("A saved list with this name already exists."))
        return name

    def clean_query(self) -> str:
        """Requires a filter."""
        try:
            query = filter_of(self.cleaned_data["query"])
        except ValueError:
            query = ""
        if not query or "%00" in query:
            raise forms.ValidationError(gettext("Filter the list of leads first, then save it."))
        return query

    def clean(self) -> dict[str, Any]:
        """Refuses to overwrite somebody else's change. Locks the list until it is saved."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk is None:
            return cleaned
        now = SavedList.objects.select_for_update().filter(pk=self.instance.pk).first()
        if now is None:
            raise forms.ValidationError(gettext("Somebody has deleted this list in the meantime."))
        if now.version != cleaned.get("version"):
            raise forms.ValidationError(
                gettext(
                    "Somebody else has changed this list in the meantime. It is now "
                    "called %(name)s. Open it again before you change it."
                )
                % {"name": now.name}
            )
        cleaned["version"] = now.version + 1
        return cleaned


@admin.register(SavedList)
class SavedListAdmin(Admin):
    """Users with the right may change any shared list they see, but only its owner or a superuser
    may delete it. Only the owner sees a list that is not shared.
    """

    form = SavedListForm
    list_display = ["name", "shows", "owner", "is_shared", "opened"]
    list_display_links = ["name"]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedList]:
        """Only the lists that this person may see."""
        return visible_to(request.user).select_related("owner")

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """With what each list shows, for who asks."""
        changes: Any = super().get_changelist_instance(request)
        for saved in changes.result_list:
            saved.said = in_words(saved.query, request.user)
        return changes  # type: ignore[no-any-return]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only from the list of leads, which passes the filter."""
        says_what = request.method == "POST" or "query" in request.GET
        return says_what and bool(super().has_add_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: SavedList | None = None) -> bool:
        """Only for its owner and superusers."""
        may = bool(super().has_delete_permission(request, obj))
        return may and (obj is None or obj.owner_id == request.user.pk or request.user.is_superuser)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None: several chosen lists might include somebody else's."""
        return {}

    def get_form(self, request: HttpRequest, obj: SavedList | None = None, **kwargs: Any) -> Any:
        """Sets the user, and shows the filter in words."""
        form = super().get_form(request, obj, **kwargs)
        form.user = request.user
        shown = obj.query if obj else request.GET.get("query", "")[:LONGEST_QUERY]
        if "name" in form.base_fields and shown:
            form.base_fields["name"].help_text = in_words(shown, request.user)
        return form

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """A new list belongs to the person who saves it."""
        saved = super().save_form(request, form, change)
        if not change:
            saved.owner = request.user
            saved.version = 1
        return saved

    def response_add(self, request: HttpRequest, obj: SavedList, *args: Any) -> HttpResponse:
        """Redirects to the leads that the list shows."""
        super().response_add(request, obj, *args)
        return HttpResponseRedirect(address_of(obj))

    @display(description=_("shows"))  # type: ignore[untyped-decorator]
    def shows(self, obj: SavedList) -> str:
        """The filter in words."""
        return str(obj.said)  # type: ignore[attr-defined]  # of get_changelist_instance

    @display(description="")  # type: ignore[untyped-decorator]
    def opened(self, obj: SavedList) -> SafeString:
        """A link to its leads."""
        return format_html(
            '<a class="quiet-link nowrap" href="{}">{}</a>', address_of(obj), gettext("Show leads")
        )
