"""Many letters leave in rounds: in batches, over one connection, each of them once."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsroom import jobs
from newsroom.models import Run
from readers import letters
from readers.letters import post, rounds
from readers.models import Letter
from tests.mail_server import MailServer, mail_server
from tests.make import NOW, a_reader

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    """A mail server, and the site sends through it."""
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 5
        yield running


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, by a clock that moves on by nothing else; append to it to wait."""

    class Waits(list[float]):
        def now(self) -> float:
            return sum(self)

    made = Waits()
    monkeypatch.setattr(rounds, "monotonic", made.now)
    return made


def waiting(number: int) -> list[Letter]:
    """So many letters to as many people, a second apart."""
    return Letter.objects.bulk_create(
        Letter(
            to=f"reader{count}@example.org",
            kind="renewal_notice",
            occasion="1",
            subject="It renews",
            text="It renews.",
            html="<p>It renews.</p>",
            written_at=NOW + timedelta(seconds=count),
        )
        for count in range(number)
    )


def ids(some: list[Letter]) -> list[str]:
    return [f"letter-{letter.pk}@localhost" for letter in some]


def test_all_leave_over_one_connection_the_oldest_first_each_once(server: MailServer) -> None:
    written = waiting(250)
    assert letters.send_waiting(at=LATER) == (250, 0)
    assert server.taken == ids(written)
    assert server.connections == 1
    assert letters.send_waiting(at=LATER) == (0, 0)
    assert len(server.taken) == 250


def test_a_letter_costs_two_queries_and_a_batch_two_more(server: MailServer) -> None:
    waiting(250)
    with CaptureQueriesContext(connection) as asked:
        letters.send_waiting(at=LATER)
    batches = 3
    assert len(asked) == 250 * 2 + batches * 2 + 2, "claimed and marked; a last look, and what is left"
    read = [query["sql"] for query in asked if '"readers_letter"."html"' in query["sql"]]
    assert all(f"LIMIT {rounds.BATCH}" in sql for sql in read), "however many wait, a hundred are in memory"


def test_a_mailbox_that_is_refused_keeps_nobody_else_waiting(server: MailServer) -> None:
    written = waiting(5)
    server.refuses = {written[1].to, written[2].to, written[3].to}
    assert letters.send_waiting(at=LATER) == (2, 3)
    assert server.taken == ids([written[0], written[4]])
    assert server.connections == 1


def test_a_line_that_breaks_is_opened_anew_and_the_letter_at_hand_waits_for_its_next_try(server: MailServer) -> None:
    written = waiting(5)
    server.hangs_up_after = 2
    assert letters.send_waiting(at=LATER) == (4, 1)
    assert server.connections == 2
    assert letters.send_waiting(at=LATER + timedelta(minutes=1)) == (1, 0)
    assert server.taken == ids([*written[:2], *written[3:], written[2]])


def test_a_mail_server_that_is_away_is_not_asked_for_every_letter(settings: Any, server: MailServer) -> None:
    waiting(20)
    settings.EMAIL_PORT = 1
    assert letters.send_waiting(at=LATER) == (0, 20)
    assert Letter.objects.filter(failures=1).count() == rounds.GIVES_UP_AFTER
    settings.EMAIL_PORT = server.port
    assert letters.send_waiting(at=LATER) == (17, 0), "those that were not tried need not wait"
    assert letters.send_waiting(at=LATER + timedelta(minutes=1)) == (3, 0)


def test_no_more_leave_in_a_minute_than_the_setting_says(server: MailServer, settings: Any, waits: list[float]) -> None:
    settings.LETTERS_A_MINUTE = 120
    waiting(60)
    sent, left = letters.send_waiting(at=LATER, pause=waits.append)
    assert (sent, left) == (40, 20), "twenty seconds at two a second; then the worker has other things to do"
    assert waits == [0.5] * 40
    assert letters.send_waiting(at=LATER, lasts=None, pause=waits.append) == (20, 0)
    assert waits == [0.5] * 60


