"""The recorded messages of a source, edited on its page."""

from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline

from callbacks.models import SourceMessages


class SourceMessagesInline(StackedInline):  # type: ignore[misc]  # unfold has no types
    """Names of recordings at the provider."""

    model = SourceMessages
    verbose_name = _("recorded messages for its leads")
    verbose_name_plural = verbose_name
    extra = 1
    max_num = 1
    can_delete = False
    hide_title = True
    fields = [("when_closed", "when_given_up")]
