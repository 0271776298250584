"""What a reader has to do with an article: saved or not, and whether opening it is noted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists

from edge.visitor import StandIn
from readers.choices import READING_HISTORY
from readers.models import Consent, User

from .models import Article, OpenedArticle, SavedArticle
from .paywall import Reading


@dataclass(frozen=True)
class Shelf:
    """What the article's page asks about a signed-in reader."""

    is_saved: bool
    keeps_history: bool


def shelf_of(reader: Any, article: Article) -> Shelf | None:
    """The answer for a reader, in one query; None for AnonymousUser, of whom nothing is asked."""
    if not reader.is_authenticated:
        return None
    if isinstance(reader, StandIn):
        return Shelf(is_saved=False, keeps_history=False)
    saved = SavedArticle.objects.filter(reader=reader.pk, article=article)
    agreed = Consent.objects.in_force().filter(reader=reader.pk, purpose=READING_HISTORY)
    row = User.objects.filter(pk=reader.pk).values_list(Exists(saved), Exists(agreed)).first()
    return Shelf(*row) if row else None


def note_opened(reader: Any, article: Article, reading: Reading, shelf: Shelf | None, *, at: datetime) -> None:
    """Note that the article was read, for who wants such a list; what stayed behind the wall was not read."""
    if shelf is not None and shelf.keeps_history and not reading.is_locked:
        OpenedArticle.objects.note(reader.pk, article, at=at)


def keeps_history(reader: User) -> bool:
    """Whether this reader has switched the list of opened articles on."""
    return READING_HISTORY in Consent.objects.purposes_of(reader)
