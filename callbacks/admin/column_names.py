"""The names of columns where a list has no head: on narrow screens each value has its name beside
it, which the theme takes from the same headers and writes with every word large.

The theme's head writes the first letter large and the others as they are; so do these
(static/admin_extra/admin.css takes the large words away).
"""

from collections.abc import Iterator
from typing import Any

from django.utils.safestring import SafeData
from django.utils.text import capfirst
from unfold.templatetags import unfold_list

_headers_of_the_theme = unfold_list.result_headers


def result_headers(changes: Any) -> Iterator[dict[str, Any]]:
    """The headers of a list, each with a large first letter; the box that ticks all is no text."""
    for header in _headers_of_the_theme(changes):
        text = header["text"]
        yield header if isinstance(text, SafeData) else {**header, "text": capfirst(str(text))}


unfold_list.result_headers = result_headers
