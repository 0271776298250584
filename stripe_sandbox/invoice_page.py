"""An invoice as its payer sees it: on a page where it can be paid, and as a PDF."""

from html import escape

from . import cards, collection, payment_methods
from .errors import ApiError
from .pages import Page, Redirect, alert, day, framed, money, note
from .store import Thing
from .world import World


def show(world: World, form: dict[str, str], invoice: str, problem: str = "") -> Page:
    """GET /i/{invoice}"""
    with world.transaction():
        found = world.store.get(invoice)
        if found is None or found["object"] != "invoice":
            return note("Nothing here", "This invoice does not exist.", status=404)
        return _page(found, problem)


def pay(world: World, form: dict[str, str], invoice: str) -> Page | Redirect:
    """POST /i/{invoice}: pay it with the card on file (`method=on_file`) or another; authentication is given."""
    try:
        with world.transaction():
            _pay(world, world.fetch("invoice", invoice), form)
    except ApiError as refusal:
        return show(world, form, invoice, refusal.message)
    return Redirect(f"/i/{invoice}")


def _pay(world: World, invoice: Thing, form: dict[str, str]) -> None:
    if invoice["status"] != "open":
        return
    number = cards.plain(form.get("number", "")) or cards.WAYS.get(form.get("method", ""))
    method = None
    if number:
        method = payment_methods.new(world, number)
        payment_methods.attach_to(world, method, invoice["customer"])
    outcome = collection.collect(world, invoice, method=method, authenticated=True)
    if not outcome.went_through and outcome.decline:
        raise ApiError(402, "card_error", outcome.decline.message, keeps_changes=True)


def pdf(world: World, form: dict[str, str], invoice: str) -> Page:
    """GET /i/{invoice}/pdf"""
    with world.transaction():
        found = world.store.get(invoice)
        if found is None or found["object"] != "invoice" or not found["number"]:
            return note("Nothing here", "This invoice does not exist or is a draft.", status=404)
        return Page(written(_as_text(found)), kind="application/pdf")


def _page(invoice: Thing, problem: str) -> Page:
    currency = invoice["currency"]
    lines = line_rows(invoice)
    links = f'<p><a href="/i/{invoice["id"]}/pdf">PDF</a></p>' if invoice["number"] else ""
    body = (
        f"<section><h1>Invoice {escape(invoice['number'] or '(draft)')}</h1>"
        f"<p>{escape(invoice['account_name'])} · {day(invoice['created'])} · {invoice['status']}</p>"
        f'<p class="quiet">{escape(invoice["customer_email"] or "")}</p>'
        f'<div class="scroll"><table>{lines}</table></div>'
        f'<p class="amount">{money(invoice["amount_due"], currency)}</p>{links}</section>'
    )
    if invoice["status"] == "open":
        body += _pay_form(invoice, problem)
    return framed("Invoice", body, status=402 if problem else 200)


def line_rows(invoice: Thing) -> str:
    """The lines of an invoice and its taxes as rows of a table."""
    return "".join(
        f'<tr><td>{escape(words)}</td><td class="number">{money(cents, invoice["currency"])}</td></tr>'
        for words, cents in _in_words(invoice)
    )


def _in_words(invoice: Thing) -> list[tuple[str, int]]:
    lines = [(line["description"], line["amount"]) for line in invoice["lines"]["data"]]
    for tax in invoice["total_taxes"]:
        lines.append((f"Tax on {money(tax['taxable_amount'], invoice['currency'])}", tax["amount"]))
    return lines


def _pay_form(invoice: Thing, problem: str) -> str:
    options = "".join(
        f'<label><input type="radio" name="method" value="{way}"{" checked" if way == "on_file" else ""}>'
        f"<span>{words}</span></label>"
        for way, words in (
            ("on_file", "The payment method on file (authorise if the bank asks)"),
            ("card_ok", "A card that works"),
            ("card_declined", "A card that is declined"),
        )
    )
    return (
        f'<form class="card" method="post" action="/i/{invoice["id"]}">{alert(problem)}<fieldset>{options}</fieldset>'
        '<label>Another card number<input type="text" name="number" autocomplete="off"></label>'
        f'<button class="wide">Pay {money(invoice["amount_due"], invoice["currency"])}</button></form>'
    )


def _as_text(invoice: Thing) -> list[str]:
    currency = invoice["currency"]
    rows = [f"{words}: {money(cents, currency)}" for words, cents in _in_words(invoice)]
    rows += [f"{field['name']}: {field['value']}" for field in invoice["custom_fields"] or []]
    rows += [invoice["footer"]] if invoice["footer"] else []
    return [
        f"Invoice {invoice['number']}",
        "Local test payments. No money moves.",
        "",
        f"From {invoice['account_name']}",
        f"To {invoice['customer_name'] or ''} {invoice['customer_email'] or ''}",
        f"Date {day(invoice['created'])}",
        "",
        *rows,
        "",
        f"Total {money(invoice['total'], currency)}",
        f"Paid {money(invoice['amount_paid'], currency)}",
        f"Status {invoice['status']}",
    ]


def written(lines: list[str]) -> bytes:
    """A PDF of one page with these lines of text."""
    shown = "".join(f"({_escaped(line)}) Tj T* " for line in lines[:48])
    text = f"BT /F1 11 Tf 56 786 Td 15 TL {shown}ET".encode("cp1252", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").replace("−", "-")


PAGES = [
    ("GET", "/i/{invoice}", show),
    ("POST", "/i/{invoice}", pay),
    ("GET", "/i/{invoice}/pdf", pdf),
]
