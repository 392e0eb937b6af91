"""Held leads as a worklist: release, reject or block them, one or many at once."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.access import scope
from callbacks.access.others_requests import has_moved, is_hidden
from callbacks.admin import html
from callbacks.admin.base import ReadOnly
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.admin.filters import RelatedFilter
from callbacks.admin.leads import challenge_shown, forms, held_blocks, held_commands
from callbacks.admin.leads.held_blocks import BlockSenderForm
from callbacks.admin.leads.held_by import (
    BrowserFilter,
    CheckFilter,
    ReasonFilter,
    SpanFilter,
    WayFilter,
    counted_by_reason,
)
from callbacks.admin.leads.held_commands import HeldCommand
from callbacks.admin.leads.held_filters import (
    AddressFilter,
    DomainFilter,
    counted_by_address,
    counted_by_domain,
    domain_of,
    held_for,
    network_of,
)
from callbacks.admin.leads.requests_shown import AsksNothingHidden
from leads.models import HeldLead, Lead, LeadStatus, is_held

LIST = "admin:leads_heldlead_changelist"
# At most this many at once: as many as one address may have stored within a day.
_AT_ONCE = 1000


@admin.register(HeldLead)
class HeldLeadAdmin(ReadOnly, AsksNothingHidden):
    """Newest or oldest first. Anybody who may see leads sees it; deciding needs its own right."""

    list_display = ["came", "person", "why", "sender", "domain"]
    list_display_links = None
    list_filter = [
        CheckFilter, WayFilter, BrowserFilter, ("source", RelatedFilter),
        ("submitted_at", SpanFilter), ReasonFilter, AddressFilter, DomainFilter,
    ]  # fmt: skip
    list_filter_submit = True
    list_fullwidth = True
    list_per_page = 50
    sortable_by = ("came",)
    list_before_template = "admin/held_leads_hint.html"
    show_full_result_count = False
    actions = [
        "release_selected", "reject_selected", "block_sender_selected", "block_selected",
    ]  # fmt: skip

    # --- permissions ----------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same as for leads."""
        user = request.user
        return user.has_perm("leads.view_lead") or user.has_perm("leads.change_lead")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same as for leads."""
        return self.has_view_permission(request)

    def has_judge_permission(self, request: HttpRequest) -> bool:
        """Whether the user may release and reject."""
        return self.has_view_permission(request) and request.user.has_perm("leads.judge_heldlead")

    def has_block_permission(self, request: HttpRequest) -> bool:
        """Whether the user may also put numbers on the never-call list."""
        may_list = request.user.has_perm("leads.add_nevercallnumber")
        return self.has_judge_permission(request) and may_list

    def has_block_sender_permission(self, request: HttpRequest) -> bool:
        """Whether the user may also put entries on the block list."""
        may_block = request.user.has_perm("leads.add_blockentry")
        return self.has_judge_permission(request) and may_block

    # --- the list -------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[HeldLead]:
        """Leads held now, including those that joined another request for their number."""
        found: QuerySet[HeldLead] = super().get_queryset(request)
        return (
            found.filter(is_held())
            .select_related("source", "challenge", "duplicate_of")
            .prefetch_related("findings")
        )

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Adds how many other held leads share the address and the domain."""
        changes: Any = super().get_changelist_instance(request)
        _add_others(changes.result_list, request.user)
        return changes  # type: ignore[no-any-return]

    @display(description=_("submitted"), ordering="submitted_at")  # type: ignore[untyped-decorator]
    def came(self, obj: HeldLead) -> SafeString:
        """When the request came, and through which source."""
        at = format_html("{}", html.moment(obj.submitted_at))
        return html.below(at, format_html("<bdi>{}</bdi>", obj.source))

    @display(description=_("name"))  # type: ignore[untyped-decorator]
    def person(self, obj: HeldLead) -> SafeString:
        """The sender's name and number, linked to the lead's page."""
        return html.person(obj.name, obj.phone, html.page_of(Lead, obj.pk))

    @display(description=_("reason"))  # type: ignore[untyped-decorator]
    def why(self, obj: HeldLead) -> SafeString:
        """The checks' reasons for holding the lead."""
        # A lead held by an older release has no findings.
        # If it was sent to another team, its findings are hidden: a reason may quote the request.
        findings = [] if is_hidden(obj) else [it.reason for it in obj.findings.all()]
        others = obj.of_reason  # type: ignore[attr-defined]  # of _add_others
        reasons: list[str] = [_with_others(it, "reason", it, others[it]) for it in findings]
        reasons = reasons or [obj.error_message]
        if about := challenge_shown.sentence(obj):
            reasons.append(about)
        if challenge_shown.is_solved(obj) and obj.error_message not in " ".join(findings):
            reasons.append(obj.error_message)  # why it is still held
        if obj.status == LeadStatus.DUPLICATE:
            reasons.append(_joined(obj))
        told = format_html_join("", "<li>{}</li>", ((reason,) for reason in reasons))
        return format_html('<ul class="facts reasons">{}</ul>', told)

    @display(description=_("address"))  # type: ignore[untyped-decorator]
    def sender(self, obj: HeldLead) -> SafeString | str:
        """The address it came from, and how many others from there are held."""
        network = network_of(obj)
        if not network:
            return ""
        return _with_others(str(obj.submitted_from), "address", network, obj.of_address)  # type: ignore[attr-defined]

    @display(description=_("email"))  # type: ignore[untyped-decorator]
    def domain(self, obj: HeldLead) -> SafeString | str:
        """The e-mail, and how many others of its domain are held."""
        domain = domain_of(obj)
        return _with_others(obj.email, "domain", domain, obj.of_domain) if domain else ""  # type: ignore[attr-defined]

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """Redirects to the lead's own page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:leads_lead_change", object_id)

    # --- actions --------------------------------------------------------------------------------

    @admin.action(description=_("Release"), permissions=["judge"])
    def release_selected(
        self, request: HttpRequest, queryset: QuerySet[HeldLead]
    ) -> HttpResponse | None:
        """Asks, then has the chosen leads called."""
        return self._several(request, queryset, held_commands.RELEASE, "release_selected")

    @admin.action(description=_("Reject"), permissions=["judge"])
    def reject_selected(
        self, request: HttpRequest, queryset: QuerySet[HeldLead]
    ) -> HttpResponse | None:
        """Asks, then cancels the chosen leads."""
        return self._several(request, queryset, held_commands.REJECT, "reject_selected")

    @admin.action(description=_("Block number, address or domain"), permissions=["block_sender"])
    def block_sender_selected(
        self, request: HttpRequest, queryset: QuerySet[HeldLead]
    ) -> HttpResponse | None:
        """Asks what to block, how and for how long, then rejects the chosen leads."""
        chosen = list(queryset.order_by("submitted_at", "pk")[:_AT_ONCE])
        form = BlockSenderForm(chosen, request.POST if is_confirmed(request) else None)
        if not (is_confirmed(request) and form.is_valid()):
            what = held_blocks.BLOCK_SENDER
            return self._several(request, queryset, what, "block_sender_selected", form)
        what = held_blocks.block_sender(form)
        return self._several(request, queryset, what, "block_sender_selected")

    @admin.action(description=_("Never call this number again"), permissions=["block"])
    def block_selected(
        self, request: HttpRequest, queryset: QuerySet[HeldLead]
    ) -> HttpResponse | None:
        """Asks why, then puts the chosen leads' numbers on the never-call list."""
        form = forms.BlockForm(request.POST if is_confirmed(request) else None)
        if not (is_confirmed(request) and form.is_valid()):
            return self._several(request, queryset, held_commands.BLOCK, "block_selected", form)
        block = held_commands.block(form.cleaned_data["reason"])
        return self._several(request, queryset, block, "block_selected")

    def _several(
        self,
        request: HttpRequest,
        queryset: QuerySet[HeldLead],
        what: HeldCommand,
        name: str,
        form: Form | None = None,
    ) -> HttpResponse | None:
        """`form`: details to enter when confirming; while it is given, the question is asked."""
        chosen = list(queryset.order_by("submitted_at", "pk")[: _AT_ONCE + 1])
        if len(chosen) > _AT_ONCE:
            sentence = gettext("Choose at most %(at_once)s leads.") % {"at_once": _AT_ONCE}
            self.message_user(request, sentence, messages.ERROR)
            return None
        if form or not is_confirmed(request):
            back = request.get_full_path()
            return ask(
                request,
                self,
                what.question(chosen, request.user, back=back, action=name, form=form),
            )
        if name != "release_selected":
            # A held lead takes those that joined it along. These go first, while still held.
            chosen.sort(key=lambda it: it.status != LeadStatus.DUPLICATE)
        what.carry_out(self, request, chosen)
        return None


