"""Asking us something: anybody can, once is once, a machine is kept apart, and no mailbox is flooded."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from groups.asking_forms import AskForm
from groups.models import Enquiry
from readers.models import Letter
from tests.make import NOW, a_reader

pytestmark = pytest.mark.django_db
PEOPLE_TAKE = timedelta(seconds=30)


def typed(opened: Any = NOW - PEOPLE_TAKE, **fields: Any) -> dict[str, Any]:
    """What somebody types who opened the page half a minute ago."""
    values = {
        "topic": "corporate",
        "name": "Ida Holm",
        "email": "ida@harbourvale.example",
        "organisation": "Harbour & Vale",
        "people": "25",
        "words": "Half of us sit in Oslo.",
        "website": "",
        "key": AskForm(now=opened).initial["key"],
    }
    return values | fields


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


@pytest.mark.parametrize("topic", ["group", "corporate", "institution", "student", "cannot_afford"])
def test_anybody_asks_about_each_of_these_and_it_lands_in_the_queue(topic: str, client: Client) -> None:
    page = client.get(f"/ask/?about={topic}").content.decode()
    assert f'value="{topic}"' in page
    answer = client.post("/ask/", typed(topic=topic))
    assert answer["Location"] == "/ask/sent/"
    one = Enquiry.objects.get()
    assert (one.topic, one.state, one.email, one.people) == (topic, "new", "ida@harbourvale.example", 25)
    assert list(Enquiry.objects.to_do(on=NOW.date())) == [one]


def test_sent_twice_it_is_one(client: Client) -> None:
    said = typed()
    for _ in range(2):
        assert client.post("/ask/", said).status_code == 302
    assert Enquiry.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"organisation": " "}, "organisation"),
        ({"topic": "student", "words": ""}, "words"),
        ({"topic": "cannot_afford", "words": ""}, "words"),
        ({"topic": "seats"}, "topic"),
        ({"email": "ida"}, "email"),
        ({"email": "іda@harbourvale.example"}, "email"),  # its first letter is Ukrainian
        ({"people": "-3"}, "people"),
        ({"name": ""}, "name"),
        ({"key": "made up"}, "key"),
    ],
)
def test_what_is_missing_is_named_beside_its_field(changes: dict[str, str], field: str, client: Client) -> None:
    page = client.post("/ask/", typed(**changes))
    assert list(page.context["form"].errors) == [field]
    assert not Enquiry.objects.exists()


def test_addresses_are_kept_in_one_form(client: Client) -> None:
    client.post("/ask/", typed(email="  Ida.Holm+News@HarbourVale.example "))
    assert Enquiry.objects.get().email == "ida.holm+news@harbourvale.example"


@pytest.mark.parametrize(
    "changes",
    [
        {"website": "https://cheap.example"},
        {"opened": NOW - timedelta(seconds=1)},
        {"words": "http://a.example http://b.example www.c.example"},
        {"name": "Win now https://x.example"},
        {"organisation": "[url=x]"},
    ],
)
def test_what_looks_like_a_machine_is_kept_apart_thanked_and_not_answered(
    changes: dict[str, Any], client: Client
) -> None:
    assert client.post("/ask/", typed(**changes))["Location"] == "/ask/sent/"
    assert Enquiry.objects.get().state == "suspect"
    assert not Enquiry.objects.open().exists()
    assert not Letter.objects.exists()


def test_a_receipt_goes_out_once_a_day_and_repeats_no_word(
    client: Client, django_capture_on_commit_callbacks: Any, at: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(3):
            client.post("/ask/", typed())
    (letter,) = mail.outbox
    assert letter.to == ["ida@harbourvale.example"]
    assert "Oslo" not in letter.body
    assert "Harbour" not in letter.body
    at(NOW + timedelta(days=1))
    client.post("/ask/", typed(opened=NOW))
    assert Letter.objects.count() == 2


def test_a_student_is_shown_the_quicker_way(client: Client) -> None:
    client.post("/ask/", typed(topic="student"))
    assert "/students/" in Letter.objects.get().text


def test_a_reader_who_is_logged_in_need_not_say_who_they_are(client: Client) -> None:
    bob = a_reader(name="Bob")
    client.force_login(bob)
    page = client.get("/ask/").content.decode()
    assert 'value="bob@example.org"' in page
    client.post("/ask/", typed(email="bob@example.org"))
    assert Enquiry.objects.get().reader == bob


def test_from_one_place_no_more_come_than_a_person_sends(client: Client) -> None:
    answers = [client.post("/ask/", typed()).status_code for _ in range(12)]
    assert answers == [302] * 10 + [429] * 2
    assert Enquiry.objects.count() == 10


def test_the_page_of_thanks_and_the_one_for_students_may_be_cached_and_the_form_may_not(client: Client) -> None:
    kept = {path: client.get(path)["Cache-Control"] for path in ("/ask/", "/ask/sent/", "/students/")}
    assert "no-store" in kept["/ask/"]
    assert kept["/ask/sent/"].startswith("public")
    assert kept["/students/"].startswith("public")


@pytest.mark.parametrize("path", ["/subscribe/", "/contact/", "/"])
def test_the_form_is_found_from_the_plans_the_contact_page_and_every_footer(path: str, client: Client) -> None:
    page = client.get(path).content.decode()
    assert "/ask/" in page
    assert "/students/" in page
