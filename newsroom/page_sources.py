"""What the pages for everyone are made of, and when a change of it is one that they show."""

import os

from django.conf import settings

from edge.http import KEPT_FOR_LATER
from page_cache.answers import Environ
from page_cache.sources import Source

KEPT = f"HTTP_{KEPT_FOR_LATER.upper().replace('-', '_')}"
_PUBLISHED = "{row}.status IN ('published', 'withdrawn')"
SOURCES = (
    Source("articles_article", counts_when=_PUBLISHED, moments=("published_at",), moments_when="status = 'published'"),
    Source("articles_article_related"),
    Source("articles_article_topics"),
    Source("articles_fulltext"),
    Source("articles_byline"),
    Source("articles_formeraddress"),
    Source("articles_oldaddress"),
    Source("articles_correction", moments=("published_at",)),
    Source("articles_livecoverage", counts_when=_PUBLISHED, moments=("published_at", "ended_at")),
    Source("articles_liveentry", moments=("published_at",)),
    Source("articles_livetext"),
    Source("articles_section"),
    Source("articles_author"),
    Source("articles_topic"),
    Source("articles_picture"),
    Source("articles_brief", moments=("published_at",)),
    Source("articles_partneritem", moments=("starts_at", "ends_at")),
    Source("articles_agendaitem"),
    Source("articles_crawler"),
    Source("articles_frontversion", moments=("begins_at",), moments_when="taken_back_at IS NULL"),
    Source("articles_frontplace"),
    Source("newsroom_page", moments=("published_at",)),
    Source("newsroom_pageversion"),
    Source("newsroom_pagereview"),
    Source("subscriptions_plan"),
    Source("subscriptions_termsversion", moments=("effective_from",)),
    Source("subscriptions_termstext"),
    # Whose rows they are: what is asked before a reader's page is put together (newsroom/page_readers.py).
    Source("django_session", by="session_key"),
    Source("readers_user", by="id"),
    Source("readers_consent", by="reader_id"),
    Source("subscriptions_subscription", by="reader_id"),
    Source("subscriptions_grant", by="reader_id"),
    Source("articles_savedarticle", by="reader_id"),
    Source("groups_seat", by="reader_id"),
    Source("groups_groupaccount"),
    Source("groups_term"),
    Source("groups_network"),
    Source("groups_offsitepass"),
    Source("groups_domain"),
)


def goes_in(environ: Environ) -> bool:
    """Whether Django is to answer: the site is closed, a search engine that is let in says its name, or a browser
    fetches a page to keep it, which is another page.
    """
    if os.path.exists(settings.MAINTENANCE_FILE):
        return True
    if KEPT in environ:
        return True
    said = environ.get("HTTP_USER_AGENT", "").lower()
    return any(engine in said for engine in settings.SEARCH_CRAWLERS)
