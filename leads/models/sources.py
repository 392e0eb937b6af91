"""LeadSource: a website form, a landing page, an API client."""

from datetime import time

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
    URLValidator,
)
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from leads import languages
from leads.models import calling_window

LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$"


def default_countries() -> list[str]:
    """The countries that a new source accepts numbers of."""
    return ["IL"]


def called_from() -> time | None:
    """The time from which a new source's leads are called (setting NEW_CALLING_HOURS)."""
    return settings.NEW_CALLING_HOURS[0] if settings.NEW_CALLING_HOURS else None


def called_until() -> time | None:
    """The time until which a new source's leads are called (setting NEW_CALLING_HOURS)."""
    return settings.NEW_CALLING_HOURS[1] if settings.NEW_CALLING_HOURS else None


def usual_calls_a_day() -> int | None:
    """How often a number may ring in 24 hours for a new source or team (setting
    NEW_CALLS_A_DAY).
    """
    return settings.NEW_CALLS_A_DAY or None


def validate_country(code: str) -> None:
    """Raises ValidationError unless `code` is an ISO 3166 country with telephone numbers."""
    if code not in SUPPORTED_REGIONS:
        raise ValidationError(
            _("%(code)s is not a country code. Use two capital letters, for example IL."),
            params={"code": code},
        )


class SlaClock(models.TextChoices):
    """When the SLA clock of a source's leads runs."""

    ALWAYS = "always", _("round the clock")
    OPEN = "open", _("in opening hours only")


class AfterThat(models.TextChoices):
    """What happens to a source's leads when their retention time is over."""

    ANONYMOUS = "anonymous", _("made anonymous")
    DELETED = "deleted", _("deleted")


class WithoutKey(models.TextChoices):
    """What happens to API submissions without a key."""

    ACCEPTED = "accepted", _("called, like requests from the form")
    HELD = "held", _("held until the visitor's browser opens the request page")
    REFUSED = "refused", _("refused")


