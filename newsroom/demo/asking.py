"""What people ask the demo newsroom, students in every state, and access that staff gave."""

import io
from datetime import datetime, timedelta
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.db import transaction
from PIL import Image, ImageDraw

from groups import asking, documents, students
from groups.models import AcademicDomain, Enquiry, StudentApplication
from readers.models import User
from subscriptions import student_years
from subscriptions.models import Grant

from .people import STAFF, Person

CODE = Person("coded@viaduct.example", "Cem Coded", "a student whose code has run out; the next one is in the mail")
REVIEW = Person("proof@viaduct.example", "Paula Proof", "a student whose document waits for the desk")
REFUSED = Person("refused@viaduct.example", "Remi Refused", "a student whose document did not do")
ENDING = Person("ending@viaduct.example", "Elena Ending", "a student whose year ends in three weeks")
PRESS = Person("press@viaduct.example", "Piet Press", "press access, which ends next week")
PEOPLE = (CODE, REVIEW, REFUSED, ENDING, PRESS)


@transaction.atomic
def settle_in(*, at: datetime) -> None:
    """Make it all, unless it is there."""
    if Enquiry.objects.exists():
        return
    AcademicDomain.objects.create(
        domain="scheldt.example", institution="Scheldt University", added_by=_staff(), added_at=at
    )
    _students(at)
    _presents(at)
    _questions(at)


def _students(at: datetime) -> None:
    StudentApplication.objects.create(
        reader=_account(CODE),
        way=StudentApplication.Way.ADDRESS,
        academic_email="c.coded@scheldt.example",
        institution="Scheldt University",
        asked_at=at - timedelta(hours=1),
        state=StudentApplication.State.CODE,
        code_sent_at=at - timedelta(hours=1),
    )
    students.apply_by_document(_account(REVIEW), "Scheldt University", _a_card(), at=at - timedelta(hours=20))
    refused = students.apply_by_document(_account(REFUSED), "Evening School", _a_card(), at=at - timedelta(days=3))
    why = "It is not from a university or school for higher education."
    students.refuse(refused, reason=why, by=_staff(), at=at - timedelta(days=2))
    a_year_ago = at - timedelta(days=345)
    student_years.give(_account(ENDING), reason="Proved an address by a code", by=None, at=a_year_ago)


def _presents(at: datetime) -> None:
    Grant.objects.create(
        reader=_account(PRESS),
        kind=Grant.Kind.PRESS,
        reason="Accredited with the Council",
        starts_at=at - timedelta(days=350),
        ends_at=at + timedelta(days=8),
        granted_by=_staff(),
        granted_at=at - timedelta(days=350),
        owner=_staff(),
    )


def _questions(at: datetime) -> None:
    asked = (
        ("corporate", "Ida Holm", "ida@fjordlaw.example", "Fjord Law", 40, "Half of us sit in Oslo.", 2),
        ("institution", "Jean Petit", "jean@library.example", "City Library", None, "Do you do IPv6?", 30),
        ("cannot_afford", "Ana", "ana@mail.example", "", None, "I lost my job in spring and miss reading you.", 5),
        ("group", "Kees de Wit", "kees@club.example", "Debating Club", 12, "", 50),
    )
    for topic, name, email, organisation, people, words, hours in asked:
        moment = at - timedelta(hours=hours)
        question = Enquiry.objects.create(
            key=uuid4(),
            topic=topic,
            name=name,
            email=email,
            organisation=organisation,
            people=people,
            words=words,
            asked_at=moment,
        )
        if topic == "group":
            asking.answer(
                question,
                subject="Reading Viaduct as a group",
                text="Dear Kees,\n\ntwelve readers are 900 euro a year. Shall we write the offer?\n\nDora",
                by=_staff(),
                at=at - timedelta(hours=40),
            )
            due_on = (at + timedelta(days=3)).date()
            question.plan(owner=_staff(), next_step="Ask once more", due_on=due_on, by=_staff(), at=at)
    Enquiry.objects.create(
        key=uuid4(),
        topic="group",
        name="Best Offers https://cheap.example",
        email="win@cheap.example",
        organisation="Cheap",
        words="Visit http://cheap.example http://cheaper.example http://cheapest.example",
        asked_at=at - timedelta(hours=3),
        state=Enquiry.State.SUSPECT,
    )


def _a_card() -> documents.Document:
    picture = Image.new("RGB", (640, 400), "#eef5f1")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 640, 90), fill="#0b5b4f")
    draw.text((24, 36), "SCHELDT UNIVERSITY  STUDENT CARD", fill="white")
    draw.rectangle((24, 130, 184, 340), outline="#46564f", width=3)
    draw.text((220, 150), "This card was drawn for the demonstration.", fill="#10201c")
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return documents.Document("image/jpeg", file.getvalue())


def _account(person: Person) -> User:
    user = User.objects.create_user(person.email, name=person.name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def _staff() -> User:
    return User.objects.get(email=STAFF.email)
