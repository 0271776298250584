"""Who sits in the groups of the demonstration, who was asked, and who looks after it."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.utils import timezone

from groups import inviting
from groups.addresses import mailbox_of
from groups.models import Domain, GroupAccount, Manager, Seat
from readers.models import User

from .people import Person

MANAGER = Person("anna.szabo@harbourvale.example", "Anna Szabó", "manager of a company: seats, invitations, usage")
SEATED = Person("b.ekstrom@harbourvale.example", "Björn Ekström", "a seat that a company pays for")
INSTITUTION = Person("ines.marchal@harbours.example", "Inès Marchal", "manager of an institution of the EU")
OFFERED = Person("new.colleague@harbours.example", "Noor Peeters", "a seat waits: the address opens it")
PEOPLE = (MANAGER, SEATED, INSTITUTION, OFFERED)

# Address, name, and how many days ago something was read; nothing where it never was.
COMPANY_PEOPLE = (
    ("anna.szabo", "Anna Szabó", 0),
    ("b.ekstrom", "Björn Ekström", 2),
    ("c.daly", "Caitríona Daly", 33),
    ("d.ferrante", "Davide Ferrante", 131),
    ("e.kowalska", "Ewa Kowalska", 1),
    ("f.nagy", "Ferenc Nagy", 6),
    ("g.oconnor", "Gráinne O’Connor", 12),
    ("h.lindqvist", "Håkan Lindqvist", 3),
    ("i.petrova", "Irina Petrova", None),
    ("j.vandamme", "Joris Van Damme", 9),
    ("k.papadaki", "Katerina Papadaki", 27),
    ("l.moreau", "Léa Moreau", 1),
    ("m.silva", "Miguel Silva", 74),
    ("n.jansen", "Nynke Jansen", 4),
    ("o.horvat", "Ozren Horvat", 15),
    ("p.rossi", "Paola Rossi", 0),
    ("q.dupont", "Quentin Dupont", 41),
    ("r.vogel", "Renate Vogel", 8),
)
INSTITUTION_PEOPLE = tuple((f"reader.{number:02}", "", number % 9) for number in range(1, 34))
UNIVERSITY_PEOPLE = tuple((f"r{number:07}", "", number % 5) for number in range(7042100, 7042112))


def fill(company: GroupAccount, institution: GroupAccount, university: GroupAccount, *, at: datetime) -> None:
    """Seat them all. Where two invitations wait, one of them has been waiting for too long."""
    _domain(company, "harbourvale.example", is_open=True, at=at)
    _domain(institution, "harbours.example", is_open=True, with_subdomains=True, at=at)
    _domain(university, "scheldt.example", is_open=True, at=at)
    for name, full_name, days in COMPANY_PEOPLE:
        _seat(company, f"{name}@harbourvale.example", full_name, days, at=at)
    first, second = (User.objects.get(email=f"{name}@harbourvale.example") for name in ("anna.szabo", "c.daly"))
    for person in (first, second):
        _manager(company, person, at=at)
    inviting.invite(company, "e.novakova@harbourvale.example", by=first, language="en", at=at - timedelta(days=5))
    inviting.invite(company, "t.berg@harbourvale.example", by=first, language="en", at=at - timedelta(days=20))
    _seat(institution, INSTITUTION.email, INSTITUTION.name, 1, at=at)
    _manager(institution, User.objects.get(email=INSTITUTION.email), at=at)
    for name, full_name, days in INSTITUTION_PEOPLE:
        _seat(institution, f"{name}@harbours.example", full_name, days, how=Seat.How.DOMAIN, at=at)
    for name, full_name, days in UNIVERSITY_PEOPLE:
        _seat(university, f"{name}@scheldt.example", full_name, days, how=Seat.How.DOMAIN, at=at)
    _reader(OFFERED.email, OFFERED.name)


def _seat(
    group: GroupAccount,
    address: str,
    name: str,
    days: int | None,
    *,
    at: datetime,
    how: Seat.How = Seat.How.INVITATION,
) -> None:
    since = at - timedelta(days=200)
    Seat.objects.create(
        group=group,
        reader=_reader(address, name),
        address=address,
        mailbox=mailbox_of(address),
        how=how,
        domain=group.domains.first() if how is Seat.How.DOMAIN else None,
        given_at=since,
        proved_at=since,
        last_used_on=None if days is None else timezone.localdate(at - timedelta(days=days)),
    )


def _reader(email: str, name: str) -> User:
    reader = User.objects.filter(email=email).first()
    if reader is None:
        reader = User.objects.create_user(email, name=name)
        EmailAddress.objects.create(user=reader, email=email, verified=True, primary=True)
    return reader


def _manager(group: GroupAccount, reader: User, *, at: datetime) -> None:
    Manager.objects.create(group=group, reader=reader, address=reader.email, made_at=at - timedelta(days=200))


def _domain(group: GroupAccount, name: str, *, at: datetime, is_open: bool, with_subdomains: bool = False) -> None:
    Domain.objects.create(
        group=group, name=name, is_open=is_open, with_subdomains=with_subdomains, added_at=at - timedelta(days=200)
    )