def _joined(lead: Lead) -> SafeString:
    """Says that another request for the number is open, with a link to it."""
    first: Any = lead.duplicate_of
    sentence = escape(gettext("This request joined %(lead)s, which is open for the same number."))
    words = {"pk": first.pk, "status": first.get_status_display()}
    link = format_html(
        '<a class="quiet-link" href="{}">{}</a>',
        html.page_of(Lead, first.pk),
        gettext("lead %(pk)s (%(status)s)") % words,
    )
    return SafeString(sentence % {"lead": link})


def _add_others(leads: Iterable[Any], user: Any) -> None:
    """Sets how many others that the user may filter share the address, domain and reasons of each
    lead. Three queries.
    """
    leads, held, seen = list(leads), held_for(user), scope.of(user)
    reasons = counted_by_reason((it.reason for lead in leads for it in lead.findings.all()), held)
    addresses: Counter[str] = counted_by_address((network_of(it) for it in leads), held)
    domains: Counter[str] = counted_by_domain((domain_of(it) for it in leads), held)
    for lead in leads:
        # One that came from another team is not in `held`, even if the user may read it.
        itself = 0 if has_moved(lead, seen) else 1
        lead.of_reason = {it.reason: reasons[it.reason] - itself for it in lead.findings.all()}
        lead.of_address = addresses[network_of(lead)] - itself
        lead.of_domain = domains[domain_of(lead)] - itself


def _with_others(shown: str, parameter: str, value: str, others: int) -> SafeString:
    # Breaks a long text where people would; the four numbers of an address stay together.
    parts = ((part,) for part in re.split(r"(?<=[:@])", shown))
    whole = format_html_join(SafeString("<wbr>"), "{}", parts)
    text = format_html('<bdi class="sender">{}</bdi>', whole)
    if others < 1:
        return text
    address = f"{reverse(LIST)}?{urlencode({parameter: value})}"
    said = ngettext("%(others)d other held", "%(others)d others held", others)
    link = format_html('<a class="quiet-link" href="{}">{}</a>', address, said % {"others": others})
    return html.below(text, link)
