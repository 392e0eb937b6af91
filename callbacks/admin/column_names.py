"""Column names on narrow screens, where a list has no head and each value has its name beside it.
The theme takes these names from the list's headers and capitalizes every word.

The theme's head capitalizes only the first letter. This module and static/admin_extra/admin.css
make the names beside the values look the same.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.safestring import SafeData
from django.utils.text import capfirst
from unfold.templatetags import unfold_list

_headers_of_the_theme = unfold_list.result_headers


def result_headers(changes: Any) -> Iterator[dict[str, Any]]:
    """The headers of a list, with a capital first letter. The "select all" box is left as it is."""
    for header in _headers_of_the_theme(changes):
        text = header["text"]
        yield header if isinstance(text, SafeData) else {**header, "text": capfirst(str(text))}


unfold_list.result_headers = result_headers
