"""Call parameters of one source or extension, and the recorded messages of a source."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.models.extensions import Extension
from callbacks.voicenter import Call, InvalidCall, Message
from leads.models import LeadSource

# A call takes ten variables (vendor's page 1.2, var_*); we use two of them.
OWN_VARIABLES = frozenset({"lead", "attempt"})
MAX_VARIABLES = 10 - len(OWN_VARIABLES)


class CallParameters(models.Model):
    """Parameters of the provider's Call (vendor's page 1.2) for one source or one extension.

    An empty parameter is taken from the next place: extension, source, settings, and then the
    provider's default (callbacks.telephony.call_parameters).
    """

    source = models.OneToOneField(
        LeadSource,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="call_parameters",
        verbose_name=_("source"),
    )
    extension = models.OneToOneField(
        Extension,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="call_parameters",
        verbose_name=_("extension"),
    )

    record = models.BooleanField(_("record the call"), null=True, blank=True)
    phone_caller_id = models.CharField(
        _("number shown to the salesperson"), max_length=33, blank=True, null=True, default=None
    )
    phone_caller_name = models.CharField(
        _("name shown to the salesperson"), max_length=100, blank=True, null=True, default=None
    )
    target_caller_id = models.CharField(
        _("number shown to the lead"), max_length=33, blank=True, null=True, default=None
    )
    target_caller_name = models.CharField(
        _("name shown to the lead"), max_length=100, blank=True, null=True, default=None
    )
    phone_max_dial_time = models.PositiveIntegerField(
        _("longest ringing, salesperson"), null=True, blank=True, help_text=_("Seconds.")
    )
    target_max_dial_time = models.PositiveIntegerField(
        _("longest ringing, lead"), null=True, blank=True, help_text=_("Seconds.")
    )
    max_duration = models.PositiveIntegerField(
        _("longest call"), null=True, blank=True, help_text=_("Seconds.")
    )
    phone_auto_answer = models.BooleanField(
        _("salesperson's phone answers automatically"), null=True, blank=True
    )
    target_auto_answer = models.BooleanField(
        _("lead's phone answers automatically"), null=True, blank=True
    )
    check_phone_device_state = models.BooleanField(
        _("refuse when the salesperson's phone is offline"), null=True, blank=True
    )
    check_target_device_state = models.BooleanField(
        _("refuse when the lead's extension is offline"), null=True, blank=True
    )
    language = models.CharField(
        _("language of prompts"),
        max_length=6,
        blank=True,
        null=True,
        default=None,
        help_text=_("For example he, en, ru."),
    )
    vm_id = models.CharField(
        _("voicemail code"), max_length=64, blank=True, null=True, default=None
    )
    variables = models.JSONField(
        _("custom variables"),
        default=dict,
        blank=True,
        help_text=format_lazy(
            _("Up to {count} names and texts, for example {example}."),
            count=MAX_VARIABLES,
            example='{"campaign": "spring"}',
        ),
    )

    class Meta:
        verbose_name_plural = _("call parameters")
        constraints = [
            models.CheckConstraint(
                condition=Q(source__isnull=False, extension__isnull=True)
                | Q(source__isnull=True, extension__isnull=False),
                name="parameters_of_one_owner",
            ),
        ]
        verbose_name = _("call parameters")

    def __str__(self) -> str:
        return gettext("Call parameters of %(source)s") % {"source": self.extension or self.source}

    def values(self) -> dict[str, Any]:
        """The parameters set here, by the names of `voicenter.Call`."""
        names = (*PARAMETERS, "variables")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value not in (None, "", {})}

    def clean(self) -> None:
        """Refuses what the provider would refuse, beside its field."""
        if not isinstance(self.variables, dict):
            raise ValidationError(
                {"variables": 'Enter names and texts like {"campaign": "spring"}.'}
            )
        if len(self.variables) > MAX_VARIABLES:
            raise ValidationError(
                {
                    "variables": gettext("Enter at most %(max_variables)s variables.")
                    % {"max_variables": MAX_VARIABLES}
                }
            )
        if taken := OWN_VARIABLES & self.variables.keys():
            raise ValidationError(
                {
                    "variables": gettext("Choose another name: %(join)s is used by the system.")
                    % {"join": ", ".join(sorted(taken))}
                }
            )
        problems = {name: _problem(name, value) for name, value in self.values().items()}
        if wrong := {name: said for name, said in problems.items() if said}:
            raise ValidationError(wrong)


def _problem(name: str, value: object) -> str:
    """Why the provider would refuse a parameter, as a sentence; "" if it would not."""
    arguments: dict[str, Any] = {name: value}
    try:
        Call(phone="101", target="972505550100", **arguments)
    except InvalidCall as problem:
        return complaint(problem)
    return ""


def complaint(problem: InvalidCall) -> str:
    """What is wrong, as a sentence beside the field, so without the parameter's name."""
    said = str(problem).removeprefix(f"{problem.parameter}: ")
    if said.startswith(("names ", "value ")):  # one of several values, as in variables
        return gettext("Its %(problem)s.") % {"problem": said}
    return gettext("It %(problem)s.") % {"problem": said}


def validate_record_name(name: str) -> None:
    """Raises ValidationError unless the provider accepts `name` as a recording's (page 1.3)."""
    try:
        Message(phone="972505550100", pre_rec=name)
    except InvalidCall as problem:
        raise ValidationError(complaint(problem)) from None


# The parameters that have their own column, in the order of the vendor's page.
PARAMETERS = (
    "record",
    "phone_caller_id",
    "phone_caller_name",
    "target_caller_id",
    "target_caller_name",
    "phone_max_dial_time",
    "target_max_dial_time",
    "max_duration",
    "phone_auto_answer",
    "target_auto_answer",
    "check_phone_device_state",
    "check_target_device_state",
    "language",
    "vm_id",
)


class SourceMessages(models.Model):
    """Recorded messages played to leads of a source, by their names at the provider."""

    source = models.OneToOneField(
        LeadSource,
        on_delete=models.CASCADE,
        related_name="recorded_messages",
        verbose_name=_("source"),
    )
    when_closed = models.CharField(
        _("when closed"),
        max_length=100,
        blank=True,
        validators=[validate_record_name],
        help_text=_(
            "Played once to a lead that comes in outside opening hours. Empty: no message."
        ),
    )
    when_given_up = models.CharField(
        _("when not reached"),
        max_length=100,
        blank=True,
        validators=[validate_record_name],
        help_text=_("Played once to a lead that could not be reached. Empty: no message."),
    )

    class Meta:
        verbose_name_plural = _("source messages")
        verbose_name = _("source messages")

    def __str__(self) -> str:
        return gettext("Messages of %(source)s") % {"source": self.source}
