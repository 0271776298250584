"""The colours of the brand: which there are, whether they can be read, and how pages, mails and cards get them.

A colour is a pair, by day and by night. `settings.SITE_COLOURS` holds those that a newsroom has chosen instead of ours.
"""

import re
from collections.abc import Iterator, Mapping

Pair = tuple[str, str]
Colours = Mapping[str, Pair]
# The tokens of site.css that make up a brand; whatever else it has (errors, partner content) stays as it is.
DEFAULTS: dict[str, Pair] = {
    "paper": ("#ffffff", "#0e1614"),
    "wash": ("#eef5f1", "#17221f"),
    "band": ("#c0e3d3", "#11362f"),
    "ink": ("#10201c", "#e8f0ec"),
    "ink-2": ("#46564f", "#a9b9b2"),
    "rule": ("#c6d4cd", "#34433e"),
    "edge": ("#6b7d75", "#7d9089"),
    "brand": ("#0b5b4f", "#82d5b9"),
    "on-brand": ("#ffffff", "#06231d"),
    "accent": ("#a83a10", "#ff9f78"),
    # The footer is dark by day, too.
    "foot": ("#0b2b26", "#0b2b26"),
    "foot-ink": ("#e3efe9", "#e3efe9"),
    "foot-2": ("#9fc9ba", "#9fc9ba"),
    "foot-rule": ("#32574d", "#32574d"),
}
# What stands on what, and the contrast WCAG 2.2 asks for: 4.5 for text (1.4.3), 3 for the edge of a field (1.4.11).
PAIRS = (
    *((text, "paper", 4.5) for text in ("ink", "ink-2", "brand", "accent")),
    *((text, "wash", 4.5) for text in ("ink", "ink-2", "brand", "accent")),
    ("ink", "band", 4.5),
    ("on-brand", "brand", 4.5),
    ("edge", "paper", 3.0),
    ("foot-ink", "foot", 4.5),
    ("foot-2", "foot", 4.5),
)
_HEX = re.compile(r"#[0-9a-f]{6}\Z")
_TIMES = ("by day", "by night")


def is_colour(text: str) -> bool:
    """Whether it is written like `#0b5b4f`."""
    return bool(_HEX.match(text))


def whole(chosen: Colours) -> dict[str, Pair]:
    """Every colour: the chosen ones, and ours where nothing was chosen."""
    return DEFAULTS | dict(chosen)


def contrast(one: str, other: str) -> float:
    """How much two colours differ, between 1 and 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def unreadable(chosen: Colours) -> Iterator[str]:
    """In words, what cannot be told apart in these colours; nothing where all is well."""
    colours = whole(chosen)
    for front, ground, least in PAIRS:
        for time, said in enumerate(_TIMES):
            one, other = colours[front][time], colours[ground][time]
            if (found := contrast(one, other)) < least:
                yield f"{front} {one} on {ground} {other} {said} has a contrast of {found:.1f} and needs {least}"


def stylesheet(chosen: Colours) -> str:
    """The tokens layer of site.css with these colours in it; what was not chosen is not mentioned."""
    tokens = "".join(f"--{name}:light-dark({day},{night});" for name, (day, night) in sorted(chosen.items()))
    return f"@layer tokens{{:root{{{tokens}}}}}\n"


def dressed(html: str, chosen: Colours) -> str:
    """HTML that spells our colours out, as mails must, in the chosen ones.

    White is the paper where something stands on it, and the colour on a button where something is written in it.
    """
    if not chosen:
        return html
    ours_to_theirs = zip(DEFAULTS.values(), whole(chosen).values(), strict=True)
    puts = {ours: theirs for both in ours_to_theirs for ours, theirs in zip(*both, strict=True)}
    puts |= {"#ffffff": whole(chosen)["paper"][0], "color:#ffffff": "color:" + whole(chosen)["on-brand"][0]}
    spelled = r"(?<![-\w])color:#ffffff|" + "|".join(map(re.escape, puts))
    return re.sub(spelled, lambda found: puts[found[0].lower()], html, flags=re.IGNORECASE)
