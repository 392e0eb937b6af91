"""The type of texts that may be translated only when they are shown."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise as Text
else:
    Text = object  # the stubs are not installed in production

__all__ = ["Text"]
