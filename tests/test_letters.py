"""Letters are written once, sent once, and say what they must."""

import re
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from io import StringIO
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from readers import letters
from readers.letters import post
from readers.models import Letter, User
from tests.make import NOW, a_reader

pytestmark = pytest.mark.django_db
CHARGE = NOW + timedelta(days=30)


def a_welcome(reader: User, *, is_trial: bool = True, occasion: str = "sub_1", at: datetime = NOW) -> Letter | None:
    return letters.welcome(
        reader,
        number="VD-2026-000001",
        interval="year",
        price_cents=15000,
        first_charge_at=CHARGE if is_trial else at,
        first_charge_cents=15000,
        is_trial=is_trial,
        concluded_at=at,
        terms_version="2026-11",
        terms_language="en",
        terms_html="<h2>1. Who we are</h2><blockquote><p>It renews.</p></blockquote>",
        terms_text="1. Who we are",
        occasion=occasion,
        at=at,
    )


def every_letter(reader: User) -> list[Letter | None]:
    """One of each kind."""
    return [
        a_welcome(reader),
        a_welcome(reader, is_trial=False, occasion="sub_2"),
        letters.cancelled(reader, reads_until=CHARGE, occasion="1", at=NOW),
        letters.undone(reader, next_charge_at=CHARGE, occasion="1", at=NOW),
        letters.undone(reader, next_charge_at=None, occasion="2", at=NOW),
        letters.switched(
            reader,
            plan_words="Monthly",
            price_cents=1500,
            interval_words="month",
            next_charge_at=CHARGE,
            occasion="1",
            at=NOW,
        ),
        letters.payment_failed(reader, amount_cents=15000, grace_ends_at=CHARGE, occasion="1", at=NOW),
        *(
            letters.refund_on_its_way(
                reader, cents=1250, card_brand="visa", card_last4=last4, has_ended=ended, occasion=last4, at=NOW
            )
            for last4, ended in (("4242", True), ("", False))
        ),
        letters.dispute_lost(reader, cents=15000, occasion="1", at=NOW),
    ]


# --- Once ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Any) -> Any:
    """Inside, what waits for the commit runs at the end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_a_letter_leaves_after_the_commit_and_not_before(mailoutbox: list, commits: Any) -> None:
    with commits():
        letter = a_welcome(a_reader())
        assert letter
        assert not mailoutbox
    assert len(mailoutbox) == 1
    assert Letter.objects.get().sent_at == NOW


def test_a_letter_of_a_transaction_that_failed_does_not_exist(mailoutbox: list, commits: Any) -> None:
    bob = a_reader()
    with commits(), transaction.atomic():
        a_welcome(bob)
        transaction.set_rollback(True)
    assert not mailoutbox
    assert not Letter.objects.exists()


def test_the_same_occasion_is_written_about_once(mailoutbox: list, commits: Any) -> None:
    bob = a_reader()
    with commits():
        assert a_welcome(bob)
        assert a_welcome(bob, at=NOW + timedelta(hours=1)) is None
    with commits():
        assert a_welcome(bob) is None
    assert len(mailoutbox) == 1
    with commits():
        assert a_welcome(bob, occasion="sub_2")
        assert a_welcome(a_reader("alice@example.org"))
    assert len(mailoutbox) == 3


def test_somebody_who_writes_it_in_between_is_not_an_error(
    mailoutbox: list, commits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both processes have looked and found nothing; the database lets one row in."""
    bob = a_reader()
    in_words = post._in_words

    def meanwhile(kind: str, context: dict) -> tuple[str, str, str]:
        words = in_words(kind, context)
        Letter.objects.create(
            reader=bob, to=bob.email, kind=kind, occasion="sub_1", subject="x", text="x", html="x", written_at=NOW
        )
        return words

    monkeypatch.setattr(post, "_in_words", meanwhile)
    with commits():
        assert a_welcome(bob) is None
    assert not mailoutbox
    assert Letter.objects.count() == 1


def test_two_processes_do_not_send_the_same_letter(mailoutbox: list) -> None:
    letter = a_welcome(a_reader())
    assert letter
    copies = [Letter.objects.get(pk=letter.pk) for _ in range(3)]
    assert [letters.send(copy, at=NOW) for copy in copies] == [True, False, False]
    assert len(mailoutbox) == 1


def test_what_another_process_is_sending_is_left_alone_until_it_must_have_died(mailoutbox: list) -> None:
    letter = a_welcome(a_reader())
    assert letter
    assert letter.claim(at=NOW)
    assert not Letter.objects.waiting(at=NOW + timedelta(minutes=9)).exists()
    assert not letters.send(letter, at=NOW + timedelta(minutes=9))
    assert letters.send(letter, at=NOW + timedelta(minutes=11))
    assert len(mailoutbox) == 1


