"""The sessions of one reader: what knows them has to be looked for, since a session's contents are sealed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet

from readers.models import User

BATCH = 500


def end_all(reader: User, addresses: Iterable[str]) -> None:
    """End every session this reader is signed in to, and forget those in which one of the addresses was only typed."""
    theirs = UserSession.objects.filter(user=reader).values_list("session_key", flat=True)
    Session.objects.filter(pk__in=list(theirs)).delete()
    known = [str(reader.pk), *addresses]
    found = [one.pk for one in of_nobody().iterator(chunk_size=BATCH) if _mentions(one, known[0], known[1:])]
    Session.objects.filter(pk__in=found).delete()


def of_nobody() -> QuerySet[Session]:
    """Those of visitors who are not signed in: a form half filled in, a code not yet typed."""
    return Session.objects.exclude(Exists(UserSession.objects.filter(session_key=OuterRef("pk"))))


def left_lying(*, at: datetime) -> QuerySet[Session]:
    """Those of them that nobody has touched for as long as the settings say."""
    lasts = timedelta(seconds=settings.SESSION_COOKIE_AGE) - timedelta(days=settings.KEEP_UNFINISHED_SIGN_INS_DAYS)
    return of_nobody().filter(expire_date__lt=at + lasts)


def lists_of_ended(*, at: datetime) -> QuerySet[UserSession]:
    """What the list of devices says of sessions that are over."""
    running = Session.objects.filter(pk=OuterRef("session_key"), expire_date__gt=at)
    return UserSession.objects.exclude(Exists(running))


def is_signed_in(session: Session) -> bool:
    """Whether somebody is signed in with it."""
    return SESSION_KEY in session.get_decoded()


def _mentions(session: Session, reader_pk: str, addresses: Iterable[str]) -> bool:
    said = session.get_decoded()
    if said.get(SESSION_KEY) == reader_pk:
        return True
    words = str(said).lower()
    return any(address.lower() in words for address in addresses)
