"""`python -m tests.simulation`: let many readers live for a year while everything fails now and then.

Exit code 1, with every difference listed, where the site's idea of who has paid is not Stripe's at the end.
"""

import argparse
import signal
import sys
import time
from dataclasses import dataclass
from types import FrameType

from tests.simulation.stage import stage


def main(arguments: list[str] | None = None) -> int:
    """Play the story and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1, help="the same seed tells the same story")
    parser.add_argument("--faults", type=float, default=5, help="percent of every kind of fault")
    parser.add_argument("--sqlite", action="store_true", help="without PostgreSQL")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _like_ctrl_c)
    began = time.monotonic()
    with stage(seed=given.seed, faults=given.faults, on_sqlite=given.sqlite) as stripe:
        from edge.progress import Bar
        from tests.simulation import report, year

        story = year.a_year(stripe, readers=given.readers, days=given.days, seed=given.seed)
        if sys.stderr.isatty():
            bar = Bar(total=given.days, what="Days")
            story.live(progress=bar.show)
            bar.end()
        else:
            story.live(progress=Journal(story.wrong, began).note)
        story.end()
        print(report.table(story, seconds=time.monotonic() - began))
        differences = story.differences
    for one in differences[:200]:
        print(f"  {one}")
    return 1 if differences else 0


@dataclass
class Journal:
    """For a log, where no bar can be seen: a line every ten days, and each difference as soon as it is found."""

    wrong: list[str]
    began: float
    told: int = 0

    def note(self, day: int) -> None:
        """So many days are over."""
        for words in self.wrong[self.told :]:
            print(f"  {words}", flush=True)
        self.told = len(self.wrong)
        if day % 10 == 0:
            seconds = time.monotonic() - self.began
            print(f"Day {day:,} after {seconds:,.0f} s, {self.told:,} differences", flush=True)


def _like_ctrl_c(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
