"""API clients and their keys, which are shown once, replaced with an overlap, and ended."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from callbacks.admin import html
from callbacks.admin.confirm import Confirmation, ask, is_confirmed
from leads import api_keys
from leads.admin import Admin
from leads.models import ApiClient, ApiKey, ApiScope

_NEVER = "never"
_DAYS = {
    "0": _("End at once"), "1": _("End in a day"), "7": _("End in a week"),
    "30": _("End in 30 days"), _NEVER: _("Keep them"),
}  # fmt: skip
_LIFE = {"90": _("In 90 days"), "365": _("In a year"), _NEVER: _("Never")}


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What a client may do, as boxes to tick."""

    scopes = forms.MultipleChoiceField(
        label=_("Permissions"),
        choices=ApiScope.choices,
        required=False,
        initial=[ApiScope.SUBMIT.value],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )


class NewKeyForm(forms.Form):
    """When the new key expires, and what happens to existing keys."""

    ends = forms.ChoiceField(
        label=_("New key expires"), choices=list(_LIFE.items()), initial="365",
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    others = forms.ChoiceField(
        label=_("Existing keys"),
        choices=list(_DAYS.items()),
        initial="7",
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "Old and new keys are accepted until then, so that you have time to change the program."
        ),
    )

    def __init__(self, has_keys: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_keys:
            del self.fields["others"]

    def moment(self, name: str, now: datetime) -> datetime | None:
        """The chosen time; None: never, or not asked."""
        days = self.cleaned_data.get(name, _NEVER)
        return None if days == _NEVER else now + timedelta(days=int(days))


class _KeyField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: Any) -> str:
        """Its beginning and its last use, so that nobody ends the key in use."""
        if obj.last_used_at is None:
            return gettext("%(key)s never used") % {"key": obj}
        words = {"key": obj, "when": html.written(obj.last_used_at)}
        return gettext("%(key)s last used %(when)s") % words


class EndForm(forms.Form):
    """Which key to end."""

    key = _KeyField(
        ApiKey.objects.none(), label=_("Key"), empty_label=None, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, keys: QuerySet[ApiKey], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].queryset = keys  # type: ignore[attr-defined]


