"""What we publish."""

from .article import Article, Byline, FormerAddress, FullText
from .author import Author
from .correction import Correction
from .crawler import Crawler
from .gift import GiftLink, PrivateFeed
from .live import LiveCoverage, LiveEntry, LiveText
from .picture import Picture
from .saved import OpenedArticle, SavedArticle
from .section import Section
from .short import AgendaItem, Brief, PartnerItem
from .topic import Topic

__all__ = [
    "AgendaItem",
    "Article",
    "Author",
    "Brief",
    "Byline",
    "Correction",
    "Crawler",
    "FormerAddress",
    "FullText",
    "GiftLink",
    "LiveCoverage",
    "LiveEntry",
    "LiveText",
    "OpenedArticle",
    "PartnerItem",
    "Picture",
    "PrivateFeed",
    "SavedArticle",
    "Section",
    "Topic",
]
