"""Everything we hold about one reader, as a file they can open, keep and take elsewhere (GDPR Art. 15 and 20)."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, ForeignKey, Model
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from edge import tables
from readers.models import User
from subscriptions import billing
from subscriptions.models import Customer

from .inventory import Entry, of_readers

# More than this is kept on disk while it is being written.
IN_MEMORY_BYTES = 2_000_000
INVOICE_FIELDS = ("number", "made_at", "total_cents", "status", "description", "pdf_url", "page_url")


@dataclass(frozen=True)
class Part:
    """One kind of thing in the download, as the index lists it."""

    name: str
    what: str
    purpose: str
    count: int


@dataclass(frozen=True)
class Invoices:
    """What Stripe has billed, or that it could not be asked."""

    rows: tuple[dict[str, Any], ...] = ()
    is_missing: bool = False


def addresses_of(reader: User) -> frozenset[str]:
    """The addresses that are proved to be this reader's, in lower case; the one they sign in with is."""
    proved = EmailAddress.objects.filter(user=reader, verified=True).values_list("email", flat=True)
    return frozenset({reader.email, *(address.lower() for address in proved)})


def fields_of(entry: Entry) -> list[Field]:
    """What is given out of each row: everything but what opens doors, and the names of colleagues."""
    hidden = {*entry.data.secret, *entry.data.colleagues}
    return [field for field in entry.model._meta.concrete_fields if field.name not in hidden]


def values_of(row: Model, entry: Entry) -> dict[str, Any]:
    """One row as it is given out, by field name; what points elsewhere as its key, and in words where we have some."""
    values: dict[str, Any] = {}
    for field in fields_of(entry):
        values[field.name] = field.value_from_object(row)
        if isinstance(field, ForeignKey) and not issubclass(field.related_model, User):
            pointed_at = getattr(row, field.name)
            values[f"{field.name}_in_words"] = str(pointed_at) if pointed_at else ""
    if entry.label == "mfa.Authenticator":
        values["name"] = str(row)
    return values


def write_zip(reader: User, *, at: datetime) -> IO[bytes]:
    """The whole download as a ZIP file that is ready to be read.

    It is written before it is sent, so that an error never becomes half a
    file. What is big goes to disk. Where Stripe is away the list of invoices is missing, and the index says so.
    """
    written: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by its reader
    try:
        _write_into(written, reader, at=at)
    except BaseException:
        written.close()
        raise
    written.seek(0)
    return written


def _write_into(written: IO[bytes], reader: User, *, at: datetime) -> None:
    invoices = invoices_of(reader)
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = [_add_model(archive, entry, reader, at) for entry in _in_order()]
        if invoices.rows:
            parts.append(_add_invoices(archive, invoices.rows, at))
        context = {
            "reader": reader,
            "at": at,
            "parts": [part for part in parts if part.count],
            "empty": [part for part in parts if not part.count],
            "invoices_missing": invoices.is_missing,
            "SITE_NAME": settings.SITE_NAME,
            "SITE_URL": settings.SITE_URL,
            "SITE_PUBLISHER": settings.SITE_PUBLISHER,
            "CONTACT_EMAIL": settings.CONTACT_EMAIL,
        }
        _add(archive, "index.html", render_to_string("rights/download_index.html", context), at)


def invoices_of(reader: User) -> Invoices:
    """What Stripe has billed this reader. Never raises: where Stripe cannot be asked the answer says so."""
    rows: list[dict[str, Any]] = []
    try:
        for customer in Customer.objects.filter(reader=reader, deleted_at=None):
            listed = billing.gateway().invoices(customer.stripe_id, limit=100)
            rows += [{name: getattr(one, name) for name in INVOICE_FIELDS} for one in listed]
    except billing.BillingError:
        return Invoices(is_missing=True)
    return Invoices(tuple(rows))


def safe_cell(value: Any) -> str:
    """A value as a cell of a CSV file, which no spreadsheet takes for a formula."""
    if value is None:
        return ""
    return tables.safe_cell(value) if isinstance(value, str) else _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return (
        json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    )


def _in_order() -> list[Entry]:
    """The reader's own row first, the rest by name."""
    return sorted(of_readers(), key=lambda entry: (entry.model is not User, entry.file_name))


def _add_model(archive: zipfile.ZipFile, entry: Entry, reader: User, at: datetime) -> Part:
    what = Part(entry.file_name, str(entry.data.what), str(entry.data.purpose), 0)
    found = entry.rows_of(reader, addresses_of(reader)).order_by("pk")
    rows = (values_of(row, entry) for row in found.iterator(chunk_size=200))
    return _add_rows(archive, what, rows, at)


def _add_invoices(archive: zipfile.ZipFile, rows: tuple[dict[str, Any], ...], at: datetime) -> Part:
    purpose = _("What was billed, as Stripe keeps it for us.")
    return _add_rows(archive, Part("invoices", _("Invoices"), purpose, 0), iter(rows), at)


def _add_rows(archive: zipfile.ZipFile, part: Part, rows: Iterator[dict[str, Any]], at: datetime) -> Part:
    """The rows as JSON and as CSV; no file where there are none."""
    count, table = 0, io.StringIO()
    first = next(rows, None)
    if first is None:
        return part
    sheet = csv.DictWriter(table, fieldnames=list(first))
    sheet.writeheader()
    with archive.open(_entry(f"{part.name}.json", at), "w") as file:
        file.write(b"[\n")
        row: dict[str, Any] | None = first
        while row is not None:
            said = json.dumps(row, cls=ExactEncoder, ensure_ascii=False, indent=1)
            file.write((",\n" if count else "").encode() + said.encode())
            sheet.writerow({name: safe_cell(value) for name, value in row.items()})
            count, row = count + 1, next(rows, None)
        file.write(b"\n]\n")
    # Spreadsheets take a file for UTF-8 when it begins with this mark.
    _add(archive, f"{part.name}.csv", "\ufeff" + table.getvalue(), at)
    return Part(part.name, part.what, part.purpose, count)


class ExactEncoder(DjangoJSONEncoder):
    """Moments to the microsecond; Django's own cuts them to milliseconds."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def _add(archive: zipfile.ZipFile, name: str, text: str, at: datetime) -> None:
    archive.writestr(_entry(name, at), text)


def _entry(name: str, at: datetime) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=at.timetuple()[:6])
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return info
