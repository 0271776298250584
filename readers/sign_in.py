"""Who gets a code when somebody types an address: the one place where readers come into being."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction

from .models import User


@transaction.atomic
def reader_at(email: str, *, at: datetime, language: str = "") -> User | None:
    """The reader of this address (in lower case), made now if there is none; a new one is given the language.

    A new one has no password and an unproved address; the code that goes there proves it. None where the account
    was closed: nobody may be told so, and no code is sent. Does the same work for known and for new addresses.
    """
    new = {"password": make_password(None), "date_joined": at, "language": language}
    reader, _ = User.objects.get_or_create(email=email, defaults=new)
    if not reader.is_active:
        return None
    if reader.last_login is None and reader.date_joined < at:
        # Asked again before ever coming: keep the row from being cleared while the code is on its way.
        User.objects.filter(pk=reader.pk, last_login=None).update(date_joined=at)
    if not EmailAddress.objects.filter(user=reader).exists():
        EmailAddress.objects.get_or_create(user=reader, email=email, defaults={"primary": True})
    return reader
