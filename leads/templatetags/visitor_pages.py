"""Template tags and filters for visitors' pages."""

import re
from typing import Any

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from leads import language_choice, pages

register = template.Library()
# A telephone number as we write it, in groups; not HTML references such as &#39;
_NUMBER = re.compile(r"(?<![&#\w])[+(]?\d[\d ()-]{5,}\d(?!\w)")


@register.filter
def whole_numbers(sentence: Any) -> SafeString:
    """{{ error|whole_numbers }}: keeps lines from breaking inside a telephone number. The text is
    the same.
    """
    written = conditional_escape(sentence)
    kept = _NUMBER.sub(r'<span class="whole">\g<0></span>', written)
    return mark_safe(kept)  # noqa: S308  # escaped above; digits are put between tags


@register.simple_tag(takes_context=True)
def page_address(context: template.Context, name: str, *args: object, **query: Any) -> str:
    """{% page_address "status" slug public_id %}: the address of another page for the same visitor,
    in the same language, and in the widget's frame if this page is.
    """
    return pages.address(context.get("request"), name, *args, **query)


@register.simple_tag(takes_context=True)
def every_language(context: template.Context) -> list[pages.InLanguage]:
    """This page in each of our languages."""
    request = context.get("request")
    return pages.in_languages(request, language_choice.codes()) if request else []


@register.simple_tag(takes_context=True)
def same_language(context: template.Context) -> str:
    """ "?lang=he" if this page's address names the language: for links on error pages, which look
    up no address.
    """
    request = context.get("request")
    asked = language_choice.asked(request) if request else ""
    return f"?{language_choice.PARAMETER}={asked}" if asked else ""
