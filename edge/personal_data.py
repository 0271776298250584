"""What a model says of the people in it: what it keeps of whom, why, until when, and what happens when they leave.

Every model carries `personal_data`: a PersonalData, or None where nobody is in it. The download, the deletion of an
account, the retention and the register of processing (GDPR Art. 30) are all made from these, and from nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from edge.clock import BRUSSELS

Words = str | Promise


class Basis(TextChoices):
    """Why we may (GDPR Art. 6 (1))."""

    CONTRACT = "b", _("to carry out the contract with you")
    LAW = "c", _("because the law asks for it")
    INTEREST = "f", _("because we have a good reason for it, which you may object to")
    CONSENT = "a", _("because you agreed, for as long as you do")


class Persons(TextChoices):
    """Who is in it."""

    READERS = "readers", _("readers")
    STAFF = "staff", _("staff")
    AUTHORS = "authors", _("authors and photographers")


@dataclass(frozen=True)
class Term:
    """How long: so many days, or so many calendar years after the one in which it began (Brussels).

    The number stands in the settings under `setting`.
    """

    setting: str
    in_years: bool = False

    @property
    def length(self) -> int:
        """How many days or years."""
        return int(getattr(settings, self.setting))

    def cutoff(self, *, at: datetime) -> datetime:
        """What was counted from before this moment is kept no longer."""
        if not self.in_years:
            return at - timedelta(days=self.length)
        return _new_year(at.astimezone(BRUSSELS).year - self.length)

    def ends(self, since: datetime) -> datetime:
        """Until when something counted from `since` is kept."""
        if not self.in_years:
            return since + timedelta(days=self.length)
        return _new_year(since.astimezone(BRUSSELS).year + self.length + 1)

    @property
    def in_words(self) -> str:
        """ "30 days", "2 years", "7 years from the end of the calendar year"."""
        if self.in_years:
            return gettext("%(years)s from the end of the calendar year") % {"years": _in_years(self.length)}
        if self.length % 365 == 0:
            return _in_years(self.length // 365)
        return ngettext("%(count)s day", "%(count)s days", self.length) % {"count": self.length}


def days(setting: str) -> Term:
    """As many days as that setting says."""
    return Term(setting)


def years(setting: str) -> Term:
    """As many calendar years as that setting says, counted from the end of the year in which it began."""
    return Term(setting, in_years=True)


def _in_years(count: int) -> str:
    return ngettext("%(count)s year", "%(count)s years", count) % {"count": count}


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=BRUSSELS)


@dataclass(frozen=True)
class Rule:
    """Rows are deleted, or the fields in `empties` emptied, when `term` has passed since `counted_from`.

    `counted_from` is a field that holds a moment, or a path to one; `since` says the same in words ("after it was
    sent"). Only rows that fit `only` count.
    """

    term: Term
    counted_from: str
    since: Words
    why: Words
    only: Q = field(default_factory=Q)
    empties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Erase:
    """When the reader leaves: the rows are deleted at once."""


@dataclass(frozen=True)
class Keep:
    """When the reader leaves: the rows stay, tied to nobody, until their retention rule deletes them.

    `empties` are emptied at once. `still_says` names what of the reader stays in the row (fields), because the row
    would otherwise prove nothing. Rows that do not fit `only` are deleted at once.
    """

    why: Words
    empties: tuple[str, ...] = ()
    still_says: tuple[str, ...] = ()
    only: Q = field(default_factory=Q)


@dataclass(frozen=True)
class Anonymise:
    """When the reader leaves: the rows stay, and say nothing about them once these fields are emptied."""

    fields: tuple[str, ...]
    why: Words


ERASE = Erase()


@dataclass(frozen=True)
class PersonalData:
    """What one model keeps of people.

    `whose`: the path to the reader it is about ("reader", "subscription__reader"; "pk" for the reader's own row), or
    empty where it is about no reader. `address`: the field that holds the address of somebody who may have no account.
    `secret`: fields that are given to nobody, since they open doors. `colleagues`: who on the staff did it; theirs,
    not the reader's. `mentions`: words and JSON in which an address may stand; it is struck out when its owner leaves.
    """

    what: Words
    purpose: Words
    basis: Basis
    on_deletion: Erase | Keep | Anonymise
    whose: str = ""
    address: str = ""
    persons: Persons = Persons.READERS
    secret: tuple[str, ...] = ()
    colleagues: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    retention: tuple[Rule, ...] = ()

    @property
    def deleted_by(self) -> tuple[Rule, ...]:
        """The rules that delete its rows."""
        return tuple(rule for rule in self.retention if not rule.empties)

    @property
    def is_of_readers(self) -> bool:
        """Whether a reader's rows can be found in it."""
        return bool(self.whose or self.address)

    def covers(self) -> Iterable[str]:
        """The fields that are spoken of here by name."""
        named = {self.whose.partition("__")[0], self.address, *self.secret, *self.colleagues, *self.mentions}
        return named - {""}
