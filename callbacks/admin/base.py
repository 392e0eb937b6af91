"""What our ModelAdmins share."""

# ruff: noqa: ARG002  # the methods' parameters are Django's

from typing import Any

from django.contrib.admin.utils import label_for_field
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.text import capfirst
from unfold.admin import TabularInline

from leads.admin import Admin


class EditsOnlyWhatChanged(Admin):
    """Saves the fields that were edited and no others.

    The engine writes the same rows (status, unavailable_until, ...): a full save would restore
    what the row held when the page was loaded.
    """

    def save_model(
        self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool
    ) -> None:
        """An UPDATE of the edited columns, or an INSERT."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        # `changed_data` is not enough, because the model's own cleaning changes values too.
        obj.save(
            update_fields=[
                field.name
                for field in obj._meta.concrete_fields
                if field.name in form.initial
                and field.value_from_object(obj) != form.initial[field.name]
            ]
        )


class SearchesCalls(Admin):
    """A list that is searched by the lead and by the end of a CALLID (callbacks.admin.search).

    The theme shows the search field if `search_fields` is set; nothing else reads that option.
    """

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows found by `found`; all rows if nothing was typed."""
        typed = search_term.strip()
        return (queryset.filter(self.found(typed, request.user)) if typed else queryset), False

    def found(self, typed: str, user: Any) -> Q:
        """The rows that match `typed` and that `user` may find."""
        raise NotImplementedError


class ReadOnly:
    """Nobody adds, changes or deletes these rows: the engine writes them as its record."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class ReadOnlyInline(ReadOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    """Rows shown on another object's page."""

    extra = 0
    can_delete = False
    show_change_link = True

    def get_formset(self, request: HttpRequest, obj: Any = None, **more: Any) -> Any:
        """Adds the columns' names, which narrow screens show beside each value."""
        names = self.get_fields(request, obj)
        labels = {it: capfirst(str(label_for_field(it, self.model, self))) for it in names}
        return super().get_formset(request, obj, **{"labels": labels, **more})
