"""What we publish."""

from .article import Article, Byline, FormerAddress, FullText
from .author import Author
from .correction import Correction
from .crawler import Crawler
from .front import FrontPlace, FrontVersion
from .gift import GiftLink, PrivateFeed
from .hold import Hold
from .imported import ImportedArticle, ImportedPicture, OldAddress
from .live import LiveCoverage, LiveEntry, LiveText
from .partner import PartnerItem
from .picture import Picture
from .results import ArticleDay
from .saved import OpenedArticle, SavedArticle
from .section import Section
from .share import ShareLink
from .short import AgendaItem, Brief
from .step import Step
from .topic import Topic
from .version import ArticleVersion
from .working_copy import WorkingCopy

__all__ = [
    "AgendaItem",
    "Article",
    "ArticleDay",
    "ArticleVersion",
    "Author",
    "Brief",
    "Byline",
    "Correction",
    "Crawler",
    "FormerAddress",
    "FrontPlace",
    "FrontVersion",
    "FullText",
    "GiftLink",
    "Hold",
    "ImportedArticle",
    "ImportedPicture",
    "LiveCoverage",
    "LiveEntry",
    "LiveText",
    "OldAddress",
    "OpenedArticle",
    "PartnerItem",
    "Picture",
    "PrivateFeed",
    "SavedArticle",
    "Section",
    "ShareLink",
    "Step",
    "Topic",
    "WorkingCopy",
]
