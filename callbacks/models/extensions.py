"""The phones that ring first: Extension. Presence: when the provider was last asked about them."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.models.schedules import Schedule
from callbacks.models.teams import Team
from callbacks.voicenter import Call, InvalidCall, to_e164, to_provider
from callbacks.voicenter.values.parameters import LOGIN_CODE, SIP_TRUNK
from leads import number_guard, phones
from leads.models import LeadSource, default_countries
from leads.phones import PhoneRefused

# Digits, or a SIP code, which is case-sensitive and never changed (vendor page 1.2).
NUMBER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
LANGUAGE = RegexValidator(r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$", _("Use codes like he, en, ru."))
# Reasons not to ring an extension that other code looks for.
IN_CONFERENCE = "in the conference room"  # Extension.unavailable_reason
LOGGED_OUT = "logged out"  # Extension.provider_busy_as
ON_ANOTHER_CALL = "on another call"  # the same; anything else there means that somebody is away
# A phone number has one spelling only; otherwise it would not be recognised as our own.
PHONE_NUMBER = r"^[1-9][0-9]{6,14}$"
_LONGEST_SHORT_CODE = 6  # digits
_SEPARATORS = str.maketrans("", "", "._-")


class PausedAs(models.TextChoices):
    """Who or what paused an extension."""

    PERSON = "person", _("a person")
    MISSED = "missed", _("missed calls")
    FAULT = "fault", _("set up wrongly")
    LOGIN = "login", _("login switched off")


class Extension(models.Model):
    """A phone that can ring first. It belongs to a salesperson."""

    class Kind(models.TextChoices):
        SIP = "sip", _("Voicenter extension (SIP code)")
        PHONE = "phone", _("phone number")
        SIP_TRUNK = "siptrunk", _("SIP trunk")
        LOGIN_CODE = "logincode", _("login code")

    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices, default=Kind.SIP)
    number = models.CharField(
        _("number"),
        max_length=64,
        validators=[RegexValidator(NUMBER, _("Use only letters, digits and . _ -"))],
        help_text=_(
            "The SIP code exactly as the provider writes it, a phone number (972...), or a login "
            "code."
        ),
    )
    name = models.CharField(
        _("name"), max_length=100, blank=True, help_text=_("Whose phone it is.")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,  # extension_of_user instead: each claim writes the extension
        related_name="extensions",
        verbose_name=_("salesperson"),
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        db_index=False,  # extension_queue begins with it
        related_name="extensions",
        verbose_name=_("team"),
    )
    schedule = models.ForeignKey(
        Schedule,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # rarely queried, and every claim would write it
        related_name="extensions",
        help_text=_("When this phone is on shift, within its team's hours. Empty: always."),
        verbose_name=_("schedule"),
    )
    tier = models.SmallIntegerField(
        _("tier"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1)],
        help_text=_("Tier 1 is rung before tier 2."),
    )
    weight = models.SmallIntegerField(
        _("weight"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_(
            "1 to 100. An extension with weight 2 gets twice the calls of one with weight 1, if "
            "the team's strategy uses weights or conversations."
        ),
    )
    languages = ArrayField(
        models.CharField(max_length=8, validators=[LANGUAGE]),
        verbose_name=_("languages"),
        default=list,
        db_default=[],
        blank=True,
        help_text=_(
            "Languages the salesperson speaks, separated by commas: he, en, ru. Empty: any."
        ),
    )
    daily_cap = models.IntegerField(
        _("calls a day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("At most. Empty: the team's setting applies."),
    )
    wrap_up = models.PositiveIntegerField(
        _("wrap-up after a call (seconds)"),
        null=True,
        blank=True,
        help_text=_("For this long it is not rung. Empty: the team's setting applies."),
    )
    is_active = models.BooleanField(
        _("is active"), default=True, help_text=_("If off, this phone is never rung.")
    )
    is_paused = models.BooleanField(
        _("is paused"), default=False, help_text=_("Not rung until the pause ends.")
    )
    paused_until = models.DateTimeField(
        _("paused until"),
        null=True,
        blank=True,
        help_text=_("When the pause ends automatically. Empty: it lasts until somebody ends it."),
    )
    pause_reason = models.CharField(_("pause reason"), max_length=100, blank=True, db_default="")
    # Who or what paused it, for the history of pauses (callbacks.models.pauses).
    paused_as = models.CharField(
        _("paused as"),
        max_length=6,
        choices=PausedAs.choices,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,  # each claim writes the extension
        related_name="+",
        editable=False,
        verbose_name=_("paused by"),
    )
    # The pause from before the login was switched off. It resumes when the login is on again.
    earlier_pause_until = models.DateTimeField(
        _("earlier pause until"), null=True, blank=True, editable=False
    )
    earlier_pause_reason = models.CharField(
        _("earlier pause reason"), max_length=100, blank=True, db_default="", editable=False
    )
    is_blocked = models.BooleanField(
        _("is blocked"),
        default=False,
        help_text=_(
            "The provider has blocked this extension for Click2Call (error 4). Ask the provider "
            "to allow it, then clear this box."
        ),
    )
    unavailable_until = models.DateTimeField(
        _("unavailable until"),
        null=True,
        blank=True,
        help_text=_("Not rung until then, because it was offline or nobody answered."),
    )
    unavailable_reason = models.CharField(_("unavailable reason"), max_length=100, blank=True)
    missed_in_a_row = models.SmallIntegerField(_("missed in a row"), default=0)
    wrap_up_until = models.DateTimeField(
        _("wrap up until"),
        null=True,
        blank=True,
        help_text=_("Not rung until then: wrap-up after its last call."),
    )
    capped_until = models.DateTimeField(
        _("capped until"),
        null=True,
        blank=True,
        help_text=_("Not rung until then: it has reached its daily limit of calls."),
    )
    provider_busy_until = models.DateTimeField(
        _("provider busy until"),
        null=True,
        blank=True,
        help_text=_(
            "Not rung until then, because the provider just reported it as on a call or away."
        ),
    )
    provider_busy_as = models.CharField(
        _("provider busy as"), max_length=50, blank=True, db_default=""
    )
    logs_in = models.BooleanField(
        _("logs in"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("The provider has reported it as logged in, so it can also be logged out."),
    )
    last_called_at = models.DateTimeField(
        _("last called at"), null=True, blank=True, help_text=_("When it last got a call.")
    )
    queue_position = models.FloatField(
        _("queue position"),
        default=0,
        db_default=0,
        editable=False,
        help_text=_(
            "Its place in the queue of its team and tier. The lowest is rung next "
            "(callbacks.routing.rules)."
        ),
    )

    class Meta:
        ordering = ["number"]
        permissions = [
            ("pause_extension", "Can pause an extension"),
            ("use_conference", "Can call an extension into the conference room"),
            ("enter_phone_numbers", "Can use phone numbers as extensions"),
        ]
        # PostgreSQL prepares every check for each statement that writes a row, whatever columns it
        # writes, and every claim writes one here. So columns that only our code sets have no check.
        constraints = [
            # `unique=True` would make two indexes.
            models.UniqueConstraint(fields=["number"], name="extension_number_once"),
            models.CheckConstraint(
                condition=Q(number__regex=NUMBER)
                & (~Q(kind="phone") | Q(number__regex=PHONE_NUMBER)),
                name="extension_number_form",
            ),
            models.CheckConstraint(condition=Q(tier__gte=1), name="extension_tier_positive"),
            models.CheckConstraint(
                condition=Q(weight__gte=1, weight__lte=100), name="extension_weight_in_bounds"
            ),
            models.CheckConstraint(condition=Q(daily_cap__gte=1), name="extension_cap_positive"),
        ]
        indexes = [
            # The claim takes the first free extension in this order.
            models.Index(fields=["team", "tier", "queue_position", "id"], name="extension_queue"),
            models.Index(
                fields=["user"], name="extension_of_user", condition=Q(user__isnull=False)
            ),
        ]
        verbose_name = _("extension")

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Rewrites a phone number, however it is spelled, in the one stored form."""
        if self.kind == self.Kind.PHONE and (e164 := to_e164(self.number)):
            self.number = to_provider(e164)
        super().clean_fields(exclude)

    def clean(self) -> None:
        """Refuses what the provider would refuse, while somebody can still correct it."""
        if self.kind == self.Kind.PHONE and not to_e164(self.number):
            raise ValidationError(
                {"number": gettext("This is not a full phone number, like 972505550142.")}
            )
        if words := first_leg_refusal(self.kind, self.number, sources_countries()):
            raise ValidationError({"number": words})
        try:
            Call(**first_leg(self.kind, self.number), target="972505550100")
        except InvalidCall as problem:
            raise ValidationError(
                {
                    "number": gettext("The provider cannot ring this: %(problem)s")
                    % {"problem": problem}
                }
            ) from None


