"""The words of a standing page, for a template that belongs to another page of the site."""

from typing import Any

from django import template

from edge import languages
from newsroom.models import PageVersion
from newsroom.pages import in_print

register = template.Library()


@register.simple_tag(takes_context=True)
def standing_page(context: dict[str, Any], slug: str) -> dict[str, Any]:
    """What the page of that name says: title, standfirst, html; nothing where there is none."""
    version = PageVersion.objects.shown(slug, languages.chosen(), at=context["now"])
    return in_print(version) if version else {}
