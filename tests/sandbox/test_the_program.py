"""`python -m stripe_sandbox`: starts, says so, keeps its state, stops at once; and the page at its root."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stripe_sandbox.clock import DAY
from stripe_sandbox.server import Sandbox

from .conftest import Here, ask

ROOT = Path(__file__).resolve().parents[2]


def started(*options: str) -> tuple[subprocess.Popen, str]:
    program = subprocess.Popen(
        [sys.executable, "-m", "stripe_sandbox", "--port", "0", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout
    words = program.stdout.readline()
    assert words.startswith("Stripe sandbox on http://127.0.0.1:")
    return program, words.split(" on ")[1].strip().rstrip("/")


def stopped(program: subprocess.Popen, by: signal.Signals) -> float:
    before = time.monotonic()
    program.send_signal(by)
    assert program.wait(timeout=5) == 0
    program.stdout.close()  # type: ignore[union-attr]
    return time.monotonic() - before


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_and_cleanly(by: signal.Signals):
    program, url = started()
    assert ask("GET", url + "/").status == 200
    assert stopped(program, by) < 3


def test_state_and_clock_outlive_a_restart(tmp_path: Path):
    offset = tmp_path / "offset"
    options = ("--state", str(tmp_path / "stripe.sqlite3"), "--offset-file", str(offset))
    program, url = started(*options)
    assert offset.read_text() == "0\n"
    headers = {"Authorization": "Bearer sk_test_1", "Content-Type": "application/x-www-form-urlencoded"}
    ask("POST", url + "/v1/customers", b"email=a@example.org", headers)
    ask("POST", url + "/_sandbox/clock", b'{"advance": 864000}')
    assert abs(int(offset.read_text()) - 10 * DAY) <= 1
    stopped(program, signal.SIGTERM)
    program, url = started(*options)
    assert "a@example.org" in ask("GET", url + "/v1/customers", b"", headers).text
    assert abs(ask("GET", url + "/_sandbox/clock").json()["offset"] - 10 * DAY) <= 1
    stopped(program, signal.SIGTERM)


def test_one_endpoint_is_registered_however_often_it_starts(tmp_path: Path):
    state = str(tmp_path / "stripe.sqlite3")
    for _ in range(2):
        sandbox = Sandbox(state=state, webhook_url="http://127.0.0.1:1/hook").start()
        with sandbox.world.transaction():
            assert sandbox.world.store.count("webhook_endpoint") == 1
        sandbox.stop()


def test_the_root_page_shows_who_there_is_and_moves_the_clock(here: Here, yearly, monthly, subscribe):
    subscription = subscribe(yearly, trial_period_days=30)
    page = here.get(here.sandbox.url + "/")
    for words in ("One day on", "One week on", "To the end of the trial", "Fail the next payment", "alice@example.org"):
        assert words in page.text
    assert here.post(here.sandbox.url + "/", advance=DAY).location == "/"
    assert abs(here.control("clock")["offset"] - DAY) <= 1
    here.post(here.sandbox.url + "/", to=subscription.trial_end + 3700)
    assert here.control("state")["money"]["charged"] == 15000
    here.post(here.sandbox.url + "/", fail=subscription.customer)
    assert "Let it succeed again" in here.get(here.sandbox.url + "/").text


def test_names_are_shown_as_text_and_never_as_html(here: Here, monthly, subscribe):
    subscription = subscribe(monthly)
    here.api.v1.customers.update(subscription.customer, {"email": "<b>@example.org", "name": "<script>"})
    for address in ("/", f"/i/{subscription.latest_invoice}"):
        page = here.get(here.sandbox.url + address)
        assert "<b>@" not in page.text
        assert "<script>" not in page.text


def test_time_that_passes_does_what_is_due(here: Here, yearly, subscribe):
    subscription = subscribe(yearly, trial_period_days=1)
    with here.sandbox.world.transaction():
        here.sandbox.world.clock.offset += 2 * DAY
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_nothing_of_the_site_and_nothing_but_the_standard_library_is_imported():
    code = (
        "import sys; before = set(sys.modules); import stripe_sandbox.__main__;"
        "own = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(own - set(sys.stdlib_module_names) - {'stripe_sandbox'}))"
    )
    found = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(("problem", "is_said"), [(ConnectionResetError, False), (ValueError, True)])
def test_a_client_that_breaks_off_is_no_news(
    here: Here, capsys: pytest.CaptureFixture[str], problem: type[Exception], is_said: bool
):
    try:
        raise problem
    except problem:
        here.sandbox.server.handle_error(None, ("127.0.0.1", 1))
    assert (problem.__name__ in capsys.readouterr().err) is is_said
