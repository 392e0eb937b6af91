"""Which teams answer which sources, and how they share the calls: Team, TeamSource."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.models.schedules import Schedule
from leads.models import LeadSource, calling_window
from leads.models.sources import called_from, called_until, usual_calls_a_day


class Team(models.Model):
    """Extensions that answer some sources, and the strategy by which they take turns."""

    class Strategy(models.TextChoices):
        LONGEST_IDLE = "longest_idle", _("longest idle")
        ROUND_ROBIN = "round_robin", _("round robin")
        WEIGHTED = "weighted", _("priority tiers with weights")
        FAIR = "fair", _("fair by conversations")

    name = models.CharField(_("name"), max_length=100, unique=True)
    is_active = models.BooleanField(_("is active"), default=True)
    sources = models.ManyToManyField(
        LeadSource,
        through="TeamSource",
        related_name="teams",
        blank=True,
        verbose_name=_("sources"),
    )
    leaders = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="led_teams",
        blank=True,
        verbose_name=_("leaders"),
        help_text=_(
            "People with the role of team leader who see and work on this team's leads and calls."
        ),
    )
    strategy = models.CharField(
        _("strategy"),
        max_length=12,
        choices=Strategy.choices,
        default=Strategy.LONGEST_IDLE,
        help_text=_("Which free extension is rung. A lower tier always comes before a higher one."),
    )
    language_wait = models.PositiveIntegerField(
        _("wait for the lead's language"),
        null=True,
        blank=True,
        default=0,
        help_text=_(
            "Seconds that a lead waits for somebody who speaks its language; after that, anyone "
            "is rung. 0: such a person is preferred if free. Empty: nobody else is ever rung."
        ),
    )
    sticky_agent_days = models.PositiveSmallIntegerField(
        _("sticky agent for (days)"),
        default=30,
        help_text=_(
            "For this many days, the person who talked with a number is rung first for it. 0: "
            "never."
        ),
    )
    sticky_agent_wait = models.PositiveIntegerField(
        _("wait for the sticky agent (seconds)"),
        default=0,
        help_text=_(
            "Seconds that a lead waits for its owner to finish a call; after that, anyone is rung."
        ),
    )
    daily_cap = models.PositiveIntegerField(
        _("calls a day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("At most, for each extension. Empty: no limit."),
    )
    call_from = models.TimeField(
        _("call not before"),
        null=True,
        blank=True,
        default=called_from,
        help_text=_(
            "In the time zone of the lead's number. Applies to all leads of the sources that "
            "this team answers, even if another team calls them. If the source's hours are "
            "narrower, those apply. Leave both times empty to call at any hour."
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
            "In 24 hours. Applies to all leads of the sources that this team answers, even if "
            "another team calls them. If the source's limit is lower, that applies. Empty: the "
            "limit in the settings applies."
        ),
    )
    wrap_up = models.PositiveIntegerField(
        _("wrap-up after a call (seconds)"),
        default=0,
        help_text=_("For this long an extension is not rung."),
    )
    opening_rate = models.PositiveIntegerField(
        _("calls a minute at opening time"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Leads that came in while the team was closed are called at this rate. Empty: as "
            "fast as extensions become free."
        ),
    )
    schedule = models.ForeignKey(
        Schedule,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="teams",
        help_text=_("Empty: open round the clock."),
        verbose_name=_("schedule"),
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(strategy__in=["longest_idle", "round_robin", "weighted", "fair"]),
                name="team_strategy_known",
            ),
            models.CheckConstraint(condition=~Q(daily_cap=0), name="team_cap_positive"),
            models.CheckConstraint(condition=~Q(opening_rate=0), name="team_rate_positive"),
            models.CheckConstraint(condition=~Q(calls_a_day=0), name="team_calls_positive"),
            calling_window.has_both_or_none("team_calls_in_a_window"),
        ]
        verbose_name = _("team")

    def __str__(self) -> str:
        return self.name


class TeamSource(models.Model):
    """A source that a team answers, and when it steps in."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, verbose_name=_("team"))
    source = models.ForeignKey(
        LeadSource, on_delete=models.CASCADE, db_column="leadsource_id", verbose_name=_("source")
    )
    overflow_after = models.PositiveIntegerField(
        _("overflow after"),
        default=0,
        db_default=0,
        help_text=_(
            "Seconds that a lead waits before this team steps in too, after the teams with a "
            "shorter wait. 0: from the beginning."
        ),
    )

    class Meta:
        db_table = "callbacks_team_sources"
        ordering = ["overflow_after", "id"]
        verbose_name = _("source")
        constraints = [
            models.UniqueConstraint(
                fields=["team", "source"],
                name="team_answers_a_source_once",
                violation_error_message=_("This team already answers this source."),
            )
        ]

    def __str__(self) -> str:
        after = (
            gettext(", after %(overflow_after)s s") % {"overflow_after": self.overflow_after}
            if self.overflow_after
            else ""
        )
        return f"{self.source}{after}"
