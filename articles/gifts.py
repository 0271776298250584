"""A subscriber gives an article away: ten a month, each for fourteen days, to whoever has the link."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from edge.clock import BRUSSELS
from readers.models import User

from .models import Article, GiftLink
from .models.gift import hash_of, new_token

GIFTS_A_MONTH = 10
GIFT_LASTS = timedelta(days=14)


class NoGiftsLeft(Exception):
    """All gifts of this month have been given."""


@dataclass(frozen=True)
class Given:
    """A gift that was just made, with the token of its address, which nothing else keeps."""

    link: GiftLink
    token: str
    left: int


def give(giver: User, article: Article, *, at: datetime) -> Given:
    """Make a gift of a published article. The caller knows that the giver is entitled. Raises NoGiftsLeft.

    An ended gift has been given all the same: ending one does not make room for another.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=giver.pk)
        left = gifts_left(giver, at=at)
        if left < 1:
            raise NoGiftsLeft
        token = new_token()
        link = GiftLink.objects.create(
            giver=giver, article=article, token_hash=hash_of(token), made_at=at, expires_at=at + GIFT_LASTS
        )
    return Given(link, token, left - 1)


def gifts_left(giver: User, *, at: datetime) -> int:
    """How many gifts this reader may still make in this month of the calendar (Brussels)."""
    local = at.astimezone(BRUSSELS)
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return max(0, GIFTS_A_MONTH - GiftLink.objects.filter(giver=giver, made_at__gte=month).count())
