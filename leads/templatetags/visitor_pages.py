"""For the templates of visitors' pages."""

from typing import Any

from django import template

from leads import pages

register = template.Library()


@register.simple_tag(takes_context=True)
def page_address(context: template.Context, name: str, *args: object, **query: Any) -> str:
    """{% page_address "status" slug public_id %}: of another page for the same visitor, in the same
    language, and in the widget's frame where this one is.
    """
    return pages.address(context.get("request"), name, *args, **query)
