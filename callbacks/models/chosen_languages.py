"""ChosenLanguage: the language of a user's own pages."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leads import languages


class ChosenLanguage(models.Model):
    """A user's language for the desk and for signing in. Without a row, the browser's."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="chosen_language",
        verbose_name=_("user"),
    )
    language = models.CharField(_("language"), max_length=languages.MAX_LANGUAGE)

    class Meta:
        verbose_name = _("chosen language")
        verbose_name_plural = _("chosen languages")
        default_permissions = ()

    def __str__(self) -> str:
        return languages.name_of(self.language)


def choose(user_id: int, language: str) -> None:
    """Sets the language of the user's pages."""
    ChosenLanguage.objects.update_or_create(user_id=user_id, defaults={"language": language})


def chosen_by(user_id: int) -> str:
    """The language that the user chose; "" if none."""
    found = ChosenLanguage.objects.filter(user=user_id).values_list("language", flat=True)
    return found.first() or ""
