"""What the pages for everyone are made of, and when a change of it is one that they show."""

from django.conf import settings

from page_cache.front_door import Environ
from page_cache.sources import Source

_PUBLISHED = "{row}.status <> 'draft'"
SOURCES = (
    Source("articles_article", counts_when=_PUBLISHED, moments=("published_at",), moments_when="status = 'published'"),
    Source("articles_article_related"),
    Source("articles_article_topics"),
    Source("articles_fulltext"),
    Source("articles_byline"),
    Source("articles_formeraddress"),
    Source("articles_correction", moments=("published_at",)),
    Source("articles_section"),
    Source("articles_author"),
    Source("articles_topic"),
    Source("articles_picture"),
    Source("articles_brief", moments=("published_at",)),
    Source("articles_partneritem", moments=("starts_at", "ends_at")),
    Source("articles_agendaitem"),
    Source("articles_crawler"),
    Source("newsroom_page", moments=("published_at",)),
    Source("newsroom_pageversion"),
    Source("newsroom_pagereview"),
    Source("subscriptions_plan"),
    Source("subscriptions_termsversion", moments=("effective_from",)),
    Source("subscriptions_termstext"),
)


def goes_in(environ: Environ) -> bool:
    """Whether a visitor without a session may get another page than everybody: a search engine that is let in."""
    said = environ.get("HTTP_USER_AGENT", "").lower()
    return any(engine in said for engine in settings.SEARCH_CRAWLERS)