# --- When it cannot be sent ------------------------------------------------------------------------------------------


def test_a_mail_server_that_is_away_harms_nobody_and_the_letter_waits(
    mailoutbox: list, commits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise SMTPServerDisconnected("Connection unexpectedly closed")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", away)
        with commits():
            a_welcome(a_reader())
        out = StringIO()
        with pytest.raises(SystemExit):
            call_command("send_letters", stdout=out)
        assert out.getvalue() == "0 sent, 1 left.\n"
    letter = Letter.objects.get()
    assert letter.failures == 2
    assert letter.sent_at is None
    assert "Connection unexpectedly closed" in letter.last_error
    assert letter.claimed_at is None
    call_command("send_letters", stdout=StringIO())
    call_command("send_letters", stdout=StringIO())
    assert len(mailoutbox) == 1
    letter.refresh_from_db()
    assert letter.sent_at
    assert letter.last_error == ""


# --- What they say ---------------------------------------------------------------------------------------------------


def test_no_letter_carries_a_picture_a_script_or_a_link_that_signs_in(mailoutbox: list, commits: Any) -> None:
    with commits():
        written = every_letter(a_reader())
    assert all(written)
    assert len(mailoutbox) == len(written)
    for mail in mailoutbox:
        [(html, kind)] = mail.alternatives
        assert kind == "text/html"
        for text in (mail.body, html):
            assert "{{" not in text
            assert "{%" not in text
            assert "None" not in text
            assert "sign-in/" not in text
            assert "&amp;amp;" not in text
        assert not re.search(r"<(img|script|link|iframe|form|video)\b|url\(|@import|background=", html)
        assert html.count("<h1") == 1
        assert "prefers-color-scheme:dark" in html
        assert set(re.findall(r'https?://[^/"<\s]+', html + mail.body)) == {"http://localhost:8000"}
        assert mail.reply_to == ["readers@viaduct.example"]
        assert mail.body.splitlines()[0] == mail.subject
        assert max(len(line) for line in mail.body.splitlines()) <= 100
        assert (
            message_from_bytes(mail.message().as_bytes(), policy=policy.default)["Auto-Submitted"] == "auto-generated"
        )


def test_the_welcome_repeats_the_contract(mailoutbox: list, commits: Any) -> None:
    with commits():
        a_welcome(a_reader())
    [mail] = mailoutbox
    assert mail.subject == "Your free trial of Viaduct has begun"
    for text in (mail.body, mail.alternatives[0][0]):
        flat = " ".join(text.split())
        for fact in (
            "Viaduct, yearly plan",
            "17 December 2026",
            "€150.00 per year, VAT included",
            "renews by itself every year, at €150.00 per year, until you cancel",
            "VD-2026-000001",
            "Terms of Use, version 2026-11",
            "1. Who we are",
            "http://localhost:8000/account/cancel/",
            "http://localhost:8000/withdraw/",
            "http://localhost:8000/account/contracts/VD-2026-000001/",
            "14 days",
            "Cancel before 17 December 2026 and you pay nothing",
        ):
            assert fact in flat, fact


def test_without_a_trial_the_welcome_says_what_was_charged(mailoutbox: list, commits: Any) -> None:
    with commits():
        a_welcome(a_reader(), is_trial=False)
    [mail] = mailoutbox
    assert mail.subject == "Your subscription to Viaduct has begun"
    assert "Charged today: €150.00" in mail.body
    assert "trial" not in mail.body.lower()


def test_the_cancelled_letter_says_when_it_was_cancelled_and_that_nothing_more_is_charged(
    mailoutbox: list, commits: Any
) -> None:
    with commits():
        letters.cancelled(a_reader(), reads_until=CHARGE, occasion="1", at=NOW)
    assert "17 November 2026 at 13:00, Brussels time" in " ".join(mailoutbox[0].body.split())
    assert "You will be charged   nothing" in mailoutbox[0].body
    assert "You can read until    17 December 2026" in mailoutbox[0].body


def test_the_payment_letter_says_how_long_reading_goes_on(mailoutbox: list, commits: Any) -> None:
    with commits():
        letters.payment_failed(a_reader(), amount_cents=1550, grace_ends_at=CHARGE, occasion="1", at=NOW)
    assert "€15.50" in mailoutbox[0].body
    assert "17 December 2026" in mailoutbox[0].body
    assert "http://localhost:8000/account/" in mailoutbox[0].body


def test_the_brand_comes_from_the_settings_and_is_escaped(mailoutbox: list, commits: Any, settings: Any) -> None:
    settings.SITE_NAME = "Bread & <Roses>"
    settings.SITE_URL = "https://news.example"
    with commits():
        every_letter(a_reader())
    for mail in mailoutbox:
        html = mail.alternatives[0][0]
        assert "Bread &amp; &lt;Roses&gt;" in html
        assert "<Roses>" not in html
        assert "Viaduct" not in mail.subject
        assert "&amp;" not in mail.body
        assert "localhost" not in html + mail.body


def test_a_line_break_cannot_get_into_a_header(mailoutbox: list, commits: Any, settings: Any) -> None:
    settings.SITE_NAME = "News\nBcc: everyone@example.org\r\nX: y"
    with commits():
        a_welcome(a_reader())
    [mail] = mailoutbox
    assert "\n" not in mail.subject
    assert mail.message()["Bcc"] is None


def test_an_address_with_a_line_break_is_never_sent(commits: Any, mailoutbox: list) -> None:
    with commits():
        a_welcome(User.objects.create(email="bob@example.org\nbcc: eve@example.org"))
    assert not mailoutbox
    assert Letter.objects.get().failures == 1


def test_the_code_comes_in_our_clothes(client: Any, mailoutbox: list) -> None:
    client.post("/accounts/login/code/", {"email": "bob@example.org"})
    [mail] = mailoutbox
    code, _, rest = mail.subject.partition(" ")
    assert re.fullmatch(r"\d{6}", code)
    assert rest == "is your code for Viaduct"
    html = mail.alternatives[0][0]
    assert code in html
    assert code in mail.body
    assert not re.search(r"<(img|a)\b", html)
    assert "example.com" not in mail.body
    assert "Hello from" not in mail.body


@pytest.mark.parametrize(
    "template",
    [
        "account/email/email_changed",
        "account/email/password_changed",
        "account/email/password_set",
        "account/email/password_reset",
        "account/email/password_reset_code",
        "account/email/email_confirmation",
        "account/email/email_confirmation_signup",
        "account/email/unknown_account",
        "account/email/account_already_exists",
        "mfa/email/webauthn_added",
        "mfa/email/webauthn_removed",
        "mfa/email/totp_activated",
        "mfa/email/totp_deactivated",
        "mfa/email/recovery_codes_generated",
    ],
)
def test_the_other_messages_speak_in_our_voice(template: str, rf: Any, settings: Any) -> None:
    from allauth.core import context
    from django.contrib.auth.models import AnonymousUser

    from readers.adapter import AccountAdapter

    settings.SITE_NAME = "Bread & Roses"
    request = rf.get("/")
    request.user, request.now = AnonymousUser(), NOW
    with context.request_context(request):
        facts = {"code": "123456", "email": "bob@example.org", "timestamp": NOW, "ip": "10.0.0.1", "user_agent": "Fox"}
        mail = AccountAdapter(request).render_mail(template, "bob@example.org", facts)
    assert "Bread & Roses" in mail.subject + mail.body
    assert "&amp;" not in mail.subject + mail.body
    assert not re.search(r"Thank you for using|Hello from|two-factor|\[example", mail.subject + mail.body, re.I)
    assert "\n" not in mail.subject


def test_a_mad_loop_ends_at_twelve_letters_a_day_and_nothing_is_lost(
    mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    reader = a_reader()
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(20):
            letters.cancelled(reader, reads_until=CHARGE, occasion=str(number), at=NOW)
    assert len(mailoutbox) == 12
    assert letters.send_waiting(at=NOW + timedelta(hours=23)) == (0, 8)
    assert letters.send_waiting(at=NOW + timedelta(hours=25)) == (8, 0)


def test_what_was_withdrawn_is_never_sent(mailoutbox: list[Any]) -> None:
    reader = a_reader()
    letter = letters.payment_failed(reader, amount_cents=1500, grace_ends_at=CHARGE, occasion="1", at=NOW)
    letters.withdraw(reader, kinds=["payment_failed"])
    assert letter is not None
    assert not letters.send(letter, at=NOW)
    assert letters.send_waiting(at=NOW + timedelta(days=1)) == (0, 0)
    assert not mailoutbox


def test_a_mailbox_that_refuses_is_asked_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    letter = letters.cancelled(a_reader(), reads_until=CHARGE, occasion="1", at=NOW)
    assert letter is not None

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise SMTPServerDisconnected("no")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    tries = 0
    for minute in range(24 * 60):
        waiting = Letter.objects.waiting(at=NOW + timedelta(minutes=minute)).first()
        tries += waiting is not None and not letters.send(waiting, at=NOW + timedelta(minutes=minute))
    assert tries == 7, "after 0, 1, 11 and 71 minutes, then every six hours"