def test_a_long_round_notes_when_it_really_took_each_letter(
    server: MailServer, settings: Any, waits: list[float]
) -> None:
    """Or another process would take the last ones for forgotten, and send them too."""
    settings.LETTERS_A_MINUTE = 1
    waiting(30)
    letters.send_waiting(at=LATER, lasts=None, pause=waits.append)
    moments = list(Letter.objects.order_by("pk").values_list("sent_at", flat=True))
    assert moments == [LATER + timedelta(minutes=count + 1) for count in range(30)]


def test_a_process_that_dies_between_sending_and_marking_sends_one_letter_again_under_the_same_number(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = waiting(10)
    was_sent = Letter.was_sent

    def dies(letter: Letter, **moment: Any) -> None:
        if letter.pk == written[4].pk:
            raise SystemExit(137)
        was_sent(letter, **moment)

    with monkeypatch.context() as patch:
        patch.setattr(Letter, "was_sent", dies)
        with pytest.raises(SystemExit):
            letters.send_waiting(at=LATER)
    assert letters.send_waiting(at=LATER + timedelta(minutes=1)).sent == 5, "the one in its hands is left alone"
    assert letters.send_waiting(at=LATER + timedelta(minutes=11)) == (1, 0)
    assert server.taken == ids([*written, written[4]])


def test_what_is_withdrawn_while_a_round_is_under_way_does_not_leave(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = waiting(3)
    was_sent = Letter.was_sent

    def and_the_last_is_withdrawn(letter: Letter, **moment: Any) -> None:
        was_sent(letter, **moment)
        Letter.objects.filter(pk=written[2].pk).update(withdrawn=True)

    monkeypatch.setattr(Letter, "was_sent", and_the_last_is_withdrawn)
    assert letters.send_waiting(at=LATER) == (2, 0)
    assert server.taken == ids(written[:2])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_rounds_beside_each_other_send_each_letter_once(server: MailServer) -> None:
    written = waiting(150)
    sent = []

    def one() -> None:
        try:
            sent.append(letters.send_waiting(at=LATER).sent)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == 150
    assert sorted(server.taken) == sorted(ids(written))


def test_where_a_job_writes_to_everybody_fifty_leave_at_once_and_the_rest_in_a_round(
    mailoutbox: list, django_capture_on_commit_callbacks: Any
) -> None:
    readers = [a_reader(f"reader{count}@example.org") for count in range(post.ONE_BY_ONE + 3)]
    with letters.many(), django_capture_on_commit_callbacks(execute=True):
        for reader in readers:
            letters.cancelled(reader, reads_until=LATER, occasion="1", at=NOW)
    assert len(mailoutbox) == post.ONE_BY_ONE
    assert letters.send_waiting(at=NOW) == (3, 0)
    with django_capture_on_commit_callbacks(execute=True):
        letters.cancelled(readers[0], reads_until=LATER, occasion="2", at=NOW)
    assert len(mailoutbox) == post.ONE_BY_ONE + 4


def test_the_job_comes_again_at_once_as_long_as_letters_can_leave(
    server: MailServer, settings: Any, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(30)
    settings.LETTERS_A_MINUTE = 60
    monkeypatch.setattr("newsroom.jobs.clock.now", lambda: LATER)
    monkeypatch.setattr(letters, "send_waiting", partial(letters.send_waiting, pause=waits.append))
    assert jobs.send_letters.func() == "20 sent, 10 left."
    assert Run.objects.count() == 1
    assert jobs.send_letters.func() == "10 sent, 0 left."
    assert Run.objects.count() == 1


def test_a_mail_server_that_is_away_is_asked_again_in_a_minute_and_not_at_once(
    server: MailServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(30)
    settings.EMAIL_PORT = 1
    monkeypatch.setattr("newsroom.jobs.clock.now", lambda: LATER)
    assert jobs.send_letters.func() == "0 sent, 30 left."
    assert not Run.objects.exists()
