"""What pages tell machines, for their head: the JSON-LD of the newsroom and of the way to a page."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from articles import structured_data
from articles.article_page import NEWS_LANGUAGE
from articles.models import Section
from articles.translations import LOCALES
from edge import languages

register = template.Library()
_SCRIPT = '<script type="application/ld+json">{}</script>'


@register.simple_tag
def newsroom_data() -> SafeString:
    """Who publishes this, and how the site is searched."""
    return format_html(_SCRIPT, structured_data.newsroom())


@register.simple_tag
def breadcrumb_data(section: Section, here: Any = "") -> SafeString:
    """The way from the front page to a section, or to a page below it."""
    return format_html(_SCRIPT, structured_data.breadcrumbs(section, here=str(here)))


@register.filter
def locale(language: str) -> str:
    """A language of the news with its country, as Open Graph names it."""
    return LOCALES.get(language, LOCALES["en"])


@register.filter
def own_name(language: str) -> str:
    """A language of the news in its own words: `Français`."""
    return dict(languages.CHOICES).get(language, language)


@register.filter
def lang_attribute(language: str) -> SafeString:
    """The language of a text as an attribute, where the page around it speaks another; else nothing."""
    return format_html(' lang="{}"', language) if language != NEWS_LANGUAGE else SafeString()
