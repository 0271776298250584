"""The queue of the desk: who sees to what until when, answers with checked words, and proofs that only deciders see."""

import base64
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from groups import answers, asking, documents, students
from groups.first_answers import first_answers
from groups.models import AcademicDomain, AnswerTemplate, Enquiry, StudentApplication, StudentProof
from readers.models import Letter, User
from tests.make import NOW, TOMORROW, a_reader, an_agreement, an_enquiry, somebody_in

pytestmark = pytest.mark.django_db
QUEUE = "/admin/groups/enquiry/"
STUDENTS = "/admin/groups/studentapplication/"
PDF = documents.Document("application/pdf", b"%PDF-1.7\n%%EOF")
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


# --- Who does what next -------------------------------------------------------------------------------------


def test_whoever_takes_a_question_is_its_owner_and_the_history_says_so(desk: Client, dora: User) -> None:
    one = an_enquiry()
    desk.post(f"{QUEUE}{one.pk}/take/")
    one.refresh_from_db()
    assert (one.owner, one.state) == (dora, "in_hand")
    assert one.entries.get().by == dora


def test_a_plan_says_state_owner_step_and_day_and_every_change_is_kept(desk: Client, dora: User) -> None:
    one = an_enquiry()
    plan = {"state": "waiting", "owner": dora.pk, "next_step": "Send the offer", "due_on": "2026-11-20"}
    for _ in range(2):
        desk.post(f"{QUEUE}{one.pk}/plan/", plan)
    one.refresh_from_db()
    assert (one.state, one.owner, one.next_step, one.due_on) == ("waiting", dora, "Send the offer", date(2026, 11, 20))
    said = [entry.text for entry in one.entries.all()]
    assert said == ["Next: Send the offer; due on 20 November 2026; dora@example.org sees to it.", "Waits for them."]


@pytest.mark.parametrize(
    ("fields", "is_due"),
    [
        ({}, True),
        ({"state": "in_hand"}, False),
        ({"state": "in_hand", "due_on": TODAY}, True),
        ({"state": "waiting", "due_on": TODAY + timedelta(days=1)}, False),
        ({"state": "waiting", "due_on": TODAY - timedelta(days=9)}, True),
        ({"state": "done", "closed_at": NOW, "due_on": TODAY}, False),
        ({"state": "suspect"}, False),
        ({"state": "suspect", "due_on": TODAY}, False),
    ],
)
def test_what_is_due_says_the_row_and_the_list_alike(fields: dict[str, Any], is_due: bool) -> None:
    one = an_enquiry(**fields)
    assert one.is_due(on=TODAY) is is_due
    assert Enquiry.objects.to_do(on=TODAY).exists() is is_due
    assert Enquiry.objects.open().exists() is one.is_open


