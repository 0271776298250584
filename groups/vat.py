"""Which VAT stands on an invoice to an organisation (law.md L7; Directive 2006/112/EC, Articles 44 and 196)."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.utils.translation import gettext as _

EU = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
# Greece writes its VAT numbers with EL.
PREFIX_OF = {"GR": "EL"}
SHAPE = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,12}")


class VatUnknown(Exception):
    """The rule cannot say which rate it is; somebody has to type it. The message says why."""


@dataclass(frozen=True)
class Vat:
    """A rate in percent, and what the invoice has to say where there is none."""

    percent: Decimal
    note: str = ""
    is_reverse_charge: bool = False

    def on(self, net_cents: int) -> int:
        """The VAT on that sum, in cents."""
        return int((net_cents * self.percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


def vat_for(country: str, vat_number: str, *, agreed: Decimal | None = None) -> Vat:
    """The rate for an organisation in that country. Raises VatUnknown.

    At home our own rate; elsewhere in the Union with a VAT number the customer accounts for it; outside the Union it is
    not ours to ask. What was agreed with them (`agreed`, in percent) goes before.
    """
    if agreed is not None:
        return Vat(agreed, note="" if agreed else _("No VAT is due."))
    if not country:
        raise VatUnknown("Their country is not known: VAT depends on it.")
    if country == settings.SELLER_COUNTRY:
        return Vat(Decimal(settings.GROUP_VAT_PERCENT))
    if country not in EU:
        return Vat(Decimal(0), _("Outside the scope of EU VAT: the customer is established outside the Union."))
    if not vat_number:
        raise VatUnknown("An organisation in another country of the Union needs a VAT number, or a rate typed by hand.")
    note = _("Reverse charge: VAT is to be accounted for by the customer (Article 196 of Directive 2006/112/EC).")
    return Vat(Decimal(0), note, is_reverse_charge=True)


def normal(number: str) -> str:
    """A VAT number without what people type into it: `be 0123.456.749` is `BE0123456749`."""
    return re.sub(r"[\s.\-/]", "", number).upper()


def looks_right(number: str, country: str) -> bool:
    """Whether a number in its normal form can be one of that country; of Belgian ones the check digits are counted."""
    if not SHAPE.fullmatch(number) or number[:2] != PREFIX_OF.get(country, country):
        return False
    if country != "BE":
        return True
    digits = number[2:]
    return len(digits) == 10 and digits.isdecimal() and digits[0] in "01" and _check(digits) == int(digits[8:])


def _check(digits: str) -> int:
    return 97 - int(digits[:8]) % 97
