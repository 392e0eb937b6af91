"""Lead sources: what `leads` knows of them, and how their leads are called."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from callbacks.admin import what_holds
from callbacks.admin.messages import SourceMessagesInline
from callbacks.admin.parameters import SourceParametersInline
from leads.admin import LeadSourceAdmin
from leads.models import LeadSource


@admin.register(LeadSource)
class SourceAdmin(LeadSourceAdmin):
    """With the messages its leads are played, and the parameters of its calls."""

    inlines = [SourceMessagesInline, SourceParametersInline]
    change_form_outer_after_template = "admin/what_holds.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With what holds, for those who may see parameters."""
        source = context.get("original")
        if source and what_holds.may_see(request):
            context["what_holds"] = what_holds.for_source(source)
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer
