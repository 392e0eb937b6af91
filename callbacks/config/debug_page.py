"""What Django's page for developers (DEBUG) may show of the settings."""

import re

from django.views.debug import SafeExceptionReporterFilter


class Discreet(SafeExceptionReporterFilter):
    """Hides the account's code, and addresses with passwords in them, beside what Django hides."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern
        + "|VOICENTER_CODE|(DATABASE|REDIS|BROKER)_URL",
        flags=re.IGNORECASE,
    )