@admin.register(ApiClient)
class ApiClientAdmin(Admin):
    """A key is shown once, when it is made; later only its beginning is shown. Keys are not added
    or changed in the client's form.
    """

    form = ClientForm
    list_display = ["name", "state", "beginnings", "used"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["name"]
    autocomplete_fields = ["sources"]
    readonly_fields = ["keys_shown"]
    fieldsets = [
        (None, {"fields": [("name", "is_active"), "scopes", "sources", "rate"]}),
        (_("Keys"), {"fields": ["keys_shown"], "classes": ["story"]}),
    ]
    actions_detail = ["new_key", "end_key"]

    def has_delete_permission(self, request: HttpRequest, obj: ApiClient | None = None) -> bool:
        """Never: leads refer to the client that sent them. Switch a client off instead."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        """Loads the clients' keys."""
        found: QuerySet[ApiClient] = super().get_queryset(request)
        return found.prefetch_related("keys__made_by")

    def get_fieldsets(self, request: HttpRequest, obj: ApiClient | None = None) -> Any:
        """Without keys for a new client."""
        return self.fieldsets if obj else self.fieldsets[:1]

    def response_add(
        self, request: HttpRequest, obj: ApiClient, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Redirects to the question for the first key."""
        return HttpResponseRedirect(_address("new_key", obj))

    @display(description=_("state"))  # type: ignore[untyped-decorator]  # unfold has no types
    def state(self, obj: ApiClient) -> SafeString:
        """Whether requests are accepted."""
        now = timezone.now()
        if not obj.is_active:
            return html.label(gettext("Off"), html.GREY)
        if not any(key.holds(now) for key in obj.keys.all()):
            return html.label(gettext("No valid key"), html.RED)
        return html.label(gettext("On"), html.GREEN)

    @display(description=_("keys"))  # type: ignore[untyped-decorator]
    def beginnings(self, obj: ApiClient) -> SafeString:
        """The beginnings of the valid keys."""
        holding = [key for key in obj.keys.all() if key.holds(timezone.now())]
        return html.joined([_beginning(key) for key in holding])

    @display(description=_("keys"))  # type: ignore[untyped-decorator]
    def keys_shown(self, obj: ApiClient) -> SafeString | str:
        """Each key's beginning, state, who made it and when, its expiry and its last use. Valid
        keys come first.
        """
        now = timezone.now()
        keys = sorted(obj.keys.all(), key=lambda it: not it.holds(now))
        if not keys:
            return gettext("None yet.")
        rows = ((_beginning(key), _standing(key, now), _said(key, now)) for key in keys)
        lines = format_html_join("", '<li class="noted"><p>{} {}</p><small>{}</small></li>', rows)
        return format_html('<ul class="keys">{}</ul>', lines)

    @display(description=_("last used"))  # type: ignore[untyped-decorator]
    def used(self, obj: ApiClient) -> SafeString | str:
        """When any of its keys was last used."""
        moments = [key.last_used_at for key in obj.keys.all() if key.last_used_at]
        return html.moment(max(moments)) if moments else gettext("never")

    # --- keys -----------------------------------------------------------------------------------

    @action(  # type: ignore[untyped-decorator]
        description=_("New key"), url_path="new-key", permissions=["change"], icon="key"
    )
    def new_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks when it expires, then makes it and shows it once."""
        client, now = self._found(request, object_id), timezone.now()
        user: Any = request.user
        live = _live(client, now)
        confirmed = is_confirmed(request)
        form = NewKeyForm(live.exists(), request.POST if confirmed else None)
        page = _address("change", client)
        if not (confirmed and form.is_valid()):
            return ask(request, self, _question(client, page, form))
        with transaction.atomic():
            key, text = api_keys.make(client, user, form.moment("ends", now))
            if overlap := form.moment("others", now):
                api_keys.expire(client, overlap, besides=key)
            self.log_change(request, client, gettext("Key %(key)s made") % {"key": key.prefix})
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("The new key of %(name)s") % {"name": client.name},
            "opts": self.model._meta,
            "secret": text,
            "back": page,
        }
        answer = TemplateResponse(request, "admin/alert_secret.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @action(  # type: ignore[untyped-decorator]
        description=_("End a key"), url_path="end-key", permissions=["change"], icon="key_off"
    )
    def end_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks which key, then ends it at once."""
        client, now = self._found(request, object_id), timezone.now()
        page = _address("change", client)
        live = _live(client, now)
        if not live.exists():
            sentence = gettext("There is no key to end.")
            self.message_user(request, sentence, messages.WARNING)
            return HttpResponseRedirect(page)
        confirmed = is_confirmed(request)
        form = EndForm(live, request.POST if confirmed else None)
        if not (confirmed and form.is_valid()):
            return ask(request, self, _end_question(client, page, form))
        key = form.cleaned_data["key"]
        with transaction.atomic():
            if api_keys.end(key, now):
                said = gettext("Key %(key)s ended") % {"key": key.prefix}
                self.log_change(request, client, said)
        sentence = gettext("The key %(key)s is refused from now on.") % {"key": str(key)}
        self.message_user(request, sentence)
        return HttpResponseRedirect(page)

    def _found(self, request: HttpRequest, object_id: str) -> ApiClient:
        client: ApiClient | None = self.get_object(request, object_id)
        if client is None:
            raise Http404
        return client


def _address(name: str, client: ApiClient) -> str:
    return reverse(f"admin:leads_apiclient_{name}", args=[client.pk])


def _live(client: ApiClient, now: datetime) -> QuerySet[ApiKey]:
    unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    return client.keys.filter(unexpired, ended_at=None)


def _beginning(key: ApiKey) -> SafeString:
    return format_html('<code dir="ltr">{}…</code>', key.prefix)


def _standing(key: ApiKey, now: datetime) -> SafeString:
    if key.holds(now):
        return html.label(gettext("Valid"), html.GREEN)
    return html.label(gettext("Ended") if key.ended_at else gettext("Expired"), html.GREY)


def _said(key: ApiKey, now: datetime) -> SafeString:
    made = _at(gettext("made {when}"), key.made_at)
    if key.made_by:
        who = key.made_by.get_full_name() or key.made_by.get_username()
        made = format_html(gettext("made {when} by {who}"), when=html.moment(key.made_at), who=who)
    if key.ended_at:
        ends = _at(gettext("ended {when}"), key.ended_at)
    elif key.expires_at is None:
        ends = format_html("{}", gettext("no expiry"))
    else:
        said = gettext("until {when}") if key.holds(now) else gettext("expired {when}")
        ends = _at(said, key.expires_at)
    used = format_html("{}", gettext("never used"))
    if key.last_used_at:
        used = _at(gettext("last used {when}"), key.last_used_at)
    return html.dotted([made, ends, used])


def _at(said: str, at: datetime) -> SafeString:
    return format_html(said, when=html.moment(at))


def _question(client: ApiClient, page: str, form: forms.Form) -> Confirmation:
    return Confirmation(
        title=_("Make a new key?"),
        explanation=_("The key is shown once. Have a safe place ready to store it."),
        button=_("Make it"),
        things=[str(client)],
        back=page,
        form=form,
    )


def _end_question(client: ApiClient, page: str, form: forms.Form) -> Confirmation:
    return Confirmation(
        title=_("End a key?"),
        explanation=_(
            "Requests with this key are refused at once. An ended key cannot be restored."
        ),
        button=_("End it"),
        things=[str(client)],
        back=page,
        danger=True,
        form=form,
    )
