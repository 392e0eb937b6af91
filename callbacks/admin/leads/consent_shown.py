"""What a lead's sender agreed to: on the lead's page, in the list's filter, and in exports."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.access.others_requests import is_hidden
from callbacks.admin import html
from leads import consent, visible_rows
from leads.admin import Admin
from leads.models import Consent, ConsentText, Lead, LeadSource

# As many leads as a search finds.
_MOST = 1_000


def of(lead: Lead) -> Consent | None:
    """What the lead's sender agreed to."""
    try:
        return lead.consent
    except ObjectDoesNotExist:
        return None


def is_told(lead: Lead) -> bool:
    """Whether to show consent: somebody agreed, or the source has texts to agree to."""
    return of(lead) is not None or bool(consent.texts(lead.source))


class ShowsConsent(Admin):
    """The part of the leads' admin that shows what was agreed to."""

    @display(description=_("agreed to"))  # type: ignore[untyped-decorator]  # unfold has no types
    def agreed_to(self, obj: Lead) -> SafeString | str:
        """The version, time, channel and page of the consent; and the text itself."""
        found = of(obj)
        if found is None:
            return gettext("Nothing: this request came without consent.")
        page = "" if is_hidden(obj) else found.page
        how = [html.written(found.agreed_at), obj.get_came_by_display(), page]
        return format_html(
            '<details><summary>{}</summary><p class="consent-words" lang="{}" dir="auto">{}</p>'
            "</details>",
            html.below(format_html("{}", found.text), html.dotted(how)),
            found.text.language,
            found.text.text,
        )


class ConsentFilter(SimpleListFilter):
    """Leads with consent, without it, or, through a link, with consent to one text.

    Limited to the newest _MOST, because a rare answer would otherwise read all leads.
    """

    title = _("consent (newest 1,000)")
    parameter_name = "consent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """With or without consent, and the text that a link asks for."""
        choices = [("yes", gettext("Agreed")), ("no", gettext("Did not agree"))]
        text = self._text(request)
        if text is not None:
            words = {"source": text.source, "text": text}
            choices.append((str(text.pk), gettext("%(source)s, %(text)s") % words))
        return choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The matching leads. By ids, because PostgreSQL would read all leads for a join."""
        consents = Consent.objects.order_by("-pk").values_list("lead_id", flat=True)
        if self.value() in ("yes", "no"):
            newest = visible_rows.of(request.user, Lead.objects.order_by("-submitted_at"))
            ids = set(newest.values_list("pk", flat=True)[:_MOST])
            agreed = set(consents.filter(lead__in=ids))
            return queryset.filter(pk__in=agreed if self.value() == "yes" else ids - agreed)
        text = self._text(request)
        if text is None:
            return queryset
        return queryset.filter(pk__in=list(consents.filter(text=text)[:_MOST]))

    def _text(self, request: HttpRequest) -> ConsentText | None:
        asked = self.value() or ""
        if not (asked.isascii() and asked.isdecimal() and len(asked) < 18):
            return None
        sources = visible_rows.of(request.user, LeadSource.objects.order_by())
        texts = ConsentText.objects.select_related("source").filter(source__in=sources)
        return texts.filter(pk=int(asked)).first()
