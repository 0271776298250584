"""OpenSearch in the place of the database: it finds the same, tells no more, and loses nothing while it is away."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from articles import search
from articles.models import Article, Author, FullText, Topic
from articles.search import engine as seam
from articles.search import opensearch, opensearch_index, outbox
from articles.search.opensearch_index import FULL, PUBLIC
from subscriptions.access import entitlement_for
from tests.make import NOW, TOMORROW, a_reader, a_section, a_subscription, an_article, an_author
from tests.search.contract import Contract, listening

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Contract]:
    """OpenSearch on loopback, and the site told to use it."""
    with listening() as contract:
        settings.SEARCH_ENGINE = "opensearch"
        settings.OPENSEARCH_URL = contract.url
        monkeypatch.setattr(opensearch.Line, "away_until", 0.0)
        cache.clear()
        seam.install()
        opensearch.follow()
        yield contract
        opensearch._connected.cache_clear()


def headlines(text: str, *, in_full: bool = False, **filters: Any) -> list[str]:
    """What is found, once OpenSearch has been told of everything."""
    opensearch.follow()
    keys = opensearch.find(search.question(text, **filters), in_full=in_full, at=NOW, most=50)
    found = Article.objects.in_bulk(keys)
    return [found[key].headline for key in keys]


def walled(headline: str, paid: str, **fields: Any) -> Article:
    return an_article(headline, text=f"<p>One.</p><p>Two.</p><p>{paid}</p>", **fields)


# --- What is found -------------------------------------------------------------------------------------


def test_it_finds_what_the_database_finds(server: Contract) -> None:
    gas = an_article("On gas", standfirst="Ministers are running", by=an_author("Olga Petrov"))
    gas.topics.add(Topic.objects.create(name="Methane", slug="methane"))
    an_article("Budget talks fail in Köln", standfirst="s", slug="koln")
    an_article("Talks on the budget", standfirst="s", kicker="Analysis", section=a_section("tech"))
    an_article("Les élections européennes", standfirst="s", language="fr")
    an_article("Bridge old", published=NOW - timedelta(days=20), standfirst="Talks")
    an_article("Secret talks", published=TOMORROW)
    an_article("Draft of talks", published=None)
    assert headlines("minister runs") == ["On gas"]
    assert headlines("methane petrov") == ["On gas"]
    assert headlines('"budget talks"') == ["Budget talks fail in Köln"]
    assert headlines("budget -fail") == ["Talks on the budget"]
    assert headlines("koln") == headlines("KÖLN") == ["Budget talks fail in Köln"]
    assert headlines("europeenne election") == ["Les élections européennes"]
    assert (
        headlines("talks", kind="Analysis") == headlines("talks", section=a_section("tech")) == ["Talks on the budget"]
    )
    assert headlines("gas", author=an_author("Olga Petrov")) == ["On gas"]
    assert headlines("talks", period="week", order="newest") == ["Talks on the budget", "Budget talks fail in Köln"]
    assert headlines("bridge") == ["Bridge old"]
    assert headlines("secret") == headlines("draft", in_full=True) == []


def test_the_headline_weighs_more_than_the_text(server: Contract) -> None:
    an_article("About bridges", text="<p>Harbour harbour harbour.</p>", standfirst="s")
    an_article("The harbour", text="<p>Nothing.</p>", standfirst="s")
    assert headlines("harbour") == ["The harbour", "About bridges"]


def test_subscribers_find_words_behind_the_wall_with_the_passage_marked(server: Contract) -> None:
    walled("A quiet headline", f"{'word ' * 60}treasure {'more ' * 60}")
    reader = a_reader("alice@example.org")
    a_subscription(reader)
    opensearch.follow()
    found = search.results(search.question("treasure"), entitlement_for(reader, at=NOW), at=NOW)
    assert "word <mark>treasure</mark> more" in found.hits[0].passage


def test_a_typo_is_met_with_the_word_that_was_meant(server: Contract) -> None:
    an_article("Methane rules agreed")
    opensearch.follow()
    cache.clear()
    assert search.results(search.question("metahne rules"), at=NOW).did_you_mean == "methane rules"
    assert search.results(search.question("quetzal rules"), at=NOW).did_you_mean == ""


# --- What is never learned ---------------------------------------------------------------------------------


def test_no_paid_word_is_written_to_what_visitors_ask(server: Contract) -> None:
    walled("A quiet headline", "quetzalcanary")
    opensearch.follow()
    assert "quetzalcanary" in server.written_to[opensearch_index.index(FULL)]
    assert "quetzalcanary" not in server.written_to[opensearch_index.index(PUBLIC)]


def test_visitors_ask_the_public_index_and_no_other(server: Contract) -> None:
    walled("Harbour", "treasure")
    opensearch.follow()
    for path in ("/search/?q=harbour", "/search/?q=treasure", "/search/?q=treasur", "/search/suggestions/?q=trea"):
        assert "Harbour" not in Client().get(path).content.decode() or path.endswith("harbour")
    assert set(server.searches()) == {"newsroom-public"}


def test_neither_index_hands_out_what_it_was_given(server: Contract) -> None:
    for kept in server.indexes.values():
        assert kept.made_with["mappings"]["_source"] == {"enabled": False}


def test_words_behind_the_wall_are_never_suggested(server: Contract) -> None:
    walled("A quiet headline", "treasure")
    opensearch.follow()
    assert opensearch.closest(("treasur",)) == {}
    assert search.results(search.question("treasur"), at=NOW).did_you_mean == ""


# --- It follows ----------------------------------------------------------------------------------------------


def test_whatever_writes_a_row_is_found(server: Contract) -> None:
    article = an_article("Old words", standfirst="s", by=an_author("Ana Novak"))
    assert headlines("old novak") == ["Old words"]
    Article.objects.filter(pk=article.pk).update(headline="Fresh phrase")
    assert (headlines("old"), headlines("fresh")) == ([], ["Fresh phrase"])
    Author.objects.filter(slug="ana-novak").update(name="Eva Horak")
    assert (headlines("novak"), headlines("horak")) == ([], ["Fresh phrase"])
    FullText.objects.filter(article=article).update(text="hidden treasure")
    assert headlines("treasure", in_full=True) == ["Fresh phrase"]
    topic = Topic.objects.create(name="Gas", slug="gas")
    article.topics.add(topic)
    assert headlines("gas") == ["Fresh phrase"]
    Topic.objects.filter(pk=topic.pk).update(name="Peat")
    assert (headlines("gas"), headlines("peat")) == ([], ["Fresh phrase"])
    article.topics.clear()
    assert headlines("peat") == []
    article.take_back()
    assert headlines("fresh") == []
    article.publish(at=NOW)
    assert headlines("fresh") == ["Fresh phrase"]
    article.delete()
    assert headlines("fresh") == []
    assert all(not kept.documents for kept in server.indexes.values())


def test_what_is_rolled_back_is_not_noted(server: Contract) -> None:
    with transaction.atomic():
        an_article()
        assert outbox.waiting() > 0
        transaction.set_rollback(True)
    assert outbox.waiting() == 0


def test_what_it_does_not_take_waits(server: Contract) -> None:
    one, other = an_article("Harbour"), an_article("Bridge")
    for status in (429, 503):
        server.status_of = {str(one.pk): status}
        with pytest.raises(opensearch.Away):
            opensearch.follow()
        assert outbox.waiting() > 0
    assert outbox.notes_of([other.pk], outbox.claim(100)) == []
    server.status_of = {}
    assert headlines("harbour") == ["Harbour"]
    assert outbox.waiting() == 0


def test_what_it_refuses_for_good_is_reported_and_holds_up_nothing(server: Contract, caplog: Any) -> None:
    one = an_article("One")
    an_article("Two")
    server.status_of = {str(one.pk): 400}
    assert opensearch.follow().refused == 1
    assert f"refuses article {one.pk}" in caplog.text
    assert headlines("two") == ["Two"]


def test_a_writer_that_was_overtaken_undoes_nothing(server: Contract) -> None:
    article = an_article("Old words")
    slow = outbox.claim(10)
    before = opensearch_index.documents(slow.articles, number=slow.number)
    Article.objects.filter(pk=article.pk).update(headline="Fresh phrase")
    assert headlines("fresh") == ["Fresh phrase"]
    into = {opensearch_index.index(kind): kind for kind in opensearch_index.BOTH}
    lines = list(opensearch_index.bulk(slow.articles, before, slow.number, into))
    told = opensearch._client().bulk(body=lines)
    assert {item["index"]["status"] for item in told["items"]} == {409}
    assert headlines("fresh") == ["Fresh phrase"]


def test_numbers_only_grow_even_where_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch, server: Contract) -> None:
    first = outbox.claim(0).number
    monkeypatch.setattr("articles.search.outbox.time.time_ns", lambda: 1)
    assert outbox.claim(0).number == first + 1


# --- It is made anew ---------------------------------------------------------------------------------------


def reindex() -> str:
    said = StringIO()
    call_command("reindex_search", stdout=said)
    return said.getvalue()


def test_everything_can_be_written_anew_and_what_is_gone_is_forgotten(server: Contract) -> None:
    article = an_article("Kept words")
    opensearch.follow()
    ghost = server.indexes[opensearch_index.index(PUBLIC)]
    ghost.documents["999"] = (1, dict(ghost.documents[str(article.pk)][1], key=999, written=1))
    ghost.documents.pop(str(article.pk))
    assert "Every article is written." in reindex()
    assert list(ghost.documents) == [str(article.pk)]


def test_an_interrupted_run_goes_on_where_it_was(server: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opensearch, "AT_A_TIME", 2)
    for number in range(6):
        an_article(f"Number {number}")
    opensearch.follow()
    run = opensearch.rebuild()
    assert [next(run), next(run)] == [6, 4]
    run.close()
    server.status = 503
    with pytest.raises(CommandError, match="Run this again to go on"):
        reindex()
    server.status = 0
    assert reindex().splitlines() == ["4 left.", "2 left.", "0 left.", "Every article is written."]


def test_another_mapping_is_filled_beside_the_one_that_is_read(
    server: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_article("Kept words")
    opensearch.follow()
    old = opensearch_index.index(PUBLIC)
    as_before = opensearch_index.mapping
    monkeypatch.setattr(opensearch, "AT_A_TIME", 1)

    def with_more(kind: str) -> dict[str, Any]:
        made = as_before(kind)
        made["mappings"]["properties"]["more"] = {"type": "long"}
        return made

    monkeypatch.setattr(opensearch_index, "mapping", with_more)
    monkeypatch.setattr(opensearch, "mapping", with_more)
    an_article("Late words")
    opensearch.follow(most=1)
    assert server.aliases["newsroom-public"] == {old}
    opensearch.follow(most=20)
    assert server.aliases["newsroom-public"] == {opensearch_index.index(PUBLIC)} != {old}
    assert old not in server.indexes
    assert set(headlines("words")) == {"Kept words", "Late words"}


def test_what_was_written_before_the_engine_was_chosen_is_found(server: Contract) -> None:
    outbox.remove()
    an_article("Early bird")
    seam.install()
    assert headlines("early") == ["Early bird"]


def test_a_newsroom_that_goes_back_to_its_database_keeps_no_notes(server: Contract, settings: Any) -> None:
    settings.SEARCH_ENGINE = "database"
    seam.install()
    assert outbox.OUTBOX not in connection.introspection.table_names()
    an_article("Still found")
    assert len(seam.engine().find(search.question("found"), in_full=False, at=NOW, most=5)) == 1


def test_the_command_has_nothing_to_do_for_the_database() -> None:
    with pytest.raises(CommandError, match="keeps its own index"):
        reindex()


# --- It is away -------------------------------------------------------------------------------------------------


def test_while_it_is_away_the_database_answers_and_a_line_says_so(server: Contract, settings: Any, caplog: Any) -> None:
    walled("A quiet harbour", "treasure")
    reader = a_reader("alice@example.org")
    a_subscription(reader)
    settings.OPENSEARCH_URL = "http://127.0.0.1:9"
    with caplog.at_level(logging.WARNING):
        assert "A quiet harbour" in re.sub("</?mark>", "", Client().get("/search/?q=harbour").content.decode())
        found = search.results(search.question("treasure"), entitlement_for(reader, at=NOW), at=NOW)
    assert len(found.hits) == 1
    said = [record for record in caplog.records if "OpenSearch is away" in record.getMessage()]
    assert len(said) == 1
    assert "harbour" not in caplog.text


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_whatever_goes_wrong_there_is_no_error_page_here(server: Contract, status: int) -> None:
    an_article("Harbour")
    server.status = status
    assert Client().get("/search/?q=harbour").status_code == 200
    asked = len(server.asked)
    assert Client().get("/search/?q=harbour").status_code == 200
    assert len(server.asked) == asked, "it is left alone for a while"


def test_half_an_answer_is_none(server: Contract) -> None:
    an_article("Harbour")
    server.timed_out = True
    assert opensearch.find(search.question("harbour"), in_full=False, at=NOW, most=5) == [Article.objects.get().pk]


def test_before_it_is_filled_for_the_first_time_the_database_answers(server: Contract) -> None:
    server.indexes.clear()
    server.aliases.clear()
    an_article("Harbour")
    assert len(opensearch.find(search.question("harbour"), in_full=False, at=NOW, most=5)) == 1


# --- The contract can fail -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/newsroom-public/_search", b"{}"),
        ("POST", "/newsroom-public/_search?speed=9", b"{}"),
        ("POST", "/newsroom-public/_search", b'{"order": []}'),
        ("POST", "/newsroom-public/_search", b'{"query": {"match_everything": {}}, "size": 20000}'),
        ("PUT", "/Newsroom", b'{"settings": {"analysis": {}}, "mappings": {}}'),
        ("POST", "/_bulk", b'{"index": {"_index": "newsroom-public", "_id": "1"}}'),
        ("POST", "/_aliases", b'{"actions": [{"point": {}}]}'),
    ],
)
def test_what_is_not_documented_is_a_violation(server: Contract, method: str, target: str, body: bytes) -> None:
    server.answer(method, target, body)
    assert len(server.violations) == 1
    server.violations.clear()
