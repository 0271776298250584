"""Students: proved by a code or by a document, a year and no more, never renewed by itself."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from PIL import Image

from groups import academic, documents, students
from groups.models import AcademicDomain, StudentApplication, StudentProof
from readers.models import Letter, User
from subscriptions import purchases
from subscriptions.access import entitlement_for
from subscriptions.models import Contract, Grant, Purchase
from tests.fakes import FakeBilling
from tests.make import NOW, TOMORROW, a_customer, a_grant, a_reader

pytestmark = pytest.mark.django_db
HERE = "/account/student/"
PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


@pytest.fixture
def bob(client: Client) -> User:
    """Bob is logged in."""
    bob = a_reader()
    client.force_login(bob)
    return bob


def the_code() -> str:
    """What the last mail says."""
    return re.search(r"^\s+(\d{6})$", mail.outbox[-1].body, re.MULTILINE)[1]  # type: ignore[index]


def a_picture(size: tuple[int, int] = (60, 40), **how: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, how.pop("format", "JPEG"), **how)
    return file.getvalue()


def upload(client: Client, data: bytes, **fields: Any) -> Any:
    file = SimpleUploadedFile(fields.pop("name", "card.jpg"), data)
    return client.post(f"{HERE}document/", {"institution": "Ghent", "document": file} | fields)


# --- Which addresses prove something ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("a@mit.edu", "academic"),
        ("a@student.kuleuven.be", "academic"),
        ("a@ox.ac.uk", "academic"),
        ("a@UGENT.be", "academic"),
        ("a@ac.uk", "unknown"),
        ("a@edu", "unknown"),
        ("a@gmail.com", "unknown"),
        ("a@ugent.be.example.org", "unknown"),
        ("a@myugent.be", "unknown"),
        ("a@ugеnt.be", "unknown"),  # a Cyrillic letter
        ("a@alumni.ugent.be", "unknown"),
        ("a@alumni.mit.edu", "unknown"),
    ],
)
def test_an_address_proves_what_its_university_gives_to_those_who_study(address: str, verdict: str) -> None:
    assert academic.domain_of(address).verdict == verdict


def test_staff_know_better_than_the_list_and_the_nearest_name_decides() -> None:
    for domain, is_academic in (("academy.example", True), ("ugent.be", False), ("law.ugent.be", True)):
        AcademicDomain.objects.create(domain=domain, is_academic=is_academic, institution=domain, added_at=NOW)
    said = {name: academic.domain_of(f"a@{name}") for name in ("x.academy.example", "ugent.be", "x.law.ugent.be")}
    assert [one.verdict for one in said.values()] == ["academic", "refused", "academic"]
    assert said["x.law.ugent.be"].institution == "law.ugent.be"


def test_the_list_is_in_one_form() -> None:
    assert all(name == name.lower() and "." in name and " " not in name for name in academic.listed())


# --- By a code ----------------------------------------------------------------------------------------------


def test_a_code_to_an_academic_address_gives_a_year_at_once(client: Client, bob: User) -> None:
    client.post(HERE, {"email": "Bob.Student@UGent.be "})
    assert mail.outbox[-1].to == ["bob.student@ugent.be"]
    client.post(f"{HERE}code/", {"code": the_code()})
    grant = Grant.objects.get()
    assert (grant.kind, grant.granted_by, grant.starts_at) == ("student", None, NOW)
    assert grant.ends_at == NOW.replace(year=2027)
    assert entitlement_for(bob, at=NOW)
    assert Contract.objects.get().kind == "student"
    assert Letter.objects.filter(kind="student_year_begins", to="bob@example.org").count() == 1
    assert "17 November 2027" in client.get(HERE).content.decode()


def test_the_code_is_kept_nowhere(client: Client, bob: User) -> None:
    client.post(HERE, {"email": "bob@ugent.be"})
    row = StudentApplication.objects.get()
    assert the_code() not in str(vars(row))
    assert not Letter.objects.exists()


def test_a_wrong_code_gives_nothing_and_after_five_the_right_one_does_not_either(client: Client, bob: User) -> None:
    client.post(HERE, {"email": "bob@ugent.be"})
    right = the_code()
    wrong = "000000" if right != "000000" else "000001"
    for _ in range(5):
        client.post(f"{HERE}code/", {"code": wrong})
    client.post(f"{HERE}code/", {"code": right})
    assert not Grant.objects.exists()
    client.post(f"{HERE}code/again/")
    client.post(f"{HERE}code/", {"code": the_code()})
    assert Grant.objects.exists()


def test_a_code_is_too_old_after_a_quarter_of_an_hour_and_a_new_one_ends_the_one_before(
    client: Client, bob: User, at: Any
) -> None:
    client.post(HERE, {"email": "bob@ugent.be"})
    first = the_code()
    client.post(f"{HERE}code/again/")
    second = the_code()
    if first != second:
        client.post(f"{HERE}code/", {"code": first})
        assert not Grant.objects.exists()
    at(NOW + timedelta(minutes=15))
    client.post(f"{HERE}code/", {"code": second})
    assert not Grant.objects.exists()


def test_a_code_for_one_address_proves_no_other(client: Client, bob: User) -> None:
    client.post(HERE, {"email": "bob@ugent.be"})
    code = the_code()
    StudentApplication.objects.update(academic_email="president@ugent.be")
    client.post(f"{HERE}code/", {"code": code})
    assert not Grant.objects.exists()


def test_an_address_of_nobody_knows_where_is_answered_with_the_other_way(client: Client, bob: User) -> None:
    page = client.post(HERE, {"email": "bob@gmail.com"}).content.decode()
    assert "Send us a document instead" in page
    assert "<details open>" in page
    assert not mail.outbox
    assert not StudentApplication.objects.exists()


@pytest.mark.parametrize("again", ["bob.two+tag@ugent.be", "BOB.two@ugent.be"])
def test_two_accounts_are_not_students_by_one_mailbox_until_its_year_is_over(
    again: str, client: Client, bob: User, at: Any
) -> None:
    client.post(HERE, {"email": "bob.two@ugent.be"})
    client.post(f"{HERE}code/", {"code": the_code()})
    other = Client()
    ann = a_reader("ann@example.org")
    other.force_login(ann)
    other.post(HERE, {"email": again})
    page = other.post(f"{HERE}code/", {"code": the_code()}, follow=True).content.decode()
    assert "Another account has a student year" in page
    assert entitlement_for(ann, at=NOW) is None
    later = NOW.replace(year=2027)
    at(later)
    other.force_login(ann)
    other.post(HERE, {"email": again})
    other.post(f"{HERE}code/", {"code": the_code()})
    assert entitlement_for(ann, at=later)


def test_the_database_holds_one_open_application_a_reader_and_one_student_a_mailbox(bob: User) -> None:
    held = {"reader": bob, "way": "address", "asked_at": NOW, "state": "code"}
    StudentApplication.objects.create(**held)
    with pytest.raises(IntegrityError), transaction.atomic():
        StudentApplication.objects.create(**held)
    granted = {"way": "address", "asked_at": NOW, "state": "granted", "decided_at": NOW, "mailbox": "bob@ugent.be"}
    StudentApplication.objects.create(reader=bob, **granted)
    with pytest.raises(IntegrityError), transaction.atomic():
        StudentApplication.objects.create(reader=a_reader("ann@example.org"), **granted)


def test_one_university_address_is_not_mailed_without_end(client: Client, bob: User) -> None:
    answers = [client.post(HERE, {"email": "bob@ugent.be"}).status_code for _ in range(5)]
    assert answers.count(302) == len(mail.outbox) == 3
    assert answers.count(429) == 2


def test_the_next_year_is_asked_for_in_the_last_sixty_days_and_follows_on_the_one_that_runs(
    client: Client, bob: User, at: Any
) -> None:
    running = a_grant(bob, by=bob, ends_at=NOW + timedelta(days=61))
    assert "From 18 November 2026 on" in client.get(HERE).content.decode()
    client.post(HERE, {"email": "bob@ugent.be"})
    assert not mail.outbox
    at(TOMORROW)
    client.post(HERE, {"email": "bob@ugent.be"})
    client.post(f"{HERE}code/", {"code": the_code()})
    following = Grant.objects.exclude(pk=running.pk).get()
    assert following.starts_at == running.ends_at
    assert following.ends_at == running.ends_at.replace(year=2028)


def test_who_is_not_logged_in_is_led_to_the_login(client: Client) -> None:
    for path in ("", "order/", "back/"):
        assert "/accounts/login/code/" in client.get(HERE + path)["Location"]


# --- By a document ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kept_as"),
    [
        (PDF, "application/pdf"),
        (a_picture(), "image/jpeg"),
        (a_picture(format="PNG"), "image/jpeg"),
        (a_picture(format="WEBP"), "image/jpeg"),
    ],
)
def test_a_pdf_or_a_photo_waits_for_a_person(data: bytes, kept_as: str, client: Client, bob: User) -> None:
    upload(client, data)
    proof = StudentProof.objects.get()
    assert (proof.content_type, proof.application.state, proof.application.institution) == (kept_as, "review", "Ghent")
    assert "A person looks at your document" in client.get(HERE).content.decode()
    assert entitlement_for(bob, at=NOW) is None


@pytest.mark.parametrize(
    "data",
    [
        b"<html><script>alert(1)</script>",
        b"MZ\x90\x00",
        b"%PDF-1.7 cut off",
        a_picture()[:200],
        a_picture(format="GIF"),
        b"",
        PDF + b"x" * documents.LARGEST_BYTES,
    ],
)
def test_what_is_neither_is_refused_whatever_its_name_says(data: bytes, client: Client, bob: User) -> None:
    page = upload(client, data)
    assert page.context["document_form"].errors
    assert not StudentApplication.objects.exists()


def test_a_photo_is_drawn_anew_smaller_and_without_what_the_camera_wrote() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at 51.05 north"
    data = a_picture((4000, 3000), exif=exif)
    kept = documents.checked(io.BytesIO(data), size=len(data)).content
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (2000, 1500)
        assert not picture.getexif()


def test_the_document_is_gone_with_the_decision_whichever_it_is(dora: User) -> None:
    document = documents.Document("application/pdf", PDF)
    for email, decide in (
        ("a@example.org", lambda one: students.accept(one, by=dora, at=NOW)),
        ("b@example.org", lambda one: students.refuse(one, reason="It is of 2019.", by=dora, at=NOW)),
        ("c@example.org", students.drop),
    ):
        application = students.apply_by_document(a_reader(email), "Ghent", document, at=NOW)
        assert StudentProof.objects.count() == 1
        decide(application)
        assert not StudentProof.objects.exists()
    reads = [bool(entitlement_for(User.objects.get(email=f"{name}@example.org"), at=NOW)) for name in "abc"]
    assert reads == [True, False, False]
    refused = Letter.objects.get(kind="student_refused")
    assert (refused.to, "It is of 2019." in refused.text) == ("b@example.org", True)


def test_two_colleagues_do_not_decide_both(dora: User) -> None:
    application = students.apply_by_document(a_reader(), "Ghent", documents.Document("application/pdf", PDF), at=NOW)
    students.accept(application, by=dora, at=NOW)
    with pytest.raises(students.DecidedAlready):
        students.refuse(application, reason="No", by=dora, at=NOW)
    assert Grant.objects.count() == 1


# --- Where it costs something -------------------------------------------------------------------------------


@pytest.fixture
def _at_thirty_euros(settings: Any) -> None:
    settings.STUDENT_PRICE_CENTS = 3000


@pytest.mark.usefixtures("_at_thirty_euros")
def test_what_is_proved_is_paid_once_and_then_the_year_begins(client: Client, billing: FakeBilling) -> None:
    bob = a_customer()
    client.force_login(bob)
    client.post(HERE, {"email": "bob@ugent.be"})
    answer = client.post(f"{HERE}code/", {"code": the_code()})
    assert answer["Location"] == f"{HERE}order/"
    assert entitlement_for(bob, at=NOW) is None
    page = client.get(f"{HERE}order/")
    said = page.content.decode()
    assert re.search(r"<button[^>]*>Order, pay €30</button>", said)
    assert "Never: it ends by itself" in said
    stripe = client.post(f"{HERE}order/", {"shown": page.context["shown"]})["Location"]
    purchase = Purchase.objects.get()
    assert stripe == purchase.payment_url
    assert purchase.shown_html in said
    assert client.get(f"{HERE}back/?order={purchase.pk}")["Location"] == f"{HERE}order/"
    billing.pay_once(purchase.stripe_session_id)
    client.get(f"{HERE}back/?order={purchase.pk}")
    assert entitlement_for(bob, at=NOW)
    application = StudentApplication.objects.get()
    assert (application.state, application.grant) == ("granted", Grant.objects.get())


@pytest.mark.usefixtures("_at_thirty_euros")
def test_a_mailbox_is_nobody_elses_while_the_year_it_proved_can_still_be_paid(billing: FakeBilling, at: Any) -> None:
    bob, eve = a_customer(), a_customer("eve@example.org", "cus_eve")
    first = proved(bob)
    students.order(first, shown_html="<p>A year</p>", back_url="https://n.example/", at=NOW)
    students.drop(first)
    with pytest.raises(students.UsedElsewhere):
        proved(eve)
    purchase = Purchase.objects.get()
    billing.pay_once(purchase.stripe_session_id)
    purchases.hear(purchase.stripe_session_id, failed=False, at=NOW)
    with pytest.raises(students.UsedElsewhere):
        proved(eve)


@pytest.mark.usefixtures("_at_thirty_euros")
def test_a_mailbox_that_was_let_go_of_is_free_where_nothing_was_ordered() -> None:
    students.drop(proved(a_customer()))
    assert proved(a_customer("eve@example.org", "cus_eve")).state == "payment"


def proved(reader: User) -> StudentApplication:
    """An application whose code was typed, for one and the same mailbox."""
    for one in StudentApplication.objects.open().filter(reader=reader):
        students.drop(one)
    one = StudentApplication.objects.create(
        reader=reader, way="address", academic_email="a@ugent.be", state="code", asked_at=NOW
    )
    one.new_code("123456", at=NOW)
    assert students.type_code(one, "123456", at=NOW)
    return StudentApplication.objects.get(pk=one.pk)


@pytest.mark.usefixtures("_at_thirty_euros")
def test_an_order_that_was_not_shown_so_is_shown_again(client: Client, billing: FakeBilling, settings: Any) -> None:
    client.force_login(a_customer())
    client.post(HERE, {"email": "bob@ugent.be"})
    client.post(f"{HERE}code/", {"code": the_code()})
    shown = client.get(f"{HERE}order/").context["shown"]
    settings.STUDENT_PRICE_CENTS = 3500
    page = client.post(f"{HERE}order/", {"shown": shown}).content.decode()
    assert "Please look again" in page
    assert "€35" in page
    assert not Purchase.objects.exists()


@pytest.mark.usefixtures("_at_thirty_euros")
def test_nobody_orders_without_proof_or_sees_the_order_of_another(client: Client, bob: User) -> None:
    assert client.get(f"{HERE}order/")["Location"] == HERE
    assert client.post(f"{HERE}order/", {"shown": "x"})["Location"] == HERE
    assert client.get(f"{HERE}back/?order=nonsense")["Location"] == HERE
    assert not Purchase.objects.exists()


@pytest.mark.usefixtures("_at_thirty_euros")
def test_what_was_paid_is_granted_also_where_nobody_comes_back(billing: FakeBilling, dora: User) -> None:
    bob = a_customer()
    application = students.apply_by_document(bob, "Ghent", documents.Document("application/pdf", PDF), at=NOW)
    students.accept(application, by=dora, at=NOW)
    application.refresh_from_db()
    assert application.state == "payment"
    assert "/account/student/order/" in Letter.objects.get(kind="student_may_pay").text
    students.order(application, shown_html="<p>A year</p>", back_url="https://n.example/", at=NOW)
    purchase = Purchase.objects.get()
    billing.pay_once(purchase.stripe_session_id)
    purchases.hear(purchase.stripe_session_id, failed=False, at=NOW)
    assert [students.settle_paid() for _ in range(2)] == [1, 0]
    application.refresh_from_db()
    assert (application.state, application.grant) == ("granted", Grant.objects.get())


# --- The end ------------------------------------------------------------------------------------------------


def test_a_student_is_written_to_a_month_and_a_week_before_the_end_and_not_once_more() -> None:
    bob = a_reader()
    grant = a_grant(bob, by=bob, ends_at=NOW + timedelta(days=40))
    written = [students.remind(at=NOW + timedelta(days=day)) for day in range(41)]
    assert [day for day, count in enumerate(written) if count] == [10, 33]
    assert "/account/student/" in Letter.objects.filter(kind="student_year_ends").first().text  # type: ignore[union-attr]
    assert entitlement_for(bob, at=grant.ends_at) is None


def test_a_student_whose_next_year_is_there_is_not_written_to() -> None:
    bob = a_reader()
    running = a_grant(bob, by=bob, ends_at=NOW + timedelta(days=20))
    a_grant(bob, by=bob, starts_at=running.ends_at, ends_at=NOW + timedelta(days=300))
    a_grant(a_reader("ann@example.org"), by=bob, kind="press", ends_at=NOW + timedelta(days=20))
    assert students.remind(at=NOW) == 0


def test_whoever_runs_the_site_is_told_of_waiting_documents_once_a_day() -> None:
    assert students.tell_the_house(at=NOW) == 0
    for name in "ab":
        students.apply_by_document(
            a_reader(f"{name}@example.org"), "Ghent", documents.Document("application/pdf", PDF), at=NOW
        )
    for _ in range(2):
        students.tell_the_house(at=NOW)
    assert Letter.objects.filter(kind="operator_student_proofs").count() == 1
