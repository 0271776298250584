"""What the operator is told: whether the site lives, can serve, what waits, and what needs a person."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django_tasks.base import TaskResultStatus

from newsroom import health, state
from newsroom.models import PeriodicJob, Run, Worker
from readers.models import Letter
from subscriptions.models import StripeEvent
from subscriptions.models.stripe_event import MOST_ATTEMPTS
from tests.make import NOW, a_reader, a_subscription, somebody_in, the_groups

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TOKEN = "a-token-of-twenty-characters"


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)


def gone(*given: object, **more: object) -> Any:
    raise OperationalError("could not connect")


def counts() -> dict[str, int]:
    return {one.name: one.count for one in state.concerns(at=NOW) if one.count}


# --- Alive and ready ------------------------------------------------------------------------------------


def test_a_process_that_answers_is_alive_whatever_else_is_away(
    monkeypatch: Any, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(cache, "set", gone)
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


def test_while_the_site_is_closed_the_process_lives_and_is_not_ready(settings: Any, tmp_path: Any) -> None:
    settings.MAINTENANCE_FILE = tmp_path / "closed"
    settings.MAINTENANCE_FILE.write_text("60")
    assert Client().get("/healthz").status_code == 200
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["site"], answer.json()["database"]) == (503, "closed", "ok")
    assert counts()["closed"] == 1


def test_whoever_watches_the_processes_need_not_know_the_name_of_the_site(settings: Any) -> None:
    settings.ALLOWED_HOSTS, settings.METRICS_TOKEN = ["news.example.org"], TOKEN
    inside = Client(SERVER_NAME="10.1.2.3")
    assert [inside.get(path).status_code for path in ("/healthz", "/readyz", "/")] == [200, 200, 400]
    assert inside.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_site_that_can_serve_is_ready_also_without_a_worker_and_says_that() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "migrations": "ok", "cache": "ok", "worker": "away"}
    Worker.objects.beat("w", at=NOW)
    assert Client().get("/readyz").json()["worker"] == "ok"


@pytest.mark.parametrize("missing", ["database", "migrations", "cache"])
def test_without_one_of_these_it_is_not_ready_and_the_reason_is_in_the_log_alone(
    missing: str, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(health._CHECKS, missing, gone)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()[missing]) == (503, "away")
    assert "could not connect" not in answer.content.decode()
    assert f"Not ready: {missing}: could not connect" in caplog.text


def test_a_migration_that_has_not_run_is_seen(monkeypatch: Any) -> None:
    MigrationRecorder.Migration.objects.filter(app="readers", name="0001_initial").delete()
    assert Client().get("/readyz").json()["migrations"] == "away"


def test_a_squashed_migration_is_done_when_those_it_stands_for_are(monkeypatch: Any) -> None:
    needed = {("readers", "0001_squashed"): {("readers", "0001_initial")}}
    monkeypatch.setattr(health, "_needed", lambda: needed)
    assert Client().get("/readyz").json()["migrations"] == "ok"
    needed["readers", "0001_squashed"].add(("readers", "9999_not_yet"))
    assert Client().get("/readyz").json()["migrations"] == "away"


def test_being_asked_whether_it_is_ready_costs_a_few_questions(django_assert_max_num_queries: Any) -> None:
    Client().get("/readyz")
    with django_assert_max_num_queries(8):
        Client().get("/readyz")


# --- What waits, and for whom ---------------------------------------------------------------------------


def test_each_thing_that_went_wrong_is_counted_and_says_whether_it_needs_a_person() -> None:
    Run.objects.create(
        task_path="x.y",
        args_kwargs={},
        run_after=NOW,
        queue_name="default",
        backend_name="default",
        status=TaskResultStatus.FAILED,
        finished_at=NOW,
    )
    PeriodicJob.objects.create(name="sometimes", next_due_at=NOW, failures=2, last_started_at=NOW - HOUR)
    Letter.objects.create(to="bob@example.org", kind="k", occasion="o", subject="s", text="t", html="h", written_at=NOW)
    for number, tries in enumerate((1, MOST_ATTEMPTS)):
        StripeEvent.objects.create(
            stripe_id=f"evt_{number}", kind="x", payload={}, received_at=NOW - HOUR, attempts=tries
        )
    assert counts() == {
        "workers_missing": 1,
        "jobs_given_up": 1,
        "jobs_failing": 1,
        "letters_waiting": 1,
        "stripe_events_waiting": 1,
        "stripe_events_given_up": 1,
    }
    needs = {one.name for one in state.concerns(at=NOW) if one.count and one.needs_a_person}
    assert needs == {"workers_missing", "jobs_given_up", "stripe_events_given_up"}
    waits = next(one for one in state.concerns(at=NOW) if one.name == "stripe_events_waiting")
    assert waits.age(at=NOW) == 3600


def test_the_page_names_what_needs_a_person_and_leads_there(admin_client: Client) -> None:
    assert 'href="/admin/state/"' in admin_client.get("/admin/").content.decode()
    page = admin_client.get("/admin/state/").content.decode()
    assert "Needs a person" in page
    assert "No worker is running" in page
    Worker.objects.beat("w", at=NOW)
    page = admin_client.get("/admin/state/").content.decode()
    assert "Nothing needs a person" in page
    assert "1 worker running" in page


@pytest.mark.parametrize("group", ["Editors", "Subscription desk"])
def test_the_page_is_for_those_who_see_the_machine_room(group: str) -> None:
    the_groups()
    client = Client()
    client.force_login(somebody_in(group), "django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/state/").status_code == 403


# --- Backups --------------------------------------------------------------------------------------------


def test_a_backup_that_is_late_needs_a_person_and_its_age_is_told(
    settings: Any, tmp_path: Path, admin_client: Client
) -> None:
    Worker.objects.beat("w", at=NOW)
    assert "backups_late" not in counts()
    assert "none are made here" in admin_client.get("/admin/state/").content.decode()
    settings.BACKUP_DIR, settings.METRICS_TOKEN = str(tmp_path), TOKEN
    assert counts() == {"backups_late": 1}
    assert "No new backup was made" in admin_client.get("/admin/state/").content.decode()
    (tmp_path / "newsroom-20261117T100000Z.backup").touch()
    assert counts() == {}
    assert "newsroom_backup_age_seconds 7200.0" in asked().content.decode()
    (tmp_path / "newsroom-20261117T100000Z.backup").rename(tmp_path / "newsroom-20261116T090000Z.backup")
    assert counts() == {"backups_late": 1}


# --- Metrics --------------------------------------------------------------------------------------------


def asked(token: str = TOKEN) -> Any:
    return Client().get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_without_a_token_or_with_another_there_is_no_such_page(settings: Any) -> None:
    assert asked("").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    assert Client().get("/metrics").status_code == 404
    assert asked("another").status_code == 404
    assert asked().status_code == 200


def test_failed_sign_ins_of_the_last_hour_are_counted(settings: Any, at: Callable[..., None]) -> None:
    settings.METRICS_TOKEN = TOKEN
    bob, client = a_reader(), Client()
    client.post("/accounts/login/code/", {"email": bob.email})
    assert client.post("/accounts/login/code/confirm/", {"code": "000000"}).status_code == 200
    authenticate(None, username=bob.email, password="wrong")
    assert "newsroom_sign_ins_failed_last_hour 2.0" in asked().content.decode()
    at(NOW + timedelta(minutes=59))
    authenticate(None, username=bob.email, password="wrong")
    at(NOW + timedelta(minutes=61))
    assert "newsroom_sign_ins_failed_last_hour 1.0" in asked().content.decode()


def test_prometheus_is_told_of_money_readers_and_what_waits(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    a_subscription(a_reader())
    StripeEvent.objects.create(
        stripe_id="evt_1",
        kind="x",
        payload={},
        received_at=NOW - timedelta(seconds=90),
        handled_at=NOW - timedelta(seconds=30),
    )
    said = asked().content.decode()
    for line in (
        'newsroom_subscriptions{status="active"} 1.0',
        'newsroom_waiting{what="workers_missing"} 1.0',
        'newsroom_waiting_seconds{what="letters_waiting"} 0.0',
        'newsroom_articles_today{what="wall_met"} 0.0',
        "newsroom_webhook_lag_seconds 60.0",
        "newsroom_checkouts_begun_last_day 0.0",
    ):
        assert f"\n{line}\n" in said, line
    assert "bob@example.org" not in said