def test_the_database_holds_that_what_is_closed_says_when_and_more_seats_have_an_agreement() -> None:
    for wrong in ({"state": "done"}, {"closed_at": NOW}, {"topic": "seats"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            an_enquiry(**wrong)
    an_enquiry(topic="seats", group=an_agreement())


def test_a_machine_that_was_none_is_put_into_the_queue(desk: Client, dora: User) -> None:
    one = an_enquiry(state="suspect")
    assert one.email not in desk.get(QUEUE).content.decode()
    assert one.email in desk.get(f"{QUEUE}?queue=suspect").content.decode() or one.name
    desk.post(f"{QUEUE}{one.pk}/take/")
    assert Enquiry.objects.open().get() == one


@pytest.mark.parametrize("queue", ["todo", "mine", "open", "nobody", "closed", "suspect", "all"])
def test_every_list_of_the_queue_opens(queue: str, desk: Client) -> None:
    an_enquiry()
    assert desk.get(f"{QUEUE}?queue={queue}").status_code == 200


def test_a_day_of_two_hundred_questions_costs_as_many_queries_as_one_of_two(
    desk: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        an_enquiry(email=f"r{number}@example.org")
    with django_assert_max_num_queries(14):
        desk.get(QUEUE)


def test_owners_are_told_once_a_day_what_is_due_and_the_operator_what_is_nobodys(dora: User) -> None:
    an_enquiry()
    an_enquiry(state="in_hand", owner=dora, due_on=TODAY, next_step="Call them", organisation="Scheldt University")
    an_enquiry(state="in_hand", owner=dora, due_on=TODAY + timedelta(days=5), organisation="Not yet")
    for _ in range(2):
        asking.remind_staff(at=NOW)
    told = {letter.to: letter.text for letter in Letter.objects.filter(kind="operator_enquiries")}
    assert set(told) == {"dora@example.org", "readers@viaduct.example"}
    assert "Call them" in told["dora@example.org"]
    assert "Not yet" not in told["dora@example.org"]
    assert "1 questions" in told["readers@viaduct.example"]
    assert asking.remind_staff(at=TOMORROW) == 2


# --- Answers ------------------------------------------------------------------------------------------------


def test_an_answer_leaves_once_from_one_page_however_often_the_button_is_pressed(desk: Client) -> None:
    one = an_enquiry()
    words = {"subject": "Our offer", "text": "500 euro."}
    page = desk.get(f"{QUEUE}{one.pk}/change/").context["answer_form"].initial
    for _ in range(2):
        desk.post(f"{QUEUE}{one.pk}/answer/", words | page)
    assert one.entries.count() == Letter.objects.filter(to=one.email).count() == 1
    page = desk.get(f"{QUEUE}{one.pk}/change/").context["answer_form"].initial
    desk.post(f"{QUEUE}{one.pk}/answer/", words | page)
    assert one.entries.count() == 2, "the same words again, from a page on which the first answer stood"


def test_an_answer_is_written_from_a_template_and_leaves_at_once(
    desk: Client, dora: User, django_capture_on_commit_callbacks: Any
) -> None:
    one = an_enquiry(name="Ida {plans}", organisation="Harbour & Vale", people=25, topic="group")
    template = AnswerTemplate.objects.filter(topic="group", language="en").get()
    page = desk.get(f"{QUEUE}{one.pk}/change/?template={template.pk}")
    begun = page.context["answer_form"].initial
    assert "For 25 readers" in begun["text"]
    assert "Dear Ida {plans}," in begun["text"], "what the sender typed is not filled in"
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(f"{QUEUE}{one.pk}/answer/", {"subject": "Our offer", "text": "Dear Ida,\n\n500 euro."})
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([one.email], "Our offer")
    assert "500 euro." in letter.body
    one.refresh_from_db()
    assert (one.state, one.owner) == ("waiting", dora)
    assert one.entries.get().kind == "answer"


def test_what_is_still_in_braces_is_not_sent(desk: Client) -> None:
    one = an_enquiry()
    desk.post(f"{QUEUE}{one.pk}/answer/", {"subject": "Hello {name}", "text": "Dear you"})
    assert not Letter.objects.exists()
    assert not one.entries.exists()


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("Dear {name}, {sender}", 0),
        ("No braces at all", 0),
        ("Dear {nmae}", 1),
        ("Dear {name", 1),
        ("Dear name}", 1),
        ("{name.__class__}", 1),
        ("{}", 1),
        ("{{name}}", 1),
    ],
)
def test_the_braces_of_a_template_are_checked(text: str, problems: int, client: Client) -> None:
    assert len(answers.problems_of(text)) == problems
    client.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))
    fields = {"title": "New", "topic": "", "language": "en", "subject": "Hello", "text": text}
    client.post("/admin/groups/answertemplate/add/", fields)
    assert AnswerTemplate.objects.filter(title="New").exists() is (problems == 0)


def test_the_first_answers_hold_no_wrong_brace() -> None:
    for words in first_answers():
        assert words.topic in Enquiry.Topic.values
        assert not answers.problems_of(words.subject) + answers.problems_of(words.text)
        assert len(words.subject) <= 150


