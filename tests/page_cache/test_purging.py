"""A cache in front is told of exactly what was written, once it is safe to ask again; each provider in its way."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from articles.models import Article, Brief, Section
from newsroom import jobs, purges, worker
from newsroom.models import Run
from page_cache import purging
from page_cache.changes import LOOK_AT_LEAST_EVERY
from tests.make import NOW, a_plan, a_reader, a_section, an_article

from .conftest import COMMITS, Front

ARTICLE = "/climate/ministers-agree-on-a-bridge/"
TAGS = ["articles_article", "articles_section"]


@dataclass
class Asked:
    """One request that the fake has got."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Fake:
    """The provider's side."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    status: int = 200
    answer: bytes = b'{"success": true}'


@pytest.fixture
def fake() -> Iterator[Fake]:
    found = Fake()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.asked.append(Asked(self.command, self.path, headers, json.loads(body) if body else None))
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(found.answer)))
            self.end_headers()
            self.wfile.write(found.answer)

        do_POST = do_BAN = answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def use(settings: Any, provider: str, fake: Fake) -> None:
    settings.PURGE_PROVIDER, settings.PURGE_ZONE, settings.PURGE_TOKEN = provider, "zone7", "token-of-ours"
    settings.PURGE_API, settings.PURGE_ADDRESSES = fake.url, [f"{fake.url}/one", f"{fake.url}/two"]


# --- Each in its own way ----------------------------------------------------------------------------------


@pytest.mark.anywhere
def test_fastly_is_asked_softly_and_once(settings: Any, fake: Fake) -> None:
    use(settings, "fastly", fake)
    jobs.purge.func(TAGS)
    (one,) = fake.asked
    assert (one.method, one.path) == ("POST", "/service/zone7/purge")
    assert one.body == {"surrogate_keys": TAGS}
    assert one.headers["fastly-key"] == "token-of-ours"
    assert one.headers["fastly-soft-purge"] == "1"


@pytest.mark.anywhere
def test_cloudflare_is_asked_once(settings: Any, fake: Fake) -> None:
    use(settings, "cloudflare", fake)
    jobs.purge.func(TAGS)
    (one,) = fake.asked
    assert (one.method, one.path) == ("POST", "/client/v4/zones/zone7/purge_cache")
    assert one.body == {"tags": TAGS}
    assert one.headers["authorization"] == "Bearer token-of-ours"


@pytest.mark.anywhere
def test_bunny_is_asked_for_each(settings: Any, fake: Fake) -> None:
    use(settings, "bunny", fake)
    jobs.purge.func(TAGS)
    assert [(one.method, one.path, one.body) for one in fake.asked] == [
        ("POST", "/pullzone/zone7/purgeCache", {"CacheTag": tag}) for tag in TAGS
    ]
    assert {one.headers["accesskey"] for one in fake.asked} == {"token-of-ours"}


@pytest.mark.anywhere
def test_every_varnish_is_asked_with_a_pattern_of_whole_tags(settings: Any, fake: Fake) -> None:
    import re

    use(settings, "varnish", fake)
    jobs.purge.func(TAGS)
    assert [(one.method, one.path) for one in fake.asked] == [("BAN", "/one"), ("BAN", "/two")]
    pattern = re.compile(fake.asked[0].headers["surrogate-key-pattern"])
    assert pattern.search("site articles_article readers")
    assert pattern.search("articles_section")
    assert not pattern.search("site articles_article_topics articles_sections")


@pytest.mark.anywhere
@pytest.mark.parametrize("provider", ["varnish", "fastly", "cloudflare", "bunny"])
@pytest.mark.parametrize(("status", "answer"), [(500, b"{}"), (429, b""), (302, b""), (403, b"no")])
def test_whatever_is_no_yes_is_asked_again(
    settings: Any, fake: Fake, provider: str, status: int, answer: bytes
) -> None:
    use(settings, provider, fake)
    fake.status, fake.answer = status, answer
    with pytest.raises(purging.NotPurged) as refused:
        jobs.purge.func(TAGS)
    assert "token-of-ours" not in str(refused.value)


@pytest.mark.anywhere
@pytest.mark.parametrize("answer", [b'{"success": false}', b"<html>", b"[]", b""])
def test_cloudflare_must_say_that_it_has(settings: Any, fake: Fake, answer: bytes) -> None:
    use(settings, "cloudflare", fake)
    fake.answer = answer
    with pytest.raises(purging.NotPurged):
        jobs.purge.func(TAGS)


@pytest.mark.anywhere
def test_a_provider_that_is_away_is_asked_again_and_its_token_is_told_nobody(settings: Any) -> None:
    use(settings, "fastly", Fake(url="http://127.0.0.1:9"))
    with pytest.raises(purging.NotPurged) as refused:
        jobs.purge.func(TAGS)
    assert "token-of-ours" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.anywhere
def test_by_default_nobody_is_told_and_no_page_says_what_it_is_made_of(settings: Any) -> None:
    assert purging.purger() is None
    assert purging.tagged(["articles_article"]) == []
    assert jobs.purge.func(TAGS) == "There is nobody to tell."
    assert purges.start(threading.Event()) is None
    call_command("purge")


@pytest.mark.anywhere
def test_after_a_deployment_every_page_is_forgotten(settings: Any, fake: Fake) -> None:
    use(settings, "cloudflare", fake)
    call_command("purge")
    assert fake.asked[0].body == {"tags": ["site"]}
    fake.status = 500
    with pytest.raises(CommandError):
        call_command("purge")


# --- When, and what ------------------------------------------------------------------------------------------


@pytest.fixture
def follower(transactional_db: None, settings: Any, fake: Fake, at: Any) -> purges.Follower:
    """A worker's, who has looked."""
    at(NOW)
    use(settings, "cloudflare", fake)
    an_article()
    found = purges.Follower()
    found.look()
    Run.objects.all().delete()
    return found


