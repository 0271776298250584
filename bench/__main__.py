"""`make bench`: everything that has a bar, in one run, each figure beside its limit; medians of rounds.

SIZE=small takes two or three minutes, usual (the default) some minutes, large the time to make a million articles
on top. Writes the figures, the machine and the date into docs/performance.md, and draws docs/performance.svg, unless
--dry. Ends with 1 where a bar is missed.
"""

import argparse
import statistics
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench import letters, pages, profiled, reconcile, search, sign_ins, webhooks
from bench.bars import bars
from bench.report import Table, write
from bench.served import served
from bench.stage import CONNECTIONS, databases, stage, subscribe


@dataclass(frozen=True)
class Size:
    """How much of everything, and for how long."""

    articles: tuple[int, ...]
    seconds: int
    rounds: int
    questions: int
    letters: int
    events: int


SIZES = {
    "small": Size((1_000, 10_000), seconds=1, rounds=3, questions=80, letters=2_000, events=200),
    "usual": Size((1_000, 100_000), seconds=3, rounds=3, questions=400, letters=20_000, events=500),
    "large": Size((1_000, 100_000, 1_000_000), seconds=3, rounds=5, questions=400, letters=100_000, events=1000),
}


@dataclass
class Figures:
    """What was found, by the part that found it."""

    size: Size
    beside: dict[str, pages.Measured] = field(default_factory=dict)
    growth: dict[str, dict[int, pages.Measured]] = field(default_factory=dict)
    searched: dict[int, dict[str, search.Took]] = field(default_factory=dict)
    profile: list[tuple[str, float]] = field(default_factory=list)
    memory_mb: float = 0.0
    start_seconds: float = 0.0
    sign_ins: float = 0.0
    stripe: list[tuple[str, float, float, float]] = field(default_factory=list)
    sent: letters.Sent | None = None


