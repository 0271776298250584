"""Is this an address that a university gives to those who study there?"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from . import addresses
from .models import AcademicDomain

LIST = Path(__file__).with_name("academic_domains.txt")
# Below such a name sit those who have left; a document says whether somebody is back.
FORMER = frozenset(
    (
        *("alumni", "alumnus", "alumna", "alum", "alumnos", "ancien", "anciens", "diplomes", "oud", "oudstudenten"),
        *("ehemalige", "absolventen", "graduates", "retired", "emeriti", "emeritus"),
    )
)


class Verdict(StrEnum):
    """What an address proves."""

    ACADEMIC = "academic"
    UNKNOWN = "unknown"
    # Staff have said that addresses there prove nothing.
    REFUSED = "refused"


@dataclass(frozen=True)
class Domain:
    """What is known of an address, and whose it is, where staff have written that down."""

    verdict: Verdict
    institution: str = ""


def domain_of(address: str) -> Domain:
    """What is known of the domain of an address that was cleaned. The nearest name decides, and staff over the list."""
    labels = addresses.domain_of(address).split(".")
    names = [".".join(labels[place:]) for place in range(len(labels))]
    by_staff = {one.domain: one for one in AcademicDomain.objects.filter(domain__in=names)}
    for place, name in enumerate(names):
        if known := by_staff.get(name):
            return Domain(Verdict.ACADEMIC if known.is_academic else Verdict.REFUSED, known.institution)
        if name in listed() or (place and f".{name}" in listed()):
            left = FORMER.intersection(labels[:place])
            return Domain(Verdict.UNKNOWN if left else Verdict.ACADEMIC)
    return Domain(Verdict.UNKNOWN)


@cache
def listed() -> frozenset[str]:
    """The list we ship."""
    lines = (line.strip() for line in LIST.read_text().splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))
