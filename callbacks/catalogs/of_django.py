"""Django's own sentences that our pages show, and that Django does not have in all our languages.

Our code does not import this module. `make messages` reads it, and tests/catalogs reports when
Django has got one of the translations. Our catalogs take precedence over Django's.
"""

from django.utils.translation import ngettext_lazy

LACKING = (
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
    ),
    ngettext_lazy(
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
    ),
)