def main() -> int:
    """Measure everything and say whether the bars hold."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="usual")
    parser.add_argument("--dry", action="store_true", help="print, and write no file")
    given = parser.parse_args()
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"[{time.monotonic() - began:4.0f} s] {what}", file=sys.stderr, flush=True)

    figures = _measure(SIZES[given.size], say)
    tables = _tables(figures)
    for table in tables:
        print(table.as_text(), flush=True)
    judged = bars(figures)
    for bar in judged:
        print(bar.in_words)
    if not given.dry:
        write(tables, judged, figures, size=given.size, at=datetime.now(UTC))
    say("done")
    return 0 if all(bar.holds for bar in judged) else 1


def _measure(size: Size, say: object) -> Figures:
    figures = Figures(size)
    tell = say if callable(say) else print
    with stage() as stripe:
        made = databases(size.articles, at=datetime.now(UTC), say=tell)
        about = {count: pages.known(f"site_{count}") for count in made}
        largest = max(made)
        tell("pages beside the limit of the server")
        figures.beside = pages.beside_the_limit(made[largest], about[largest], seconds=size.seconds, rounds=size.rounds)
        tell("pages of every size beside each other")
        figures.growth = pages.beside_each_other(made, about, seconds=size.seconds, rounds=size.rounds)
        for count, url in made.items():
            tell(f"search in {count:,} articles")
            figures.searched[count] = search.ask(f"site_{count}", url, questions=size.questions)
        tell("where the time of a page goes")
        figures.profile = profiled.article(f"site_{largest}", about[largest].article)
        tell("memory and start")
        figures.memory_mb, figures.start_seconds = _memory_and_start(made[largest], about[largest], size)
        tell("sign-ins, webhooks, reconciliation")
        _people_and_money(figures, stripe)
        tell(f"{size.letters:,} letters")
        figures.sent = letters.run(size.letters)
    return figures


def _memory_and_start(url: str, about: pages.Known, size: Size) -> tuple[float, float]:
    """Of a process that has answered every kind of page for a while; the start is a median."""
    starts = []
    for _ in range(3):
        with served(pages.CACHED, DATABASE_URL=url) as site:
            starts.append(site.start_seconds)
            memory = 0.0
            for path in (about.article, "/", about.deep, "/search/?q=bridge", "/feed.xml", "/latest/"):
                pages.load(site.url, path, seconds=1, headers=about.subscriber)
            memory = max(memory, site.memory_mb)
    return memory, statistics.median(starts)


def _people_and_money(figures: Figures, stripe: str) -> None:
    events, rounds = figures.size.events, figures.size.rounds
    with served(pages.CACHED, threads=CONNECTIONS) as site:
        figures.sign_ins = statistics.median(sign_ins.a_second(site.url, count=events) for _ in range(rounds))
        ids = subscribe(events // 2)
        parts = (
            ("webhook events", events, lambda: webhooks.a_round(site.url, stripe, ids, events)),
            ("subscriptions compared", len(ids), lambda: reconcile.a_round(stripe, ids, spoiled=False)),
            ("subscriptions mended", len(ids), lambda: reconcile.a_round(stripe, ids, spoiled=True)),
        )
        for what, count, a_round in parts:
            taken = [a_round() for _ in range(rounds)]
            ours, alone = (statistics.median(some) for some in zip(*taken, strict=True))
            ratio = statistics.median(mine / theirs for mine, theirs in taken)
            figures.stripe.append((what, count / ours, count / alone, ratio))


def _tables(figures: Figures) -> list[Table]:
    largest = max(figures.size.articles)
    sent = figures.sent
    beside = Table(
        f"Beside the limit of the server, {largest:,} articles",
        ("", "a second", "p99, ms", "of the limit", "processor, ms each"),
        [
            (what, f"{one.per_second:,.0f}", f"{one.p99_ms:.1f}", f"{one.share:.0%}",
             f"{one.cpu_ms:.2f}" if one.cpu_ms else "")
            for what, one in figures.beside.items()
        ],
    )  # fmt: skip
    growth = Table(
        "A second, by the number of articles",
        ("", *(f"{count:,}" for count in figures.size.articles), "largest beside smallest"),
        [
            (what, *(f"{one.per_second:,.0f}" for one in found.values()), f"{_growth(found):.0%}")
            for what, found in figures.growth.items()
        ],
    )
    searched = Table(
        "Search, ms for a page of answers: half of them, and all but a hundredth",
        ("", *(f"{count:,}" for count in figures.searched)),
        [
            (kind, *(f"{found[kind].p50_ms:.0f}; {found[kind].p99_ms:.0f}" for found in figures.searched.values()))
            for kind in figures.searched[largest]
        ],
    )
    stripe = Table(
        "People and money",
        ("", "a second", "Stripe alone", "times as long"),
        [
            ("sign-ins", f"{figures.sign_ins:,.0f}", "", ""),
            *((what, f"{ours:,.0f}", f"{alone:,.0f}", f"{ratio:.1f}") for what, ours, alone, ratio in figures.stripe),
        ],
    )
    rest = [("memory of a process", f"{figures.memory_mb:.0f} MB"), ("start", f"{figures.start_seconds:.2f} s")]
    if sent:
        rest += [
            ("letters queued", f"{sent.queued_a_second:,.0f} a second"),
            (f"letters sent, of {sent.count:,}", f"{sent.sent_a_second:,.0f} a second"),
            ("memory of the process that sends", f"{sent.memory_mb:.0f} MB"),
            ("lost; sent twice, after a kill -9", f"{sent.lost}; {sent.twice}"),
        ]
    profile = [(whose, f"{share:.0%}") for whose, share in figures.profile]
    return [
        beside, growth, searched, stripe, Table("Memory, start, letters", ("", ""), rest),
        Table("Where the time goes of an article that is made for each visitor (profiler)", ("", ""), profile),
    ]  # fmt: skip


def _growth(found: dict[int, pages.Measured]) -> float:
    return found[max(found)].per_second / max(found[min(found)].per_second, 0.1)


if __name__ == "__main__":
    sys.exit(main())
