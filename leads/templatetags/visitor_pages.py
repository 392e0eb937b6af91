"""For the templates of visitors' pages."""

from typing import Any

from django import template

from leads import language_choice, pages

register = template.Library()


@register.simple_tag(takes_context=True)
def page_address(context: template.Context, name: str, *args: object, **query: Any) -> str:
    """{% page_address "status" slug public_id %}: of another page for the same visitor, in the same
    language, and in the widget's frame where this one is.
    """
    return pages.address(context.get("request"), name, *args, **query)


@register.simple_tag(takes_context=True)
def every_language(context: template.Context) -> list[pages.InLanguage]:
    """This page in each language that pages are in."""
    request = context.get("request")
    return pages.in_languages(request, language_choice.codes()) if request else []


@register.simple_tag(takes_context=True)
def same_language(context: template.Context) -> str:
    """ "?lang=he" where this page's address names it: for links of pages that say what went wrong,
    and look up no address.
    """
    request = context.get("request")
    asked = language_choice.asked(request) if request else ""
    return f"?{language_choice.PARAMETER}={asked}" if asked else ""
