"""What signing in stores: authenticators, recovery codes, sign-ins, and tries for a name."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from callbacks.common import sealing

# From so many wrong codes in a row on, the wait before the next one stays at half an hour.
_MOST_FAILURES = 12
STEP = 30  # seconds for which a code is shown
DIGITS = 6
_TOLERANCE = 1  # steps that a phone's clock may be off


class Authenticator(ThrottlingMixin, Device):  # type: ignore[misc]  # django-otp has no types
    """A user's authenticator app. `confirmed`: the user once entered a right code from it.

    The key is sealed (callbacks.common.sealing). A user has at most one that is confirmed, and one
    that is being set up.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="authenticators",
        verbose_name=_("user"),
    )
    name = None
    confirmed = models.BooleanField(_("confirmed"), default=False)
    sealed_key = models.TextField(_("key"))
    last_step = models.BigIntegerField(
        _("last step"), default=-1, help_text=_("Codes from this step or earlier are refused.")
    )
    made_at = models.DateTimeField(_("created at"), default=timezone.now)
    throttling_failure_timestamp = models.DateTimeField(_("last wrong code"), null=True, blank=True)
    throttling_failure_count = models.PositiveIntegerField(_("wrong codes in a row"), default=0)

    class Meta:
        verbose_name = _("authenticator")
        verbose_name_plural = _("authenticators")
        default_permissions = ()
        permissions = [("reset_second_factor", "Can reset a lost second factor")]
        constraints = [
            models.UniqueConstraint(fields=["user", "confirmed"], name="one_authenticator_each")
        ]

    def __str__(self) -> str:
        return str(self.user)

    def key(self) -> bytes:
        """The secret shared with the app. Raises sealing.CannotOpen."""
        return sealing.unseal(self.sealed_key)

    def verify_token(self, token: str) -> bool:
        """Whether this is the current code, not used before, and not tried too soon after wrong
        codes. Call `django_otp.verify_token`, which locks the row. Raises sealing.CannotOpen.
        """
        if not self.verify_is_allowed()[0]:
            return False
        totp = TOTP(self.key(), STEP, digits=DIGITS)
        totp.time = timezone.now().timestamp()
        is_right = len(token) == DIGITS and token.isdecimal()
        is_right = is_right and bool(totp.verify(int(token), _TOLERANCE, self.last_step + 1))
        if is_right:
            self.last_step = totp.t()
            self.throttle_reset(commit=False)
        else:
            self.throttle_increment(commit=False)
        self.save()
        return is_right

    def throttle_increment(self, commit: bool = True) -> None:
        """Counts a wrong code; the wait grows up to half an hour."""
        super().throttle_increment(commit=False)
        self.throttling_failure_count = min(self.throttling_failure_count, _MOST_FAILURES)
        if commit:
            self.save()

    def get_throttle_factor(self) -> int:
        """Seconds to wait after the first wrong code; each further one doubles the wait."""
        return 1


class RecoveryCode(models.Model):
    """One of ten codes for a user without a phone at hand. Each works once.

    Only a code's SHA-256 is kept: 80 random bits cannot be found by trying.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="recovery_codes",
        verbose_name=_("user"),
    )
    digest = models.CharField(_("digest"), max_length=64)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="one_recovery_code_each")
        ]

    def __str__(self) -> str:
        return str(self.user)


class SignIn(models.Model):
    """A user is signed in with one browser. A session whose row is gone has ended."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="sign_ins",
        verbose_name=_("user"),
    )
    begun_at = models.DateTimeField(_("signed in at"))
    seen_at = models.DateTimeField(
        _("last used at"), help_text=_("Requests that a page makes by itself do not count.")
    )
    passed_at = models.DateTimeField(_("second factor at"), null=True, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    browser = models.CharField(_("browser"), max_length=200, blank=True)
    auth_hash = models.CharField(
        _("password"),
        max_length=128,
        help_text=_("A keyed hash of the password's hash. A new password ends the session."),
    )

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ["-seen_at", "-pk"]
        default_permissions = ("view",)
        permissions = [("end_sign_ins", "Can end other people's sessions")]
        indexes = [models.Index(fields=["seen_at"], name="sign_in_by_use")]

    def __str__(self) -> str:
        return str(self.user)


class NameTries(models.Model):
    """How often something was recently tried for a name by unknown browsers.

    The name is kept as a keyed hash, because people type passwords into the wrong field.
    """

    name = models.CharField(_("name"), max_length=64, primary_key=True)
    tries = models.PositiveIntegerField(_("tries"), default=1)
    last_at = models.DateTimeField(_("last try at"))
    next_at = models.DateTimeField(_("next try at"))

    class Meta:
        verbose_name = _("sign-in tries for a name")
        verbose_name_plural = _("sign-in tries for names")
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(tries__gte=1), name="tries_are_counted")]

    def __str__(self) -> str:
        return str(self.tries)