def test_templates_in_the_language_of_the_question_come_first() -> None:
    begun = list(AnswerTemplate.for_enquiry(an_enquiry(topic="group", language="fr")))
    assert begun[0].language == "fr"
    assert {one.topic for one in begun} <= {"group", ""}


# --- Who may --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["take", "plan", "note", "answer"])
def test_editors_neither_see_nor_change_the_queue(act: str, client: Client) -> None:
    one = an_enquiry()
    client.force_login(somebody_in("Editors", "edith@example.org"))
    assert client.get(QUEUE).status_code == 403
    assert client.post(f"{QUEUE}{one.pk}/{act}/", {"text": "x"}).status_code == 403
    assert client.get(f"{QUEUE}{one.pk}/{act}/").status_code in (403, 405)
    assert not one.entries.exists()


# --- Documents of students ------------------------------------------------------------------------------------


def test_only_who_decides_sees_the_document_and_the_log_says_that_they_looked(desk: Client, client: Client) -> None:
    application = students.apply_by_document(a_reader(), "Ghent", PDF, at=NOW)
    answer = desk.get(f"{STUDENTS}{application.pk}/proof/")
    assert answer.content == PDF.content
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert "Looked at the document" in desk.get(f"{STUDENTS}{application.pk}/history/").content.decode()
    for who in (somebody_in("Editors", "edith@example.org"), User.objects.get(email="bob@example.org")):
        other = Client()
        other.force_login(who)
        assert other.get(f"{STUDENTS}{application.pk}/proof/").status_code in (302, 403)


@pytest.mark.parametrize(
    ("act", "fields", "state"),
    [
        ("accept", {}, "granted"),
        ("refuse", {"reason": "Too old."}, "refused"),
        ("refuse", {"reason": "Too old.", "own": "We cannot read the year."}, "refused"),
        ("refuse", {}, "review"),
    ],
)
def test_the_desk_decides_and_goes_on_to_the_next(
    act: str, fields: dict[str, str], state: str, desk: Client, dora: User
) -> None:
    first = students.apply_by_document(a_reader(), "Ghent", PDF, at=NOW)
    following = students.apply_by_document(a_reader("ann@example.org"), "Ghent", PDF, at=TOMORROW)
    page = desk.get(f"{STUDENTS}{first.pk}/change/").content.decode()
    assert "Open the PDF" in page
    answer = desk.post(f"{STUDENTS}{first.pk}/{act}/", fields)
    first.refresh_from_db()
    assert first.state == state
    assert StudentProof.objects.filter(application=first).exists() is (state == "review")
    assert answer["Location"] == f"{STUDENTS}{(first if state == 'review' else following).pk}/change/"
    if state != "review":
        assert first.decided_by == dora
        assert first.reason == fields.get("own", fields.get("reason", ""))


def test_a_picture_is_shown_on_the_page_of_the_decision(desk: Client) -> None:
    picture = documents.Document("image/jpeg", b"\xff\xd8\xff")
    application = students.apply_by_document(a_reader(), "Ghent", picture, at=NOW)
    assert '<img class="proof"' in desk.get(f"{STUDENTS}{application.pk}/change/").content.decode()
    assert base64.b64decode(StudentProof.objects.get().content) == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("@Academy.Example ", "academy.example"), ("gmail.com", None), ("nonsense", None), ("аcademy.example", None)],
)
def test_staff_add_domains_in_one_form_and_none_that_is_everybodys(
    typed: str, kept: str | None, desk: Client, dora: User
) -> None:
    fields = {"domain": typed, "is_academic": "on", "institution": "", "note": ""}
    desk.post("/admin/groups/academicdomain/add/", fields)
    assert [one.domain for one in AcademicDomain.objects.all()] == ([kept] if kept else [])
    assert StudentApplication.objects.count() == 0