def waiting() -> list[list[str]]:
    return [run.args_kwargs["args"][0] for run in Run.objects.order_by("enqueued_at")]


def test_exactly_what_was_written_is_told_when_every_process_has_seen_it(follower: purges.Follower, at: Any) -> None:
    Article.objects.update(headline="Bridge falls")
    a_reader()
    assert follower.look() == {"articles_article"}
    assert waiting() == [["articles_article"]]
    run = Run.objects.get()
    assert run.run_after - NOW >= timedelta(seconds=LOOK_AT_LEAST_EVERY)
    assert worker.take("worker", at=NOW + timedelta(seconds=LOOK_AT_LEAST_EVERY)) is None
    assert follower.look() == set()
    assert len(waiting()) == 1


def test_what_is_not_committed_is_not_told(follower: purges.Follower) -> None:
    with transaction.atomic():
        Article.objects.update(headline="Bridge falls")
        transaction.set_rollback(True)
    assert follower.look() == set()


def test_a_draft_tells_nobody(follower: purges.Follower) -> None:
    Article.objects.get().take_back()
    follower.look()
    Run.objects.all().delete()
    Article.objects.update(headline="Bridge falls")
    assert follower.look() == set()


def test_two_workers_tell_it_once(follower: purges.Follower) -> None:
    second = purges.Follower()
    second.look()
    Run.objects.all().delete()
    Article.objects.update(headline="Bridge falls")
    assert follower.look() == second.look() == {"articles_article"}
    assert len(waiting()) == 1


def test_a_later_change_is_told_later(follower: purges.Follower, at: Any) -> None:
    Article.objects.update(headline="Bridge falls")
    follower.look()
    at(NOW + timedelta(seconds=1.2))
    Article.objects.update(headline="Bridge stands")
    follower.look()
    assert len(waiting()) == 2


def test_one_that_failed_and_waits_long_does_not_stand_for_a_new_change(follower: purges.Follower) -> None:
    Article.objects.update(headline="Bridge falls")
    follower.look()
    Run.objects.update(run_after=NOW + timedelta(hours=1))
    Article.objects.update(headline="Bridge stands")
    follower.look()
    assert len(waiting()) == 2


