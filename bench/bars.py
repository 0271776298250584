"""The bars: what a run must reach, each measured in that run."""

from dataclasses import dataclass
from typing import Any

from bench import pages

LIMIT_SHARE, ENTITLED_SHARE, MADE_A_SECOND = 0.60, 0.50, 300
GROWTH, SEARCH_MS, MEMORY_MB, START_SECONDS = 0.15, 150, 200, 2.0


@dataclass(frozen=True)
class Bar:
    """One of them: what is asked, what was found, and whether that is enough."""

    asks: str
    found: str
    holds: bool

    @property
    def in_words(self) -> str:
        return f"{'PASS' if self.holds else 'FAIL'}  {self.asks}: {self.found}"


def bars(figures: Any) -> list[Bar]:
    """All of them, judged by what was measured."""
    article, entitled = figures.beside[pages.ARTICLE], figures.beside[pages.ENTITLED]
    made = figures.beside[pages.MADE_ARTICLE]
    largest, smallest = max(figures.size.articles), min(figures.size.articles)
    # By processor time, since the process has the machine to itself at no moment of the run.
    a_core = 1000 / made.cpu_ms if made.cpu_ms else made.per_second
    judged = [
        Bar(f"anonymous cached article, at least {LIMIT_SHARE:.0%} of the limit", f"{article.share:.0%}",
            article.share >= LIMIT_SHARE),
        Bar(f"entitled article, at least {ENTITLED_SHARE:.0%} of the anonymous one's rate",
            f"{entitled.per_second / article.per_second:.0%}",
            entitled.per_second / article.per_second >= ENTITLED_SHARE),
        Bar(f"uncached article, at least {MADE_A_SECOND} a second and core", f"{a_core:.0f}", a_core >= MADE_A_SECOND),
    ]  # fmt: skip
    for what in (pages.ARTICLE, pages.FRONT, pages.MADE_ARTICLE, pages.MADE_FRONT):
        ratio = figures.growth[what][largest].per_second / max(figures.growth[what][smallest].per_second, 0.1)
        judged.append(
            Bar(f"{what}: at {largest:,} within {GROWTH:.0%} of {smallest:,}", f"{ratio:.0%}", ratio >= 1 - GROWTH)
        )
    took, sent = figures.searched[largest]["all of them"], figures.sent
    judged += [
        Bar(f"search, p99 under {SEARCH_MS} ms at {largest:,}", f"{took.p99_ms:.0f} ms", took.p99_ms < SEARCH_MS),
        Bar(f"memory of a process under {MEMORY_MB} MB", f"{figures.memory_mb:.0f} MB", figures.memory_mb < MEMORY_MB),
        Bar(f"start under {START_SECONDS:.0f} s", f"{figures.start_seconds:.2f} s",
            figures.start_seconds < START_SECONDS),
        Bar("after kill -9 no letter is lost, and at most one leaves twice", f"{sent.lost} lost, {sent.twice} twice",
            sent.lost == 0 and sent.twice <= 1),
    ]  # fmt: skip
    return judged
