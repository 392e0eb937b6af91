"""Wallboards: making and withdrawing their links."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from callbacks.admin import html
from callbacks.admin.commands import Command, NothingToDo
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.models import Wallboard
from leads import language_choice, languages
from leads.admin import Admin


def _withdraw(board: Wallboard, _user: object) -> str:
    changed = Wallboard.objects.filter(pk=board.pk, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )
    if not changed:
        raise NothingToDo(gettext("The link of this board has already been withdrawn."))
    return gettext("The link has been withdrawn. Screens that show it stop within seconds.")


def _renew(board: Wallboard, _user: object) -> str:
    Wallboard.objects.filter(pk=board.pk).update(link_id=uuid.uuid4(), withdrawn_at=None)
    return gettext("The board has a new link. The old link no longer works.")


WITHDRAW = Command(
    run=_withdraw,
    title=_("Withdraw the link of this board?"),
    explanation=_(
        "Every screen that shows the board stops within seconds. You can make a new link later."
    ),
    button=_("Withdraw"),
    logged=_("Link withdrawn"),
    danger=True,
)
RENEW = Command(
    run=_renew,
    title=_("Make a new link for this board?"),
    explanation=_("The old link stops working. Open the board on each screen with the new link."),
    button=_("Make a new link"),
    logged=_("New link made"),
)


_name_of = lazy(languages.name_of, str)


class WallboardForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A board; its language is one that pages are available in."""

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=lambda: [
            ("", _("the screen's own")),
            *((it, _name_of(it)) for it in language_choice.codes()),
        ],
        help_text=Wallboard._meta.get_field("language").help_text,
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Wallboard
        fields = ["name", "language", "shows_first_names"]


@admin.register(Wallboard)
class WallboardAdmin(Admin):
    """Users who may change a board see its link; others only see that it has one."""

    list_display = ["name", "link_state", "shows_first_names", "last_shown_at", "created_by"]
    list_per_page = 50
    show_full_result_count = False
    form = WallboardForm
    fields = ["name", "language", "shows_first_names", "address", "link_state", "last_shown_at"]
    readonly_fields = ["address", "link_state", "last_shown_at"]
    actions_detail = ["renew", "withdraw"]

    def get_fields(self, request: HttpRequest, obj: Wallboard | None = None) -> list[str]:
        """The fields to fill in for a new board; the link for users who may see it."""
        if obj is None:
            return self.fields[:3]
        may_see = self.has_change_permission(request, obj)
        return [name for name in self.fields if name != "address" or may_see]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Wallboard | None:
        """Adds the address that a screen opens."""
        board: Wallboard | None = super().get_object(request, object_id, from_field)
        if board:
            path = reverse("wallboard:page", args=[board.token])
            board.__dict__["address"] = request.build_absolute_uri(path)
        return board

    @display(description=_("link"))  # type: ignore[untyped-decorator]  # unfold has no types
    def address(self, obj: Wallboard) -> SafeString | str:
        """The link, to open on the screen or to copy."""
        if obj.withdrawn_at:
            return gettext("Withdrawn: the link no longer works.")
        return format_html(
            '<a class="quiet-link" href="{0}" target="_blank" rel="noopener noreferrer" dir="ltr">'
            "{0}</a>",
            obj.__dict__["address"],
        )

    @display(description=_("state"))  # type: ignore[untyped-decorator]
    def link_state(self, obj: Wallboard) -> SafeString:
        """Whether the link works."""
        if obj.withdrawn_at:
            return html.label(gettext("Withdrawn"), html.GREY)
        return html.label(gettext("Visible to anyone with the link"), html.GREEN)

    def save_model(
        self, request: HttpRequest, obj: Wallboard, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Stores who made it."""
        if not change:
            obj.created_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Wallboard, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Redirects to the board's page, which has the link."""
        return HttpResponseRedirect(reverse("admin:callbacks_wallboard_change", args=[obj.pk]))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The actions that would change something."""
        actions: list[Any] = super().get_actions_detail(request, object_id)
        board = self.get_object(request, str(object_id))
        return [it for it in actions if it.path != "withdraw" or (board and not board.withdrawn_at)]

    @action(  # type: ignore[untyped-decorator]
        description=_("New link"), url_path="renew", permissions=["change"], icon="link"
    )
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then makes a new link."""
        return self._one(request, object_id, RENEW)

    @action(  # type: ignore[untyped-decorator]
        description=_("Withdraw"), url_path="withdraw", permissions=["change"], icon="link_off"
    )
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then withdraws the link."""
        return self._one(request, object_id, WITHDRAW)

    def _one(
        self, request: HttpRequest, object_id: str, command: Command[Wallboard]
    ) -> HttpResponse:
        board = self.get_object(request, object_id)
        if board is None:
            raise Http404
        page = reverse("admin:callbacks_wallboard_change", args=[board.pk])
        if not is_confirmed(request):
            return ask(request, self, command.question([board], request.user, page))
        command.carry_out(self, request, [board])
        return HttpResponseRedirect(page)
