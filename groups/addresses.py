"""An address as somebody typed it: whose it is, to which domain it belongs, and what only looks like one."""

import unicodedata
from enum import StrEnum

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from subscriptions.trial import mailbox_of

from .public_mail import SHARED_SUFFIXES, is_mail_provider

__all__ = ["Problem", "canonical", "clean", "clean_domain", "domain_of", "looks_like", "mailbox_of"]

# Letters of other scripts that are drawn like Latin ones: those that fakes are made of.
_PAIRS = (
    "аa вb сc ԁd еe һh іi јj ӏl кk мm ոn оo рp ԛq гr ѕs тt սu ѵv ԝw хx уy үy ьb "
    "αa βb εe ιi κk νv οo ρp τt υu χx γy ηn ωw ɑa ɡg ıi օo ʏy"
)
_DRAWN_ALIKE = {pair[0]: pair[1] for pair in _PAIRS.split()}
# Latin signs that one takes for others at a glance, and only where a whole domain is compared.
_AT_A_GLANCE = (("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l"), ("i", "l"), ("-", ""))
# Spaces without width, soft hyphens, and marks that turn the direction of writing.
_INVISIBLE = dict.fromkeys([0xAD, 0x2060, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F)])


class Problem(StrEnum):
    """Why something typed is not taken."""

    NO_ADDRESS = "no_address"
    LOOK_ALIKE = "look_alike"
    NO_DOMAIN = "no_domain"
    MAIL_PROVIDER = "mail_provider"
    SHARED = "shared"

    def in_words(self) -> str:
        """For whoever typed it."""
        words = {
            self.NO_ADDRESS: _("This address is not complete. It looks like name@example.org."),
            self.LOOK_ALIKE: _("It has letters that only look like those of another address."),
            self.NO_DOMAIN: _("This is not a domain. It looks like example.org."),
            self.MAIL_PROVIDER: _("Everybody can have an address there: it belongs to a mail provider."),
            self.SHARED: _("Many organisations have addresses below this one."),
        }
        return words[self]


def clean(typed: str) -> str | Problem:
    """The address in one form: lower case, no spaces around or inside, its domain in ASCII. Tags stay.

    Letters that only look Latin are a problem and not repaired: nobody can say which mailbox was meant.
    """
    text = unicodedata.normalize("NFKC", typed.translate(_INVISIBLE))
    text = "".join(text.split()).lower().strip("<>\"',;:").removeprefix("mailto:")
    name, at, domain = text.rpartition("@")
    if not at or len(text) > 254:
        return Problem.NO_ADDRESS
    ascii_domain = _ascii(domain)
    if ascii_domain is Problem.LOOK_ALIKE or any(letter in _DRAWN_ALIKE for letter in name):
        return Problem.LOOK_ALIKE
    if isinstance(ascii_domain, Problem):
        return Problem.NO_ADDRESS
    address = f"{name}@{ascii_domain}"
    try:
        validate_email(address)
    except ValidationError:
        return Problem.NO_ADDRESS
    return address


def canonical(address: str) -> str:
    """An address that was proved or taken before, in the form of `clean`."""
    name, _, domain = address.strip().lower().rpartition("@")
    return f"{name}@{domain_of(domain)}"


def domain_of(address: str) -> str:
    """The domain of an address in ASCII and lower case; empty where it has none, or one that only looks like one."""
    domain = _ascii(address.strip().lower().rpartition("@")[2])
    return "" if isinstance(domain, Problem) else domain


def clean_domain(typed: str) -> str | Problem:
    """A domain that one organisation can have for itself, in ASCII and lower case. An address may be typed, too."""
    text = unicodedata.normalize("NFKC", typed.translate(_INVISIBLE)).strip().lower()
    text = text.rpartition("@")[2].strip(". ")
    domain = _ascii(text)
    if isinstance(domain, Problem):
        return domain
    if "." not in domain:
        return Problem.NO_DOMAIN
    if is_mail_provider(domain):
        return Problem.MAIL_PROVIDER
    return Problem.SHARED if domain in SHARED_SUFFIXES else domain


def looks_like(domain: str, known: str) -> bool:
    """Whether a domain is another one that is easily taken for the known one: `harb0urvale.example`."""
    return domain != known and _at_a_glance(domain) == _at_a_glance(known)


def _ascii(domain: str) -> str | Problem:
    if not domain:
        return Problem.NO_DOMAIN
    if _is_fake(domain):
        return Problem.LOOK_ALIKE
    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return Problem.NO_DOMAIN


def _is_fake(domain: str) -> bool:
    """Whether letters of another script read as a Latin domain. `bücher.example` does not: its ü is like no other.

    Below `.бг` or `.ευ` such letters are at home.
    """
    labels = [_decoded(label) for label in domain.split(".")]
    return labels[-1].isascii() and any(not label.isascii() and _drawn(label).isascii() for label in labels)


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label


def _drawn(label: str) -> str:
    return "".join(_DRAWN_ALIKE.get(letter, letter) for letter in label)


def _at_a_glance(domain: str) -> str:
    for sign, taken_for in _AT_A_GLANCE:
        domain = domain.replace(sign, taken_for)
    return domain
