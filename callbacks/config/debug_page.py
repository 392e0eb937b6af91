"""Hides secrets on Django's error page for developers (DEBUG)."""

import re

from django.views.debug import SafeExceptionReporterFilter


class Discreet(SafeExceptionReporterFilter):
    """Hides the account's code and addresses that contain passwords, as well as Django's list."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern
        + "|VOICENTER_CODE|(DATABASE|REDIS|BROKER)_URL",
        flags=re.IGNORECASE,
    )
