"""Decides whether a number may be called: when a lead arrives, and again before dialling."""

from django.utils.translation import gettext

from leads import erased, never_call, phones, ports
from leads.guard import blocks
from leads.models import LeadSource
from leads.phones import PhoneRefused, TypedPhone


def accept(typed: str, source: LeadSource, country: str = "") -> TypedPhone:
    """The number that a visitor typed for `source`, and its extension. Raises PhoneRefused.

    `country`: for a number without a country code, if the source allows it; else the source's
    default country. Does not check the never-call list: the visitor is told nothing about it, and
    the lead is held.
    """
    default = country if country in source.allowed_countries else source.default_country
    phone = phones.parse(typed, default, source.allowed_countries)
    _ask_the_caller(phone.e164)
    return phone


# For a row of leads_lead: whether `check_before_dial` has to check the lists.
MAY_BE_LISTED_SQL = f"({never_call.MAY_BE_LISTED_SQL} OR {blocks.MAY_BE_BLOCKED_SQL})"


def check_before_dial(phone: str, source: LeadSource, *, may_be_listed: bool = True) -> None:
    """Checks a stored number again, because the rules may have changed. Raises PhoneRefused.

    `may_be_listed` False: the caller has just read that it is on no list.
    """
    if erased.is_placeholder(phone):
        raise PhoneRefused(
            "invalid", gettext("This person's data was erased, so the number is unknown.")
        )
    if may_be_listed:
        check_lists(phone)
    phones.check(phone, source.allowed_countries)
    _ask_the_caller(phone)


def check_lists(phone: str) -> None:
    """Raises PhoneRefused for a number (E.164) that the never-call list has or the block list
    refuses.
    """
    never_call.check(phone)
    blocks.check_number(phone)


def _ask_the_caller(phone: str) -> None:
    if reason := ports.refusal(phone):
        raise PhoneRefused("own", reason)
