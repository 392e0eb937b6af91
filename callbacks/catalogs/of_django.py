"""Sentences of Django's own that our pages show, and that it has not in all of our languages.

Nobody imports this: it is here for `make messages`, and for tests/catalogs, which say when Django
has got one of them. Our catalogs come before Django's.
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
