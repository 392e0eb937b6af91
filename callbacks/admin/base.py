"""What our ModelAdmins share."""

# ruff: noqa: ARG002  # the methods' parameters are Django's

from typing import Any

from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import TabularInline

from callbacks.admin.search import by_end_of_call_id, by_lead, by_phone, by_public_id
from leads.admin import Admin


class EditsOnlyWhatChanged(Admin):
    """Saves the fields that were edited and no others.

    The engine writes the same rows (status, unavailable_until, ...): a full save would put back
    what the row held when the page was loaded.
    """

    def save_model(
        self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool
    ) -> None:
        """An UPDATE of the edited columns, or an INSERT."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        # Compared, and not `changed_data` alone: the model's own cleaning changes values too.
        obj.save(
            update_fields=[
                field.name
                for field in obj._meta.concrete_fields
                if field.name in form.initial
                and field.value_from_object(obj) != form.initial[field.name]
            ]
        )


class SearchesByPhone(Admin):
    """A list that is also searched by `phone_field`, stored as E.164, in any spelling, by its lead,
    and by the end of a CALLID.
    """

    phone_field = "phone"
    lead_field = "lead"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What `search_fields` finds, or the number, the lead or the call."""
        typed = search_term.strip()
        found, _ = super().get_search_results(request, queryset, typed)
        if not typed:
            return found, False
        condition = Q(pk__in=found.order_by().values("pk"))
        for further in (
            by_phone(typed, self.phone_field),
            by_lead(typed, self.lead_field),
            by_public_id(typed, f"{self.lead_field}__public_id"),
            by_end_of_call_id(typed, "call_id"),
        ):
            condition |= further or Q()
        return queryset.filter(condition), False


class ReadOnly:
    """Nobody adds, changes or deletes: the engine writes these rows, and they are its memory."""

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