class LeadSource(models.Model):
    """Where leads come from: a website form, a landing page, an API client."""

    slug = models.SlugField(
        _("slug"), max_length=50, unique=True, help_text=_("Part of the form's address.")
    )
    name = models.CharField(_("name"), max_length=100)
    is_active = models.BooleanField(
        _("is active"),
        default=True,
        help_text=_("If off, the form behaves as if the source did not exist."),
    )
    default_country = models.CharField(
        _("default country"),
        max_length=2,
        default="IL",
        validators=[validate_country],
        help_text=_("The country of numbers typed without a country code, for example IL."),
    )
    allowed_countries = ArrayField(
        models.CharField(max_length=2, validators=[validate_country]),
        verbose_name=_("allowed countries"),
        default=default_countries,
        help_text=_(
            "Country codes separated by commas. Numbers of other countries are never dialled."
        ),
    )
    language = models.CharField(
        _("language"),
        max_length=8,
        default="en",
        validators=[RegexValidator(LANGUAGE, _("For example: en, he, ru."))],
    )
    languages_offered = ArrayField(
        models.CharField(max_length=2),
        verbose_name=_("visitors may also choose"),
        default=list,
        blank=True,
        db_default=[],
        help_text=_(
            "The form and the request page then show a list of languages. Choose only languages "
            "that the salespeople of this source speak."
        ),
    )
    sla_target = models.PositiveIntegerField(
        _("SLA target"),
        default=60,
        help_text=_(
            "Within how many seconds a lead's phone should ring. Existing leads keep the target "
            "and clock that they came in with."
        ),
    )
    sla_clock = models.CharField(
        _("SLA clock"),
        max_length=6,
        choices=SlaClock.choices,
        default=SlaClock.ALWAYS,
        help_text=_("When the seconds of the target count."),
    )
    least_talk = models.PositiveSmallIntegerField(
        _("least talk (seconds)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(60)],
        help_text=_(
            "How long the two must talk for the lead to count as reached. After a shorter call, "
            "the lead is called again. Empty: the LEAST_TALK setting applies."
        ),
    )
    priority = models.PositiveSmallIntegerField(
        _("priority (minutes)"),
        default=0,
        help_text=_(
            "Leads of this source are called as if they had waited this many minutes longer. "
            "With 10, a new lead is called before other sources' leads that are less than 10 "
            "minutes overdue, and after leads that are more overdue."
        ),
    )
    call_from = models.TimeField(
        _("call not before"),
        null=True,
        blank=True,
        default=called_from,
        help_text=_(
            "In the time zone of the lead's number. If one of the source's teams has narrower "
            "hours, those apply. Leave both times empty to call at any hour."
        ),
    )
    call_until = models.TimeField(_("call not after"), null=True, blank=True, default=called_until)
    calls_a_day = models.PositiveSmallIntegerField(
        _("calls a day to one number"),
        null=True,
        blank=True,
        default=usual_calls_a_day,
        validators=[MinValueValidator(1)],
        help_text=_(
            "In 24 hours, across all leads. If one of the source's teams has a lower limit, that "
            "applies. Empty: the CALLS_A_DAY setting applies, which is also the maximum."
        ),
    )
    offers_times = models.BooleanField(
        _("offer times"), default=True, help_text=_("Visitors can choose when they are called.")
    )
    demands_consent = models.BooleanField(
        _("require consent"),
        default=False,
        db_default=False,
        help_text=_(
            "Requests are accepted only from visitors who agree to the consent text. Without a "
            "text, nobody is asked."
        ),
    )
    privacy_url = models.URLField(
        _("privacy notice"),
        max_length=300,
        blank=True,
        db_default="",
        validators=[URLValidator(["http", "https"])],
        help_text=_("The address of your privacy notice. The form links to it."),
    )
    mails_visitors = models.BooleanField(
        _("mail to visitors"),
        default=False,
        db_default=False,
        help_text=_(
            "Visitors who leave an e-mail address get a mail when their request arrives, and "
            "another if we could not reach them. Both link to the request page."
        ),
    )
    kept_days = models.PositiveSmallIntegerField(
        _("kept for (days)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_(
            "Counted from the time the lead is closed. Empty: leads are kept until somebody "
            "erases them."
        ),
    )
    after_that = models.CharField(
        _("after that"),
        max_length=9,
        choices=AfterThat.choices,
        default=AfterThat.ANONYMOUS,
        db_default=AfterThat.ANONYMOUS.value,
        help_text=_(
            "If leads are made anonymous, reports stay as they are. If they are deleted, they "
            "disappear from reports."
        ),
    )
    kept_since = models.DateTimeField(
        _("retention starts at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_(
            "From this time on leads are erased by this rule. It is one day after the last change."
        ),
    )
    allowed_origins = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("allowed origins"),
        default=list,
        blank=True,
        help_text=_("Websites that may embed the form, for example https://www.example.com."),
    )
    # The database default keeps the behaviour of sources from older releases.
    without_key = models.CharField(
        _("requests from programs without an API key"),
        max_length=8,
        choices=WithoutKey.choices,
        default=WithoutKey.HELD,
        db_default=WithoutKey.ACCEPTED.value,
        help_text=_(
            "Anybody can write such a program, and it never has to prove that it is not a robot. "
            "Give your own programs a key."
        ),
    )

    class Meta:
        verbose_name = _("lead source")
        verbose_name_plural = _("lead sources")
        ordering = ["name"]
        constraints = [
            calling_window.has_both_or_none("source_calls_in_a_window"),
            models.CheckConstraint(
                condition=Q(allowed_countries__len__gt=0), name="source_allows_a_country"
            ),
            models.CheckConstraint(condition=Q(sla_target__gt=0), name="source_target_positive"),
            models.CheckConstraint(condition=~Q(calls_a_day=0), name="source_calls_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Requires the default country to be allowed; otherwise no local number would be
        accepted.
        """
        self.language = languages.todays(self.language or "")
        if self.default_country not in (self.allowed_countries or []):
            sentence = gettext("Include the default country, %(country)s.")
            raise ValidationError(
                {"allowed_countries": sentence % {"country": self.default_country}}
            )
