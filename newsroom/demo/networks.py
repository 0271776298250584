"""What the organisations of the demonstration have besides seats: networks, single sign-on, and a year of reading."""

from datetime import date, datetime, timedelta

from groups.models import GroupAccount, MonthOfUse, Network, SignOn
from groups.models.term import day_of
from groups.models.usage import ALL, OTHERS

# Kept for examples: nobody comes from there. To be there on this machine, run with TRUSTED_PROXIES=127.0.0.1 and send
# "X-Forwarded-For: 192.0.2.7".
NETWORKS = (("192.0.2.0/24", "Main building"), ("2001:db8:7::/48", "Everything, IPv6"), ("198.51.100.64/26", "Library"))
# Articles opened, of the last month that is over and those before it; None where too few read.
OPENED = (161, 287, 240, 96, 148, 212, 198, 187, 164, 120, 41, None)
SECTIONS = (("Climate & energy", 0.4), ("Rule of law", 0.3), (OTHERS, 0.3))


def fill(company: GroupAccount, institution: GroupAccount, *, at: datetime) -> None:
    """Networks for the institution, a sign-on that waits for the company's IT, and numbers for both."""
    for cidr, note in NETWORKS:
        network = Network(group=institution, cidr=cidr, note=note, added_at=at - timedelta(days=20))
        network.clean()
        network.save()
    SignOn.objects.create(group=company, kind=SignOn.Kind.OIDC, slug="harbour-vale", changed_at=at)
    for group, times_more in ((company, 1), (institution, 4)):
        _year_of_reading(group, times_more, at=at)


def _year_of_reading(group: GroupAccount, times_more: int, *, at: datetime) -> None:
    month, rows = last_month(day_of(at)), []
    for opened in OPENED:
        rows += (
            [MonthOfUse(group=group, month=month, summed_at=at)]
            if opened is None
            else _told(group, month, opened * times_more, at=at)
        )
        month = last_month(month)
    MonthOfUse.objects.bulk_create(rows)


def last_month(day: date) -> date:
    """The first day of the month before that of the day: the one that runs is not counted yet."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _told(group: GroupAccount, month: date, opened: int, *, at: datetime) -> list[MonthOfUse]:
    readers = max(opened // 14, 5)
    core = readers // 2 if readers >= 10 else None
    parts = [(ALL, 1.0), *SECTIONS]
    return [
        MonthOfUse(
            group=group,
            month=month,
            section=name,
            people=max(round(readers * (0.8 if name else 1)), 5),
            readers=max(round(readers * (0.8 if name else 1)), 5),
            core_readers=None if name else core,
            articles=round(opened * part * 0.9),
            times=round(opened * part),
            summed_at=at,
        )
        for name, part in parts
    ]
