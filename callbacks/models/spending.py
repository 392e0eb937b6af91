"""Call prices, spending limits, and what was spent."""

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models import LeadSource

# Minutes that a call is assumed to last until its record comes; spend.sql has the same number.
MINUTES = 3


class CallPrice(models.Model):
    """What a call to numbers with a prefix costs. The longest matching prefix counts.

    If that prefix has no price, or none matches, the highest price of the table applies.
    """

    prefix = models.CharField(
        _("prefix"),
        max_length=16,
        unique=True,
        validators=[RegexValidator(r"^\+[1-9][0-9]{0,14}$", _("For example +972 or +97259."))],
        help_text=_(
            "The first digits of the numbers, with the plus and without spaces: +972, +97259."
        ),
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        help_text=_("These calls count towards this country's limit."),
    )
    set_up = models.DecimalField(
        _("for each call"),
        max_digits=9,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("What each call costs, however short it is, in the currency of your account."),
    )
    per_minute = models.DecimalField(
        _("for each minute"),
        max_digits=9,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_(
            "In the currency of your account. Empty: the price of the most expensive prefix."
        ),
    )

    class Meta:
        verbose_name = _("call price")
        verbose_name_plural = _("call prices")
        ordering = ["prefix"]

    def __str__(self) -> str:
        return self.prefix


class SpendScope(models.TextChoices):
    """Which calls a limit counts."""

    ALL = "all", _("all calls")
    SOURCE = "source", _("calls of one source")
    COUNTRY = "country", _("calls to one country")


class SpendLimit(models.Model):
    """How many calls may be made in a clock hour and in a day, and what they may cost.

    At the limit, no new call is dialled until the hour or day is over, or a manager reopens it.
    Calls in progress continue.
    """

    scope = models.CharField(_("scope"), max_length=8, choices=SpendScope, default=SpendScope.ALL)
    source = models.ForeignKey(
        LeadSource,
        verbose_name=_("source"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Only for calls of one source."),
    )
    country = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("Only for calls to one country.")
    )
    calls_an_hour = models.PositiveIntegerField(
        _("calls an hour"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    calls_a_day = models.PositiveIntegerField(
        _("calls a day"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    cost_an_hour = models.DecimalField(
        _("cost an hour"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_(
            "Estimated from the call prices, in the currency of your account. Empty: no limit."
        ),
    )
    cost_a_day = models.DecimalField(
        _("cost a day"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_(
            "Estimated from the call prices, in the currency of your account. Empty: no limit."
        ),
    )
    # Its days begin in this zone; the database counts by it.
    time_zone = models.CharField(
        _("time zone"), max_length=64, editable=False, default="", db_default="UTC"
    )

    class Meta:
        verbose_name = _("spending limit")
        verbose_name_plural = _("spending limits")
        ordering = ["scope", "source", "country"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope=SpendScope.ALL, source=None, country="")
                | (Q(scope=SpendScope.SOURCE, source__isnull=False, country=""))
                | (Q(scope=SpendScope.COUNTRY, source=None) & ~Q(country="")),
                name="spend_limit_scope",
            ),
            models.UniqueConstraint(
                fields=["scope", "source", "country"],
                nulls_distinct=False,
                name="spend_limit_once",
                violation_error_message=_("These calls already have a limit."),
            ),
        ]

    def __str__(self) -> str:
        match self.scope:
            case SpendScope.SOURCE:
                return str(self.source)
            case SpendScope.COUNTRY:
                return self.country
        return str(SpendScope.ALL.label)

    def save(self, *args: object, **kwargs: object) -> None:
        """Days are those of the site's time zone."""
        self.time_zone = settings.TIME_ZONE
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they are


class SpendSpan(models.TextChoices):
    """How long a count lasts before it starts again."""

    HOUR = "hour", _("hour")
    DAY = "day", _("day")


class SpendCount(models.Model):
    """What was dialled since the hour or day began. spend.sql counts and recount.sql corrects it.
    `opened`: how often a manager has reopened the limit since then.
    """

    limit = models.ForeignKey(
        SpendLimit, verbose_name=_("limit"), on_delete=models.CASCADE, related_name="counts"
    )
    span = models.CharField(_("span"), max_length=4, choices=SpendSpan)
    began_at = models.DateTimeField(_("began at"))
    calls = models.PositiveIntegerField(_("calls"), default=0)
    cost = models.DecimalField(_("cost"), max_digits=14, decimal_places=4, default=0)
    opened = models.PositiveSmallIntegerField(_("reopened"), default=0)

    class Meta:
        verbose_name = _("spending count")
        verbose_name_plural = _("spending counts")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["limit", "span"], name="spend_count_once")]

    def __str__(self) -> str:
        return f"{self.limit_id} {self.span}"
