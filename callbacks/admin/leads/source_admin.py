"""Lead sources: what `leads` knows about them, and how their leads are called."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.admin import effective_parameters, html
from callbacks.admin.filters import NobodyNowFilter
from callbacks.admin.leads import (
    consent_texts,
    form_fields_shown,
    retention_shown,
    source_texts_shown,
    widget_shown,
)
from callbacks.admin.leads.consent_texts import ConsentTextsInline, ShowsConsentTexts
from callbacks.admin.leads.form_fields_shown import FormFieldsInline, FormFieldTextsInline
from callbacks.admin.leads.form_preview import PreviewsForm
from callbacks.admin.leads.logo_shown import LogoInline
from callbacks.admin.leads.recorded_messages import SourceMessagesInline
from callbacks.admin.leads.source_texts_shown import SourceTextsInline
from callbacks.admin.leads.widget_shown import WidgetInline, WidgetTextsInline
from callbacks.admin.parameters import SourceParametersInline
from callbacks.explain import unroutable
from callbacks.models import TeamSource
from callbacks.privacy import retention
from leads.admin import LeadSourceAdmin
from leads.models import ApiClient, LeadSource, LeadStatus


@admin.register(LeadSource)
class SourceAdmin(PreviewsForm, ShowsConsentTexts, LeadSourceAdmin):
    """Adds a source's consent texts, recorded messages and call parameters, among other things."""

    list_display = ["name", "slug", "is_active", "answered_by", "allowed_countries", "sla_target"]
    list_filter = [NobodyNowFilter]
    readonly_fields = ["consent_versions"]
    inlines = [
        FormFieldsInline, FormFieldTextsInline,
        SourceTextsInline, LogoInline, WidgetInline, WidgetTextsInline, ConsentTextsInline,
        SourceMessagesInline, SourceParametersInline,
    ]  # fmt: skip
    change_form_outer_after_template = "admin/what_holds.html"

    change_form_before_template = "admin/source_teams.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[LeadSource]:
        """Loads the teams in the order in which they step in."""
        queryset: QuerySet[LeadSource] = super().get_queryset(request)
        answers = TeamSource.objects.select_related("team").order_by("overflow_after", "team__name")
        return queryset.prefetch_related(Prefetch("teamsource_set", answers))

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Adds what keeps a source's leads from being called, in a few queries for all."""
        changes: ChangeList = super().get_changelist_instance(request)
        why = unroutable.why([source.pk for source in changes.result_list], timezone.now())
        for source in changes.result_list:
            source.unanswered = why.get(source.pk, "")
        return changes

    @display(description=_("answered by"))  # type: ignore[untyped-decorator]  # unfold has no types
    def answered_by(self, obj: LeadSource) -> SafeString | str:
        """Its teams, and why nobody will ever call its leads, if that is so."""
        teams = ", ".join(words_for(it) for it in obj.teamsource_set.all())
        return html.trouble_below(format_html("{}", teams), getattr(obj, "unanswered", ""))

    def get_fieldsets(self, request: HttpRequest, obj: LeadSource | None = None) -> Any:
        """Adds the versions of its consent texts, if there are any."""
        rows = super().get_fieldsets(request, obj)
        if obj is None or not obj.consent_texts.exists():
            return rows
        versions = {"fields": ["consent_versions"], "classes": ["story"]}
        return [*rows, (_("All versions of the consent texts"), versions)]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Refuses to delete an API client's only source: without one, it could submit to all."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        going = [it.pk for it in objs]
        clients = ApiClient.objects.filter(sources__in=going).distinct()
        sentence = gettext("API client %(client)s: may submit only to this source.")
        alone = [
            sentence % {"client": it.name}
            for it in clients
            if not it.sources.exclude(pk__in=going).exists()
        ]
        return deleted, counts, needed, [*protected, *alone]

    def save_model(self, request: HttpRequest, obj: LeadSource, form: Any, change: bool) -> None:
        """New retention settings take effect after TIME_TO_THINK, so a mistake can be undone."""
        if {"kept_days", "after_that"} & set(form.changed_data) and obj.kept_days is not None:
            obj.kept_since = timezone.now() + retention.TIME_TO_THINK
        super().save_model(request, obj, form, change)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Adds warnings, teams and snippets, and the parameters for users who may see them."""
        source = context.get("original")
        if source:
            context["unanswered"] = unroutable.why([source.pk], timezone.now()).get(source.pk, "")
            context["wait_for_a_person"] = unroutable.countries(source.pk, timezone.now())
            context["still_called"] = source.leads.filter(status=LeadStatus.WAITING).count()
            context["consent_trouble"] = consent_texts.trouble(source)
            context["missing_texts"] = [
                *source_texts_shown.missing(source),
                *form_fields_shown.missing(source),
            ]
            context["answers"] = source.teamsource_set.all()
            context["kept"] = retention_shown.sentences(source, timezone.now())
            form = reverse("leads:contact", args=[source.slug])
            address = context["form_address"] = request.build_absolute_uri(form)
            link_words = gettext("Have us call you")
            context["snippet"] = f'<a href="{address}">{link_words}</a>'
            context["widget_snippet"] = widget_shown.snippet(request, source)
        if source and effective_parameters.may_see(request):
            context["what_holds"] = effective_parameters.for_source(source)
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer


def words_for(answer: TeamSource) -> str:
    """ "Sales", "Night after 60 s", "Support (off)"."""
    after = (
        gettext(" after %(overflow_after)s s") % {"overflow_after": answer.overflow_after}
        if answer.overflow_after
        else ""
    )
    return f"{answer.team}{after}{'' if answer.team.is_active else ' (off)'}"
