"""How long a question to the search takes, each asked once: half of them, and all but a hundredth."""

import http.client
import statistics
import time
import urllib.parse
from dataclasses import dataclass

from bench.served import served
from bench.stage import working_on


@dataclass(frozen=True)
class Took:
    """Milliseconds of a whole page of answers, as it comes over the line."""

    p50_ms: float
    p99_ms: float


def ask(name: str, url: str, *, questions: int) -> dict[str, Took]:
    """Each kind of question, that many of all kinds together; no page is asked for twice."""
    asked = _questions(name, questions)
    with served("newsroom.wsgi:application", DATABASE_URL=url) as site:
        line = http.client.HTTPConnection(urllib.parse.urlsplit(site.url).netloc, timeout=120)
        _seconds(line, "warming up")
        taken = {kind: [_seconds(line, words) for words in some] for kind, some in asked.items()}
    taken["all of them"] = [one for some in taken.values() for one in some]
    return {kind: Took(*(1000 * each for each in _percentiles(some))) for kind, some in taken.items()}


def _questions(name: str, count: int) -> dict[str, list[str]]:
    """Words from headlines all over the archive: names that few articles have, and words that many have."""
    from articles.models import Article

    with working_on(name):
        rows = Article.objects.filter(status="published").order_by("slug").values_list("headline", flat=True)[:count]
        heads = [(who, words.split()) for who, _, words in (row.partition(": ") for row in rows)]
    each = max(1, count // 4)
    return {
        "a name": [who for who, _ in heads[:each]],
        "a name and a word": [f"{who} {words[-1]}" for who, words in heads[each : 2 * each]],
        "two words": sorted({f"{words[0]} {words[-1]}" for _, words in heads})[:each],
        "a word of many articles": sorted({max(words, key=len) for _, words in heads})[:each],
    }


def _seconds(line: http.client.HTTPConnection, words: str) -> float:
    began = time.perf_counter()
    line.request("GET", "/search/?" + urllib.parse.urlencode({"q": words}))
    answer = line.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"The search for {words!r} answered {answer.status}.")
    return time.perf_counter() - began


def _percentiles(taken: list[float]) -> tuple[float, float]:
    return statistics.median(taken), sorted(taken)[min(len(taken) - 1, round(len(taken) * 0.99))]
