"""The brand is a setting: another name, other colours and addresses reach every page, mail, feed and card."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import render_to_string
from django.test import Client
from django.urls import get_resolver
from PIL import Image

from articles.cards import address_of
from articles.models import AgendaItem
from edge import colours
from newsroom import brand
from newsroom.environment import Environment
from readers import letters
from tests.make import NOW, a_plan, a_reader, a_subscription, an_article
from tests.test_canary import every_address

ROOT = Path(__file__).resolve().parent.parent
OURS = "viaduct"
# Purple by day, and lilac by night: nothing like ours.
THEIRS: dict[str, colours.Pair] = {
    "band": ("#e2d5f2", "#2c1a44"),
    "brand": ("#4b1f7a", "#c9a8ee"),
    "on-brand": ("#fffff0", "#1c0b30"),
}


@pytest.fixture
def another_brand(settings: Any, at: Any) -> None:
    at(NOW)
    settings.SITE_NAME = "The Morning Ferry"
    settings.SITE_TAGLINE, settings.SITE_DESCRIPTION = "News that crosses", "A paper for islanders."
    settings.SITE_TAGLINES = dict.fromkeys(("en", "fr", "nl", "de"), settings.SITE_TAGLINE)
    settings.SITE_DESCRIPTIONS = dict.fromkeys(("en", "fr", "nl", "de"), settings.SITE_DESCRIPTION)
    settings.SITE_PUBLISHER, settings.SITE_POSTAL_ADDRESS = "Ferry Press, Quay 1", "Quay 1"
    for name in brand.ADDRESSES:
        setattr(settings, name, "crew@ferry.example")
    settings.DEFAULT_FROM_EMAIL = settings.SERVER_EMAIL = "The Morning Ferry <crew@ferry.example>"
    settings.MFA_TOTP_ISSUER = settings.SITE_NAME


@pytest.fixture
def other_colours(settings: Any) -> None:
    settings.SITE_COLOURS = THEIRS


@pytest.mark.django_db
def test_the_agenda_is_of_the_city_of_the_newsroom(settings: Any, at: Any) -> None:
    at(NOW)
    settings.SITE_CITY = "Port Ellen"
    an_article()
    AgendaItem.objects.create(title="The ferry comes", starts_at=NOW)
    page = Client().get("/").content.decode()
    assert page.count("Today in Port Ellen") == 2
    assert "Today in Brussels" not in page


# --- The name ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_page_and_no_feed_says_the_name_of_the_demonstration(another_brand: None) -> None:
    a_plan("year")
    a_plan("month")
    article = an_article()
    a_reader("bob@example.org")
    spoken = []
    for address in every_address(article):
        # The desk is not public, and terms once published stay as they were.
        if address.path.startswith("/admin/") or address.name == "terms":
            continue
        answer = Client(raise_request_exception=False).get(address.path)
        said = b"".join(answer) if answer.streaming else answer.content
        text = said.decode(errors="replace")
        assert OURS not in text.lower(), address
        spoken.append("The Morning Ferry" in text)
    assert sum(spoken) > 50


@pytest.mark.django_db(transaction=True)
def test_a_letter_is_from_the_newsroom_of_that_name(another_brand: None) -> None:
    letters.cancelled(a_reader(), reads_until=NOW, occasion="1", at=NOW)
    (letter,) = mail.outbox
    everything = letter.subject + str(letter.body) + str(letter.alternatives) + letter.from_email + str(letter.reply_to)
    assert OURS not in everything.lower()
    assert "The Morning Ferry" in everything


@pytest.mark.django_db
def test_the_mail_with_the_code_is_from_the_newsroom_of_that_name(another_brand: None) -> None:
    a_reader("bob@example.org")
    Client().post("/accounts/login/code/", {"email": "bob@example.org"})
    (letter,) = mail.outbox
    everything = letter.subject + str(letter.body) + str(letter.alternatives) + letter.from_email
    assert OURS not in everything.lower()
    assert "The Morning Ferry" in everything


def texts() -> Iterator[Path]:
    for folder in ("templates", "newsroom/first_pages", "newsroom/static", "subscriptions/first_terms"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".html", ".txt", ".xml", ".css", ".js", ".svg", ".json"}:
                yield path
    yield from sorted((ROOT / "newsroom/locale").rglob("*.po"))


def test_no_template_and_no_translation_spells_it() -> None:
    assert [str(path) for path in texts() if OURS in path.read_text(encoding="utf-8").lower()] == []


def test_no_program_spells_it_but_the_settings_and_the_demonstration() -> None:
    packages = [config.path for config in apps.get_app_configs() if str(ROOT) in config.path]
    found = {
        str(path.relative_to(ROOT))
        for folder in (*packages, ROOT / "edge")
        for path in Path(folder).rglob("*.py")
        if OURS in path.read_text(encoding="utf-8").lower() and "/demo/" not in str(path) and ".venv" not in str(path)
    }
    assert found <= {"newsroom/settings.py"}


@pytest.mark.django_db
def test_the_wordmark_may_be_another_than_the_name(settings: Any) -> None:
    settings.SITE_WORDMARK = "Ferry"
    page = Client().get("/").content.decode()
    assert '<a class="wordmark" href="/" aria-label="Ferry, front page">Ferry</a>' in page
    assert "<title>Viaduct: " in page


@pytest.mark.django_db
def test_each_language_has_its_tagline_and_what_has_none_says_the_english_one(settings: Any) -> None:
    assert "Unabhängig aus Europa berichtet" in Client().get("/de/privacy/").content.decode()
    chosen = Environment({"SITE_TAGLINE": "News that crosses", "SITE_TAGLINE_FR": "Des nouvelles"})
    found = chosen.in_languages("SITE_TAGLINE", en="Ours", fr="La nôtre", de="Unsere")
    assert found == {"en": "News that crosses", "fr": "Des nouvelles", "de": "News that crosses"}
    assert Environment({}).in_languages("X", en="Ours", de="Unsere") == {"en": "Ours", "de": "Unsere"}


@pytest.mark.django_db
def test_our_pages_elsewhere_stand_in_the_footer(settings: Any) -> None:
    settings.SITE_SOCIAL = ["https://www.example.social/@ferry"]
    footer = Client().get("/").content.decode().partition("<footer")[2]
    assert '<a href="https://www.example.social/@ferry" rel="me noopener">example.social</a>' in footer


# --- The colours ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_our_own_colours_need_no_further_file() -> None:
    assert "brand-" not in Client().get("/").content.decode()


@pytest.mark.django_db
def test_other_colours_come_as_a_small_file_that_may_be_kept_for_ever(other_colours: None) -> None:
    page = Client().get("/").content.decode()
    (path,) = re.findall(r'<link rel="stylesheet" href="(/brand-\w+\.css)">', page)
    assert page.index("site.css") < page.index(path)
    assert '<meta name="theme-color" content="#e2d5f2" media="(prefers-color-scheme: light)">' in page
    answer = Client().get(path)
    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer["Cache-Control"]
    assert answer.content.decode() == (
        "@layer tokens{:root{--band:light-dark(#e2d5f2,#2c1a44);--brand:light-dark(#4b1f7a,#c9a8ee);"
        "--on-brand:light-dark(#fffff0,#1c0b30);}}\n"
    )
    assert Client().get("/brand-0123456789ab.css").status_code == 404


@pytest.mark.django_db
def test_letters_wear_them(other_colours: None) -> None:
    reader = a_reader()
    a_subscription(reader)
    letter = letters.cancelled(reader, reads_until=NOW, occasion="1", at=NOW)
    assert letter
    html = letter.html.lower()
    for ours in ("#c0e3d3", "#11362f", "#0b5b4f", "#82d5b9"):
        assert ours not in html
    assert "#e2d5f2" in html
    assert "#4b1f7a" in html


def test_white_is_the_paper_below_and_the_words_on_a_button() -> None:
    button = '<td style="background:#ffffff"><a style="background:#0b5b4f;color:#ffffff">'
    dressed = '<td style="background:#ffffff"><a style="background:#4b1f7a;color:#fffff0">'
    assert colours.dressed(button, THEIRS) == dressed
    assert colours.dressed(button, {}) == button


@pytest.mark.django_db
def test_cards_wear_them_under_another_name(settings: Any, at: Any) -> None:
    at(NOW)
    article = an_article()
    before = address_of(article)
    settings.SITE_COLOURS = THEIRS
    after = address_of(article)
    assert before != after
    card = Image.open(io.BytesIO(Client().get(after).content)).convert("RGB")
    assert all(abs(one - other) < 6 for one, other in zip(card.getpixel((600, 10)), (0xE2, 0xD5, 0xF2), strict=True))


def test_the_tokens_are_those_of_the_stylesheet() -> None:
    css = (ROOT / "newsroom/static/site.css").read_text()
    for name, (day, night) in colours.DEFAULTS.items():
        long = "#fff" if day == "#ffffff" else day
        assert f"--{name}:light-dark({long},{night})" in css or f"--{name}:{day};" in css, name


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#0b5b4f", "#ffffff", 8.0)]
)
def test_contrast_is_counted_as_wcag_counts_it(one: str, other: str, ratio: float) -> None:
    assert colours.contrast(one, other) == pytest.approx(ratio, abs=0.05)
    assert colours.contrast(one, other) == colours.contrast(other, one)


def test_our_own_colours_can_be_read() -> None:
    assert list(colours.unreadable({})) == []
    assert brand.check(None) == []


def test_colours_that_cannot_be_read_are_refused_with_the_culprit(settings: Any) -> None:
    settings.SITE_COLOURS = {"brand": ("#7fd0c0", "#82d5b9")}
    said = [error.msg for error in brand.check(None)]
    assert any("on-brand #ffffff on brand #7fd0c0 by day has a contrast of 1.8 and needs 4.5" in one for one in said)
    assert not any("by night" in one for one in said)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CONTACT_EMAIL", "readers at example", "must be an email address"),
        ("SITE_SOCIAL", ["javascript:alert(1)"], "begins with https://"),
        ("TIPS_PGP_FINGERPRINT", "9F2C 71B0", "40 digits"),
        ("BRAND_DIR", "/no/such/folder", "there is no such folder"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_name(settings: Any, name: str, value: Any, said: str) -> None:
    setattr(settings, name, value)
    (error,) = brand.check(None)
    assert name in error.msg
    assert said in error.msg


@pytest.mark.parametrize("value", ["red", "#12345", "#0b5b4f #82d5b9 #000000", "#0b5b4g", "0b5b4f"])
def test_a_colour_is_written_in_six_digits(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SITE_COLOUR_BRAND"):
        Environment({"SITE_COLOUR_BRAND": value}).colour("SITE_COLOUR_BRAND")
    assert Environment({"SITE_COLOUR_BRAND": "#0B5B4F"}).colour("SITE_COLOUR_BRAND") == ("#0b5b4f", "#0b5b4f")


@pytest.mark.urls("tests.test_pages")
def test_the_page_of_trouble_wears_the_brand_too(another_brand: None) -> None:
    page = render_to_string("500.html")
    assert "The Morning Ferry" in page
    assert get_resolver()
