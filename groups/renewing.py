"""Which agreements end soon: for the desk a list, for the organisation a letter."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from readers.letters import about_agreements

from . import agreeing
from .models import Contact, Term
from .models.term import day_of

# How many days ahead the desk looks, the most urgent first.
AHEAD = (30, 60, 90)
LETTER_AHEAD = timedelta(days=60)


def ending_within(days: int, *, at: datetime) -> QuerySet[Term]:
    """Terms that end within so many days and that no accepted one follows, the first to end first."""
    today = day_of(at)
    later = Term.objects.binding().filter(group=OuterRef("group"), ends_on__gt=OuterRef("ends_on"))
    ending = Term.objects.binding().filter(ends_on__gte=today, ends_on__lte=today + timedelta(days=days))
    return ending.filter(~Exists(later), group__ended_at=None).select_related("group").order_by("ends_on")


def write_due(*, at: datetime) -> int:
    """Tell each organisation once that its agreement ends, and the desk every week. How many letters were written."""
    written = 0
    for term in ending_within(LETTER_AHEAD.days, at=at):
        for address in agreeing.addresses_of(term.group, Contact.Role.SIGNATORY):
            letter = about_agreements.agreement_ends(
                address,
                organisation=term.group.organisation,
                ends_on=term.ends_on,
                language=term.group.language,
                occasion=str(term.pk),
                at=at,
            )
            written += letter is not None
    return written + _tell_the_desk(at=at)


def _tell_the_desk(*, at: datetime) -> int:
    ending = [(term.group.organisation, term.ends_on) for term in ending_within(max(AHEAD), at=at)]
    if not ending:
        return 0
    year, week, _ = day_of(at).isocalendar()
    letter = about_agreements.agreements_end(
        ending=ending,
        desk_path=reverse("admin:groups_groupaccount_changelist") + f"?ends={max(AHEAD)}",
        occasion=f"{year}-{week:02}",
        at=at,
    )
    return int(letter is not None)