class Presence(models.Model):
    """One row: when the provider was last asked who is on a call."""

    id = models.PositiveSmallIntegerField(_("ID"), primary_key=True, default=1)
    asked_at = models.DateTimeField(_("asked at"))

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="presence_is_one")]
        verbose_name = _("presence")

    def __str__(self) -> str:
        return f"{self.asked_at:%H:%M:%S}"


def is_telephone_number(kind: str, number: str) -> bool:
    """Whether the provider dials `number` over the telephone network.

    The provider does not know our kinds: a SIP code of digits only that is too long to be a short
    code of the account is dialled as a telephone number.
    """
    is_long = number.translate(_SEPARATORS).isdigit() and len(number) > _LONGEST_SHORT_CODE
    return kind == Extension.Kind.PHONE or (kind == Extension.Kind.SIP and is_long)


def first_leg_refusal(kind: str, number: str, countries: Collection[str]) -> str:
    """Why an extension's number may not be rung, as a sentence; "" if it may.

    Numbers on the never-call list or refused by the block list may not be rung. Nor may numbers
    that leads may not have (leads.phones) in any of `countries`: satellite, premium and foreign
    numbers cost the same on either leg of a call.
    """
    if not is_telephone_number(kind, number):
        return ""
    e164 = to_e164(number)
    if e164 is None:
        return gettext("This is not a full phone number, like 972505550142.")
    try:
        number_guard.check_lists(e164)
        phones.check(e164, countries)
    except PhoneRefused as refused:
        return refused.message
    return ""


def sources_countries() -> set[str]:
    """The countries (ISO 3166) whose numbers some source accepts."""
    rows = LeadSource.objects.values_list("allowed_countries", flat=True)
    return {country for row in rows for country in row} or set(default_countries())


def first_leg(kind: str, number: str) -> dict[str, Any]:
    """The arguments of `Call` that make it ring an extension first (vendor's page 1.2)."""
    match kind:
        case Extension.Kind.LOGIN_CODE:
            return {"phone": LOGIN_CODE, "phone_login_code": number}
        case Extension.Kind.SIP_TRUNK:
            return {"phone": SIP_TRUNK}
        case _:
            return {"phone": number}
