"""The register of processing (GDPR Art. 30), made from what the models say of themselves."""

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from django.conf import settings
from django.utils.translation import gettext as _

from edge.personal_data import Anonymise, Erase
from edge.tables import safe_cell

from .inventory import Entry, entries

# Who works for us, by the word that models use; each is a name in the settings.
RECIPIENTS = {"STRIPE": "STRIPE_COMPANY", "MAIL_PROVIDER": "MAIL_PROVIDER"}


@dataclass(frozen=True)
class Activity:
    """One line: what is kept of whom, why, by what right, who gets it, and for how long."""

    what: str
    purpose: str
    legal_basis: str
    persons: str
    data: str
    recipients: str
    retention: str
    on_deletion: str
    model: str


def activities() -> list[Activity]:
    """Every line, in the order of the models' names."""
    return [_activity(entry) for entry in sorted(entries(), key=lambda one: one.label)]


def controller() -> str:
    """Who answers for it, and where to write."""
    return f"{settings.SITE_PUBLISHER}. {settings.DATA_PROTECTION_CONTACT}"


def measures() -> list[str]:
    """What protects it (Art. 32), in general words."""
    return [
        _("Every connection is encrypted (HTTPS, HSTS); cookies are not readable by scripts."),
        _("Readers come in with a code, a passkey or a password that is kept as an Argon2 hash; tries are counted."),
        _("Staff see what their group needs; a second factor is asked where one is set; the desk keeps a log."),
        _("Card data is with Stripe alone; we see the kind of card and its last four digits."),
        _("No third party is asked for anything while somebody reads; the database keeps no address of a visitor."),
        _("What is no longer needed is deleted every night by the rules named here."),
        _("Each event and letter is written once, repeated until it arrives, and compared with Stripe every night."),
    ]


def as_markdown() -> str:
    """The whole register as a text to read or to print."""
    lines = ["# " + _("Register of processing") + f": {settings.SITE_NAME}", ""]
    lines += [_("Controller") + f": {controller()}", ""]
    lines += [_("Transfers outside the European Union") + ": " + _("none by us; Stripe names its own."), ""]
    for line in activities():
        lines += [f"## {line.what}", "", *(f"- {name}: {value}" for name, value in _named(line)), ""]
    lines += ["## " + _("Measures"), "", *(f"- {measure}" for measure in measures()), ""]
    return "\n".join(lines)


def as_csv() -> str:
    """The lines as a table."""
    table = io.StringIO()
    sheet = csv.writer(table)
    sheet.writerow([field.name for field in fields(Activity)])
    sheet.writerows(map(safe_cell, astuple(line)) for line in activities())
    return table.getvalue()


def _activity(entry: Entry) -> Activity:
    said = entry.data
    return Activity(
        what=str(said.what),
        purpose=str(said.purpose),
        legal_basis=f"Art. 6 (1) ({said.basis.value}): {said.basis.label}",
        persons=str(said.persons.label),
        data=", ".join(str(field.verbose_name) for field in entry.model._meta.concrete_fields if not field.primary_key),
        recipients=", ".join(_recipients(said.recipients)),
        retention=_retention(entry),
        on_deletion=_on_deletion(entry),
        model=entry.label,
    )


def _recipients(words: Iterable[str]) -> list[str]:
    return [*(getattr(settings, RECIPIENTS[word]) for word in words), settings.HOSTING_PROVIDER]


def _retention(entry: Entry) -> str:
    terms = [
        f"{rule.term.in_words} {rule.since}" + (" (" + _("its contents") + ")" if rule.empties else "")
        for rule in entry.data.retention
    ]
    return "; ".join(terms) or str(_("as long as the account"))


def _on_deletion(entry: Entry) -> str:
    rule = entry.data.on_deletion
    if isinstance(rule, Erase):
        return str(_("erased at once"))
    if isinstance(rule, Anonymise):
        return _("emptied at once") + f". {rule.why}"
    return _("kept") + f". {rule.why}"


def _named(line: Activity) -> list[tuple[str, str]]:
    names = {
        "purpose": _("Purpose"),
        "legal_basis": _("Legal basis"),
        "persons": _("Persons"),
        "data": _("Data"),
        "recipients": _("Recipients"),
        "retention": _("Kept for"),
        "on_deletion": _("When an account is deleted"),
        "model": _("Where"),
    }
    return [(name, getattr(line, key)) for key, name in names.items()]
