"""Views of reports, saved under a name for oneself or for everybody."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from callbacks.access import scope
from callbacks.access.scope import Scope
from callbacks.admin import html
from callbacks.models import SavedView
from callbacks.models.saved_views import LONGEST_QUERY
from callbacks.reports import saved_views
from callbacks.reports.filters import NotUnderstood
from callbacks.reports.saved_views import REPORTS
from leads.admin import Admin


def _changed_meanwhile(now: SavedView, seen: Scope) -> forms.ValidationError:
    return forms.ValidationError(
        gettext(
            "Somebody else has changed this view in the meantime. It is now "
            "called %(name)s and shows %(shows)s. Open it again before you "
            "change it."
        )
        % {"name": now.name, "shows": saved_views.in_words(now.report, now.query, seen)}
    )


class SavedViewForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The name, whether it is shared and, hidden, what it shows and the version that was read."""

    class Meta:
        model = SavedView
        fields: tuple[str, ...] = ("name", "is_shared", "report", "query", "version")
        widgets = {
            "report": forms.HiddenInput,
            "query": forms.HiddenInput,
            "version": forms.HiddenInput,
        }
        labels = {"report": "", "query": "", "version": ""}

    user: Any = None
    shows = ""  # in words

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.shows and "name" in self.fields:
            self.fields["name"].help_text = self.shows

    def clean_name(self) -> str:
        """A person's saved views have different names."""
        name: str = self.cleaned_data["name"]
        owner = self.user.pk if self.instance.pk is None else self.instance.owner_id
        if SavedView.objects.filter(owner=owner, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                gettext(
                    "A saved view with this name already exists. To change what it "
                    "shows, choose it below."
                )
            )
        return name

    def clean_report(self) -> str:
        """A view keeps its report, because its query fits no other."""
        report: str = self.cleaned_data["report"]
        return report if self.instance.pk is None else self.instance.report

    def clean_query(self) -> str:
        """The query as the report itself writes it. Raises ValidationError if it is not valid."""
        report = REPORTS.get(self.data.get("report") or "")
        if report and not report.may_see(self.user):
            report = None
        if self.instance.pk is not None:
            return str(self.instance.query)  # changed only from the report's page
        try:
            asked = QueryDict(self.cleaned_data["query"])
            query = (
                report.read(asked, timezone.now(), scope.of(self.user)).query().urlencode()
                if report
                else ""
            )
        except (NotUnderstood, ValueError):
            query = ""
        if not query or len(query) > LONGEST_QUERY:
            raise forms.ValidationError(gettext("Choose what the report shows, then save it."))
        return query

    def clean(self) -> dict[str, Any]:
        """Refuses to overwrite somebody else's change. Locks the view until it is saved."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk is None:
            return cleaned
        now = SavedView.objects.select_for_update().filter(pk=self.instance.pk).first()
        if now is None:
            raise forms.ValidationError(gettext("Somebody has deleted this view in the meantime."))
        if now.version != cleaned.get("version"):
            raise _changed_meanwhile(now, scope.of(self.user))
        cleaned["version"] = now.version + 1
        return cleaned


class NewViewForm(SavedViewForm):
    """Saves what the page shows as a new view, or in an existing view."""

    name = forms.CharField(
        label=_("Name"), max_length=60, required=False,
        widget=UnfoldAdminTextInputWidget,
    )  # fmt: skip
    replaced = forms.ChoiceField(
        label=_("Replace"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "The view you choose will show what this page shows. Its name and "
            "its mails stay the same."
        ),
    )

    class Meta(SavedViewForm.Meta):
        fields = ("name", "is_shared", "replaced", "report", "query", "version")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        views = saved_views.visible_to(self.user)
        self.fields["replaced"].choices = [  # type: ignore[attr-defined]
            ("", gettext("Save a new view")),
            *((f"{it.pk}:{it.version}", it.name) for it in views),
        ]

    def clean_name(self) -> str:
        """The name of a new view; an existing view keeps its name."""
        if self.data.get("replaced"):
            return ""
        if not self.cleaned_data.get("name"):
            raise forms.ValidationError(gettext("Enter a name."))
        return super().clean_name()

    def clean(self) -> dict[str, Any]:
        """Refuses to replace a view that changed since the form was opened."""
        cleaned = super().clean()
        if not cleaned.get("replaced"):
            return cleaned
        pk, version = cleaned["replaced"].split(":")
        now = saved_views.visible_to(self.user).select_for_update().filter(pk=pk).first()
        if now is None:
            raise forms.ValidationError(gettext("Somebody has deleted this view in the meantime."))
        if now.version != int(version):
            raise _changed_meanwhile(now, scope.of(self.user))
        cleaned["replaced"] = now
        return cleaned

    def save(self, commit: bool = True) -> Any:
        """Returns the new view, or the existing one with its new query."""
        now = self.cleaned_data.get("replaced")
        if not now:
            return super().save(commit)
        now.query = self.cleaned_data["query"]
        now.version += 1
        self.instance = now
        self.save_m2m = lambda: None  # type: ignore[method-assign]  # as Django does it
        return now

    def _post_clean(self) -> None:
        if not (self.data.get("replaced") and not self.errors):
            super()._post_clean()  # type: ignore[misc]  # Django's, and not in its types


@admin.register(SavedView)
class SavedViewAdmin(Admin):
    """Users with the right may change any shared view they see, but only its owner or a superuser
    may delete it. Only the owner sees a view that is not shared.
    """

    form = SavedViewForm
    list_display = ["name", "shows", "report", "owner", "is_shared", "opened", "by_mail"]
    list_display_links = ["name"]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedView]:
        """Only the views that this person may see."""
        return saved_views.visible_to(request.user).select_related("owner")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only from a report's page, which passes what to save."""
        says_what = request.method == "POST" or "query" in request.GET
        return says_what and bool(super().has_add_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: SavedView | None = None) -> bool:
        """Only for its owner and superusers."""
        may = bool(super().has_delete_permission(request, obj))
        return may and (obj is None or obj.owner_id == request.user.pk or request.user.is_superuser)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None: several chosen views might include somebody else's."""
        return {}

    def get_fields(self, request: HttpRequest, obj: SavedView | None = None) -> Any:
        """The form's fields."""
        return SavedViewForm.Meta.fields if obj else NewViewForm.Meta.fields

    def get_form(self, request: HttpRequest, obj: SavedView | None = None, **kwargs: Any) -> Any:
        """Sets the user, and what the view shows in words."""
        if obj is None:
            kwargs["form"] = NewViewForm
        form = super().get_form(request, obj, **kwargs)
        form.user = request.user
        report = obj.report if obj else request.GET.get("report", "")
        query = obj.query if obj else request.GET.get("query", "")[:LONGEST_QUERY]
        if report in REPORTS and query:
            form.shows = saved_views.in_words(report, query, scope.of(request.user))
        return form

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """A new view belongs to the person who saves it."""
        saved = super().save_form(request, form, change)
        if saved.pk is None:
            saved.owner = request.user
            saved.version = 1
        return saved

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Without "Save and add another", because only a report's page says what to save."""
        context["show_save_and_add_another"] = False
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer

    def response_add(self, request: HttpRequest, obj: SavedView, *args: Any) -> HttpResponse:
        """Redirects to what the view shows."""
        super().response_add(request, obj, *args)
        return HttpResponseRedirect(saved_views.address_of(obj))

    @display(description=_("shows"))  # type: ignore[untyped-decorator]
    def shows(self, obj: SavedView) -> SafeString:
        """What the view shows, and why it can no longer be shown, if so."""
        seen = scope.of(obj.owner)  # others' views are shown only to users who see everything
        said = format_html("{}", saved_views.in_words(obj.report, obj.query, seen))
        return html.trouble_below(said, saved_views.problem(obj, timezone.now(), seen))

    @display(description="")  # type: ignore[untyped-decorator]
    def opened(self, obj: SavedView) -> SafeString:
        """A link to its report."""
        address, text = saved_views.address_of(obj), gettext("Show the report")
        return format_html('<a class="quiet-link nowrap" href="{}">{}</a>', address, text)

    @display(description="")  # type: ignore[untyped-decorator]
    def by_mail(self, obj: SavedView) -> SafeString:
        """A link that subscribes the user."""
        address, text = reverse("admin:callbacks_reportsubscription_add"), gettext("Get it by mail")
        return format_html(
            '<a class="quiet-link nowrap" href="{}?view={}">{}</a>', address, obj.pk, text
        )
