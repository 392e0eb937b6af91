"""A source's consent texts on its page: writing, counting and withdrawing them."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.forms import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from callbacks.admin import html
from callbacks.admin.confirm import Confirmation, ask, is_confirmed
from callbacks.admin.leads import typed_language
from leads import consent
from leads.admin import Admin
from leads.models import ConsentText, LeadSource
from leads.models.consents import MOST_SIGNS
from leads.typed_text import clean_text


class _WordsField(forms.CharField):
    """The text, cleaned like visitors' texts; different line ends are no change."""

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value) or "")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial or "")


class ConsentTextForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A text in one language. An existing text keeps its language."""

    text = _WordsField(
        label=_("Text"),
        validators=[MaxLengthValidator(MOST_SIGNS)],
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "dir": "auto"}),
        help_text=ConsentText._meta.get_field("text").help_text,
    )

    class Meta:
        model = ConsentText
        fields = ["language", "text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "language" in self.fields:
            self.fields["language"].disabled = True

    def clean_language(self) -> str:
        """The language code in use."""
        return typed_language.code(self.cleaned_data["language"])


class ConsentTextFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """Saves a changed text as a new version. `by`: the id of the user who changes it."""

    by: int | None = None

    def save_new(self, form: Any, commit: bool = True) -> ConsentText:
        """Writes the next version."""
        return self._write(form)

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> ConsentText:
        """Writes the next version too."""
        return self._write(form)

    def _write(self, form: Any) -> ConsentText:
        cleaned = form.cleaned_data
        source: LeadSource = self.instance
        return consent.write(source, cleaned["language"], cleaned["text"], self.by, timezone.now())


class ConsentTextsInline(StackedInline):  # type: ignore[misc]  # unfold has no types
    """The texts, one per language, that visitors are asked to agree to now."""

    model = ConsentText
    form = ConsentTextForm
    formset = ConsentTextFormSet
    verbose_name_plural = _("Consent texts that are shown now")
    fields = ["language", "text"]
    can_delete = False

    def get_extra(self, request: HttpRequest, obj: LeadSource | None = None, **_kwargs: Any) -> int:
        """One empty form if there is no text yet."""
        return 0 if obj and consent.texts(obj) else 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentText]:
        """The texts shown now; all texts for a POST, which may name one replaced since."""
        texts: QuerySet[ConsentText] = ConsentText.objects.order_by("language")
        if request.method == "POST":
            return texts
        used = texts.filter(withdrawn_at=None)
        newer = used.filter(
            source=OuterRef("source"),
            language=OuterRef("language"),
            version__gt=OuterRef("version"),
        )
        return used.exclude(Exists(newer))

    # The right to change the source includes its texts.

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may see the source."""
        return request.user.has_perm("leads.view_leadsource") or self._may(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may change the source."""
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may change the source."""
        return self._may(request)

    def _may(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.change_leadsource")


class ShowsConsentTexts(Admin):
    """The part of the sources' admin that shows all versions and withdraws one."""

    def get_urls(self) -> list[Any]:
        """Adds the page that withdraws a text."""
        withdraw = path(
            "<path:object_id>/consent/<int:version>/withdraw/",
            self.admin_site.admin_view(self.withdraw_page),
            name="leads_consenttext_withdraw",
        )
        return [withdraw, *super().get_urls()]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> LeadSource | None:
        """Sets whether the user may withdraw the source's texts."""
        found: Any = super().get_object(request, object_id, from_field)
        if found is not None:
            found.may_withdraw = self.has_change_permission(request, found)
        return found  # type: ignore[no-any-return]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Stores who wrote the texts."""
        if isinstance(formset, ConsentTextFormSet):
            formset.by = request.user.pk
        super().save_formset(request, form, formset, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Warns if consent is required but there is no text to agree to."""
        super().save_related(request, form, formsets, change)
        if wrong := trouble(form.instance):
            messages.warning(request, wrong)

    @display(description="")  # type: ignore[untyped-decorator]  # unfold has no types
    def consent_versions(self, obj: LeadSource) -> str:
        """All versions, and how many agreed to each."""
        texts = obj.consent_texts.select_related("added_by").order_by("-version")
        context = {
            "source": obj,
            "texts": texts.annotate(agreed=Count("consents")),
            "shown": {consent.shown(obj, it.language) for it in consent.texts(obj)},
            "may_withdraw": getattr(obj, "may_withdraw", False),
        }
        return render_to_string("admin/consent_versions.html", context)

    def withdraw_page(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        """Asks, then withdraws the text."""
        source = self.get_object(request, object_id)
        if source is None:
            raise Http404
        text = get_object_or_404(source.consent_texts, version=version)
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        page = html.page_of(LeadSource, source.pk)
        if source.demands_consent and consent.shown(source, without=text) is None:
            sentence = gettext(
                "This source requires consent, and this is its only text. Write "
                "another text first, or stop requiring consent. Otherwise people "
                "would be called without consent."
            )
            messages.error(request, sentence)
            return HttpResponseRedirect(page)
        if text.withdrawn_at is None and not is_confirmed(request):
            return ask(request, self, _question(source, text, page))
        with transaction.atomic():
            if consent.withdraw(text, timezone.now()):
                sentence = gettext("Consent text withdrawn: %(text)s") % {"text": text}
                self.log_change(request, source, sentence)
        messages.success(request, gettext("Withdrawn: %(text)s.") % {"text": text})
        return HttpResponseRedirect(page)


def trouble(source: LeadSource) -> str:
    """What is wrong with a source's consent; "" if nothing is."""
    if source.demands_consent and not consent.texts(source):
        return gettext("Consent is required, but there is no text, so visitors are not asked.")
    return ""


def _question(source: LeadSource, text: ConsentText, page: str) -> Confirmation:
    follows = consent.shown(source, text.language, without=text)
    then = (
        gettext("From now on visitors are asked to agree to %(text)s.") % {"text": follows}
        if follows
        else gettext("There is no other text, so from now on visitors are not asked for consent.")
    )
    what = gettext(
        "Nobody can agree to this text any more. Visitors who have the "
        "form open are asked again, and API requests that name this "
        "version are refused. Consents already given stay on record."
    )
    agreed = text.consents.count()
    count = ngettext(
        "%(count)s request has agreed to it", "%(count)s requests have agreed to it", agreed
    ) % {"count": number_format(agreed, force_grouping=True)}
    return Confirmation(
        title=gettext("Withdraw %(text)s?") % {"text": text},
        explanation=f"{what} {then}",
        button=_("Withdraw"),
        things=[Truncator(text.text).chars(300), count],
        back=page,
        danger=True,
    )
