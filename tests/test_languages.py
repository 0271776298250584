"""Languages: which one is spoken, that its words are complete, and that letters are written in their reader's."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.core import mail
from django.test import Client
from django.utils.translation.template import templatize

from readers import letters
from rights.wordings import WORDINGS
from tests.make import NOW, a_plan, a_reader, a_subscription, an_article

ROOT = Path(__file__).parent.parent
OTHERS = ("fr", "nl", "de")
# The desk speaks English.
NOT_FOR_READERS = ("admin", "dev")
PUBLIC = (
    *("/terms/", "/privacy/", "/privacy/retention/", "/withdraw/", "/cancel/", "/subscribe/", "/accounts/login/code/"),
    *("/accessibility/", "/ownership/", "/contact/", "/newsletters/", "/ask/", "/ask/sent/", "/students/"),
)
SAYS = ("_", "gettext", "gettext_lazy")
# What no page in another language may still say.
ENGLISH = ("Log in", "Your account", "Small print", "Withdraw from contract", "Cancel a subscription", "per year")


def catalogue(language: str) -> Catalog:
    with (ROOT / f"newsroom/locale/{language}/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> Iterator[Message]:
    return (message for message in catalogue(language) if message.id)


def strings(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is said in English and in the other language, one for each number."""
    meant, said = message.id, message.string or ""
    return (meant,) if isinstance(meant, str) else tuple(meant), (said,) if isinstance(said, str) else tuple(said)


def marks(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[sd]|%%|\{\w*\}|</?\w+", text))


# --- The words are complete ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated_and_none_is_a_guess(language: str) -> None:
    empty = [message.id for message in messages(language) if not all(strings(message)[1])]
    assert not empty
    assert not [message.id for message in messages(language) if message.fuzzy]


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_what_is_filled_in_and_every_tag(language: str) -> None:
    torn = [
        message.id for message in messages(language) if marks(strings(message)[0][-1]) != marks(strings(message)[1][-1])
    ]
    assert not torn


@pytest.mark.parametrize("language", OTHERS)
def test_what_the_program_reads_is_what_the_translators_wrote(language: str) -> None:
    with (ROOT / f"newsroom/locale/{language}/LC_MESSAGES/django.mo").open("rb") as file:
        compiled = {(one.context, *strings(one)) for one in read_mo(file) if one.id}
    assert compiled == {(one.context, *strings(one)) for one in messages(language)}


def test_every_word_of_the_pages_and_letters_is_in_the_catalogues() -> None:
    known = {part for message in messages("fr") for part in strings(message)[0]}
    missing = [(path, text) for path, text in _said_in_templates() if text not in known]
    missing += [(path, text) for path, text in _said_in_programs() if text not in known]
    assert not missing


def _said_in_templates() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "templates").rglob("*")):
        place = path.relative_to(ROOT / "templates")
        if path.is_file() and place.parts[0] not in NOT_FOR_READERS:
            said = templatize(path.read_text())
            for found in re.findall(r"(?<!\w)gettext\((u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))\)", said):
                yield str(place), ast.literal_eval(found)


def _said_in_programs() -> Iterator[tuple[str, str]]:
    for app in ("articles", "subscriptions", "readers", "rights", "edge"):
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYS:
                    text = node.args[0]
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        yield str(path.relative_to(ROOT)), text.value


# --- Which language is spoken ---------------------------------------------------------------------------


@pytest.fixture
def plans() -> None:
    a_plan("year")
    a_plan("month")


@pytest.mark.django_db
@pytest.mark.usefixtures("plans")
@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("path", PUBLIC)
def test_the_pages_about_contracts_speak_each_language(path: str, language: str) -> None:
    answer = Client().get(f"/{language}{path}")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in page
    assert answer["Content-Language"] == language
    assert [words for words in ENGLISH if words in re.sub(r"<[^>]*>", " ", page)] == []


@pytest.mark.django_db
@pytest.mark.usefixtures("plans")
@pytest.mark.parametrize("path", PUBLIC)
def test_what_a_browser_asks_for_changes_nothing(path: str) -> None:
    plain, asked = Client().get(path), Client().get(path, headers={"Accept-Language": "fr"})
    assert '<html lang="en">' in asked.content.decode()
    assert "Accept-Language" not in plain.get("Vary", "")


@pytest.mark.django_db
@pytest.mark.usefixtures("plans")
def test_a_reader_who_chose_french_has_a_french_account_and_english_articles() -> None:
    reader = a_reader(language="fr")
    a_subscription(reader)
    client = Client()
    client.force_login(reader, "django.contrib.auth.backends.ModelBackend")
    assert '<html lang="fr">' in client.get("/account/").content.decode()
    page = client.get(an_article().get_absolute_url()).content.decode()
    assert '<div lang="en">' in page
    assert "Mon compte" in page or "Votre compte" in page


# --- Letters ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("language", "word"), [("", "cancelled"), ("fr", "résili"), ("nl", "opgezegd"), ("de", "kündig")]
)
def test_a_letter_is_written_in_the_language_of_its_reader(language: str, word: str) -> None:
    reader = a_reader(language=language)
    letters.cancelled(reader, reads_until=NOW, occasion="1", at=NOW)
    (letter,) = mail.outbox
    assert word in (letter.subject + str(letter.body)).lower()


# --- The words that law gives -------------------------------------------------------------------------------


def test_the_buttons_of_the_law_say_what_a_lawyer_has_seen() -> None:
    said: dict[str, Any] = {name: WORDINGS[name] for name in ("confirm_withdrawal", "cancel_now")}
    assert said == {
        "confirm_withdrawal": {
            "en": "Confirm withdrawal",
            "fr": "Confirmer la rétractation",
            "nl": "Herroeping bevestigen",
            "de": "Widerruf bestätigen",
        },
        "cancel_now": {
            "en": "Cancel now",
            "fr": "Notifier la résiliation",
            "nl": "Nu opzeggen",
            "de": "Jetzt kündigen",
        },
    }
