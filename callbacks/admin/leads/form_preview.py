"""How visitors would see a source's form, while a manager edits it on the source's page.

The posted page is saved in a transaction, the form is rendered from the database by the code that
serves visitors, and the transaction is rolled back. So the preview shows what saving would lead to,
but nothing is stored or sent. config_cache.unsaved keeps the preview out of this process's memory,
from which visitors get the form while the database is down.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.forms import all_valid
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import path, reverse
from django.utils.translation import gettext

from leads import config_cache, language_choice, source_texts, unavailable, views
from leads.admin import Admin
from leads.models import LeadSource, Logo

# The preview's language choice, which is not a field of the page.
LANGUAGE = "preview_language"
# The inlines whose contents the form shows, besides the source's own fields.
SHOWN = ("form_fields", "form_field_texts", "texts", "logo", "widget", "consent_texts")
# If somebody else is saving, a preview waits only this long.
_NO_LONGER = "SET LOCAL lock_timeout = '2s'"
_IN_HAND = {"55P03", "40P01"}  # lock timeout, deadlock


@dataclass(frozen=True)
class Preview:
    """`languages`: the visitors' choices, by code and name; `language`: the one shown."""

    html: str
    language: str
    languages: Sequence[tuple[str, str]]


class PreviewsForm(Admin):
    """The part of the sources' admin that previews the form."""

    @property
    def media(self) -> forms.Media:
        """Adds the script and styles of the preview."""
        media: forms.Media = super().media
        return media + forms.Media(
            js=["common/released.js", "admin_extra/form_preview.js"],
            css={"all": ["admin_extra/form_preview.css"]},
        )

    def get_urls(self) -> list[Any]:
        """Adds the preview's address."""
        address = path(
            "<path:object_id>/preview/",
            self.admin_site.admin_view(self.preview_view),
            name="leads_leadsource_preview",
        )
        return [address, *super().get_urls()]

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """JSON for the page's script: {"html", "language", "languages"}. If the posted page is not
        valid, these are of the stored form, with an "error" sentence; if it cannot be saved now,
        only "error" is sent.
        """
        source = self.get_object(request, unquote(object_id))
        if source is None:
            raise Http404
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            with config_cache.unsaved(), transaction.atomic():
                found = self._previewed(request, source)
                transaction.set_rollback(True)
        except OperationalError as error:
            if unavailable.sqlstate(error) not in _IN_HAND:
                raise  # the database failed; nobody is just saving
            sentence = gettext("Somebody is saving changes right now. Try again in a moment.")
            return JsonResponse({"error": sentence}, status=HTTPStatus.SERVICE_UNAVAILABLE)
        if found is None:
            sentence = gettext(
                "Something above is incomplete or not valid yet. This is the form as it was before."
            )
            # Normal while somebody types. The stored form fills a preview that is still empty.
            return JsonResponse({"error": sentence, **asdict(_stored(request, source.pk))})
        return JsonResponse(asdict(found))

    def _previewed(self, request: HttpRequest, source: LeadSource) -> Preview | None:
        """Saves the posted page in this transaction and renders it. None: the page is not valid."""
        with connection.cursor() as cursor:
            cursor.execute(_NO_LONGER)
        form = self.get_form(request, source, change=True)(
            request.POST, request.FILES, instance=source
        )
        if not form.is_valid():
            return None
        formsets, _inlines = self._create_formsets(request, form.instance, change=True)
        shown = [it for it in formsets if it.prefix in SHOWN]
        if not all_valid(shown):
            return None
        form.save()
        for formset in shown:
            formset.save()
        return _stored(request, source.pk)


def _stored(request: HttpRequest, source_id: int) -> Preview:
    """The form as rendered from the database."""
    with config_cache.one_version():
        source = LeadSource.objects.get(pk=source_id)
        offered = source_texts.offered(source)
        own = language_choice.choose(source=source.language).language
        asked = request.POST.get(LANGUAGE, "")
        language = asked if asked in offered else own
        return Preview(
            html=_alone(views.as_visitors_see(source, language), source),
            language=language,
            languages=[(it, language_choice.own_name(it)) for it in offered or [own]],
        )


def _alone(page: str, source: LeadSource) -> str:
    """The page without scripts, which the frame would refuse, and with the logo embedded, because
    an unsaved logo has no address.
    """
    page = re.sub(r"<script\b[^>]*></script>", "", page)
    logo = Logo.objects.filter(source=source).first()
    if logo is None:
        return page
    inside = f"data:{logo.kind};base64,{base64.b64encode(bytes(logo.image)).decode()}"
    return page.replace(reverse("leads:logo", args=[logo.digest]), inside)
