"""What stands on top of a section: what it has been about lately, and who writes it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from .models import Author, Section, Topic

# What somebody wrote a year ago does not make them this desk's.
LATELY = timedelta(days=90)
TOPICS, AUTHORS = 8, 6


@dataclass(frozen=True)
class Desk:
    """The subjects and the people of a section, the busiest first; both may be empty."""

    topics: tuple[Topic, ...] = ()
    authors: tuple[Author, ...] = ()


def desk_of(section: Section, *, at: datetime) -> Desk:
    """The desk as it is at that moment, in two queries that read three months and no more."""
    lately = Q(
        articles__section=section,
        articles__status="published",
        articles__published_at__lte=at,
        articles__published_at__gt=at - LATELY,
    )
    topics = Topic.objects.filter(lately).annotate(times=Count("articles")).order_by("-times", "name")
    authors = Author.objects.filter(lately, is_guest=False).annotate(times=Count("articles"))
    return Desk(tuple(topics[:TOPICS]), tuple(authors.order_by("-times", "name")[:AUTHORS]))
