"""What the sandbox's own pages have in common: frame, style, and how money and dates are written."""

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from .store import Thing

STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --quiet: #5b6875; --paper: #fff; --ground: #f3f4f6;
  --line: #d5dae0; --act: #1f4e79; --bad: #a3231f; --good: #1e6b3a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebef; --quiet: #a6b0ba; --paper: #1b222a;
  --ground: #12171c; --line: #36414c; --act: #8fbbe6; --bad: #f09a94; --good: #8fd0a5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
.notice { background: #3d3115; color: #fff; padding: .5rem 1rem; text-align: center; font-size: .9rem; }
main { max-width: 34rem; margin: 1.5rem auto 4rem; padding: 0 1rem; }
main.wide { max-width: 70rem; }
section, form.card { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem;
  padding: 1rem 1.25rem; margin: 0 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; } h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
p { margin: 0 0 .75rem; } .quiet { color: var(--quiet); font-size: .9rem; }
.bad { color: var(--bad); font-weight: 600; } .good { color: var(--good); font-weight: 600; }
.amount { font-size: 1.75rem; font-weight: 700; }
label { display: block; margin: 0 0 .75rem; } fieldset { border: 0; padding: 0; margin: 0 0 1rem; }
legend { font-weight: 600; padding: 0; margin-bottom: .25rem; }
fieldset label { display: flex; gap: .6rem; align-items: baseline; margin: 0; padding: .45rem 0; }
fieldset label + label { border-top: 1px solid var(--line); }
input[type=text], input[type=email], select { width: 100%; font: inherit; padding: .6rem .7rem; margin-top: .2rem;
  border: 1px solid var(--quiet); border-radius: .3rem; background: var(--paper); color: var(--ink); }
button, a.button { font: inherit; font-weight: 600; padding: .6rem 1rem; min-height: 2.75rem; cursor: pointer;
  border: 1px solid var(--act); border-radius: .3rem; background: var(--act); color: var(--paper);
  display: inline-block; text-decoration: none; }
button.second, a.second { background: none; color: var(--act); }
button.wide { width: 100%; } a { color: var(--act); }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; } .row form { margin: 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .4rem .6rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { text-align: right; white-space: nowrap; } code { font-size: .85em; overflow-wrap: anywhere; }
@media (max-width: 40rem) { main.wide th { display: none; }
  main.wide td { display: block; border: 0; padding: .1rem 0; }
  main.wide tr { display: block; border-bottom: 1px solid var(--line); padding: .5rem 0; } }
"""
SYMBOLS = {"eur": "€", "usd": "$", "gbp": "£"}


@dataclass(frozen=True)
class Page:
    """An answer with a body: a page, or whatever `kind` says."""

    body: str | bytes
    status: int = 200
    kind: str = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Redirect:
    """Go and look there (303)."""

    to: str


def framed(title: str, body: str, *, status: int = 200, wide: bool = False) -> Page:
    """A whole page around a body that is already HTML."""
    return Page(
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · Stripe sandbox</title><style>{STYLE}</style></head>"
        '<body><div class="notice">Local test payments. No money moves.</div>'
        f"<main{' class=wide' if wide else ''}>{body}</main></body></html>\n",
        status=status,
    )


def note(title: str, sentence: str, *, status: int = 200, link: tuple[str, str] | None = None) -> Page:
    """A page with one thing to say, and perhaps a way on: (address, words)."""
    way_on = f'<p><a class="button" href="{escape(link[0])}">{escape(link[1])}</a></p>' if link else ""
    return framed(title, f"<section><h1>{escape(title)}</h1><p>{escape(sentence)}</p>{way_on}</section>", status=status)


def button(words: str, address: str, *, second: bool = False, **fields: str | int) -> str:
    """A form that is only a button."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">' for name, value in fields.items()
    )
    style = ' class="second"' if second else ""
    return f'<form method="post" action="{escape(address)}">{hidden}<button{style}>{escape(words)}</button></form>'


def alert(sentence: str) -> str:
    """A sentence about what went wrong; nothing when there is none."""
    return f'<p class="bad" role="alert">{escape(sentence)}</p>' if sentence else ""


def money(cents: int, currency: str) -> str:
    """An amount for people: `€150.00`."""
    whole, rest = divmod(abs(cents), 100)
    unit = SYMBOLS.get(currency, currency.upper() + " ")
    return f"{'−' if cents < 0 else ''}{unit}{whole:,}.{rest:02d}"


def day(moment: int) -> str:
    """A date for people: `22 November 2026`."""
    return f"{datetime.fromtimestamp(moment, UTC):%-d %B %Y}"


def clock_time(moment: int) -> str:
    """A date with its time, UTC."""
    return f"{datetime.fromtimestamp(moment, UTC):%a %-d %b %Y, %H:%M:%S} UTC"


def every(price: Thing) -> str:
    """How often a price is due: `per month`, `every 3 months`."""
    recurring = price["recurring"]
    if not recurring:
        return "once"
    count, interval = recurring["interval_count"], recurring["interval"]
    return f"per {interval}" if count == 1 else f"every {count} {interval}s"