def test_what_could_not_be_put_into_the_queue_is_put_there_next_time(
    follower: purges.Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def away(tags: Any) -> bool:
        raise OperationalError("gone")

    Article.objects.update(headline="Bridge falls")
    with monkeypatch.context() as patch:
        patch.setattr(purges, "ask_for", away)
        with pytest.raises(OperationalError):
            follower.look()
    follower.look()
    assert waiting() == [["articles_article"]]


def test_a_worker_that_was_away_tells_what_it_has_missed(follower: purges.Follower) -> None:
    Section.objects.update(name="Weather")
    assert "articles_section" in purges.Follower().look()


def test_a_worker_follows_by_itself_also_past_a_database_that_was_away(
    follower: purges.Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    monkeypatch.setattr(purges, "LOOK_EVERY_SECONDS", 0.01)
    looks, seen, stop = [], threading.Event(), threading.Event()
    look = purges.Follower.look

    def unreliable(self: purges.Follower) -> set[str]:
        looks.append(1)
        if len(looks) == 1:
            raise OperationalError("gone")
        told = look(self)
        if "articles_brief" in told:
            seen.set()
        return told

    monkeypatch.setattr(purges.Follower, "look", unreliable)
    Brief.objects.create(headline="Brief", published_at=NOW)
    thread = purges.start(stop)
    assert thread
    assert seen.wait(20)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert any("articles_brief" in tags for tags in waiting())


def test_the_queue_tries_again(follower: purges.Follower, fake: Fake, at: Any) -> None:
    Brief.objects.create(headline="Brief", published_at=NOW)
    follower.look()
    fake.status = 503
    at(NOW + timedelta(seconds=5))
    run = worker.take("worker", at=NOW + timedelta(seconds=5))
    assert run
    worker.carry_out(run)
    run = Run.objects.get(pk=run.pk)
    assert run.status == "READY"
    fake.status = 200
    again = worker.take("worker", at=run.run_after)
    assert again
    worker.carry_out(again)
    assert Run.objects.get(pk=run.pk).status == "SUCCESSFUL"
    assert [one.body for one in fake.asked] == [{"tags": ["articles_brief"]}] * 2


# --- What pages say --------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=COMMITS)
def test_a_page_says_of_which_tables_it_is_made_and_the_page_of_a_reader_does_not(
    settings: Any, fake: Fake, front: Front, at: Any
) -> None:
    at(NOW)
    a_plan("year")
    a_plan("month")
    an_article(section=a_section("climate"))
    for provider, header, separator in (
        ("varnish", "surrogate-key", " "),
        ("fastly", "surrogate-key", " "),
        ("cloudflare", "cache-tag", ","),
        ("bunny", "cdn-tag", ","),
    ):
        use(settings, provider, fake)
        front.forget()
        for path in ("/", ARTICLE, "/feed.xml", "/subscribe/"):
            got = front.get(path)
            tags = got.headers[header].split(separator)
            assert "site" in tags
            assert ("articles_article" in tags) is (path != "/subscribe/")
            # Bunny reads so much of it.
            assert len(got.headers[header]) < 1024
            assert front.get(path, HTTP_IF_NONE_MATCH=got.headers["etag"]).headers[header]
        assert header not in front.get("/account/").headers


@pytest.mark.django_db(transaction=COMMITS)
def test_a_cache_in_front_keeps_no_page_beyond_the_moment_at_which_it_changes(
    settings: Any, front: Front, at: Any
) -> None:
    settings.SHARED_CACHE_SECONDS = 600
    at(NOW)
    an_article()
    an_article("Later", published=NOW + timedelta(seconds=90))
    whole = front.get("/feed.xml").headers["cache-control"]
    assert "s-maxage=90" in whole
    for seconds, left in ((30, 60), (89.5, 0)):
        at(NOW + timedelta(seconds=seconds))
        policy = front.get("/feed.xml").headers["cache-control"]
        assert f"s-maxage={left}," in policy
        assert "stale-while-revalidate" not in policy
        assert "stale-if-error" in policy
    at(NOW + timedelta(seconds=90))
    policy = front.get("/feed.xml").headers["cache-control"]
    assert policy == "public, max-age=0, s-maxage=600, stale-while-revalidate=30, stale-if-error=86400"


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "stale"), [(0, 0), (1, 3), (10, 30), (3600, 30)])
def test_how_long_a_cache_in_front_keeps_a_page_is_set(client: Any, settings: Any, seconds: int, stale: int) -> None:
    settings.SHARED_CACHE_SECONDS = seconds
    policy = client.get("/latest/")["Cache-Control"]
    assert policy.startswith(f"public, max-age=0, s-maxage={seconds}, stale-while-revalidate={stale},")
