"""Dispositions: the buttons after a talk."""

from django.contrib import admin

from callbacks.admin.base import EditsOnlyWhatChanged
from leads.models import Disposition


@admin.register(Disposition)
class DispositionAdmin(EditsOnlyWhatChanged):
    """The buttons in their order. A button in use cannot be deleted, only switched off."""

    list_display = ["name", "effect", "order", "is_active"]
    list_editable = ["order", "is_active"]
    ordering = ["order", "name"]
    search_fields = ["name"]
    show_full_result_count = False
    fieldsets = [(None, {"fields": ["name", "effect", ("order", "is_active")]})]
