"""`make chaos`: break one thing after the other under load, and print what was wrong and what was lost."""

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from chaos import cast, checks, faults, kills
from chaos.load import FRESH_AFTER, NONE, Load
from chaos.stage import Stage, stage

# So long everything has to be right after what was broken is mended.
STRICT_SECONDS = 2.0
READY_WITHIN = 30.0
TOLD_AT_MOST = 12


@dataclass(frozen=True)
class Outcome:
    """What came of one fault."""

    fault: str
    requests: int
    put_off: int
    wrong: tuple[str, ...]
    lost: tuple[str, ...]
    seconds: float


def main() -> int:
    """Run the faults, print a table; 0 where nothing was wrong and nothing lost."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--only", default="", metavar="WORDS", help="the faults with these words in their name")
    parser.add_argument("--list", action="store_true", help="print their names")
    parser.add_argument("--log", type=Path, metavar="FILE", help="keep there what the site and its worker logged")
    given = parser.parse_args()
    chosen = faults.chosen(given.only)
    if given.list:
        print("\n".join([*(one.name for one in faults.FAULTS), *(name for name, _ in kills.all_lives(""))]))
        return 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _like_ctrl_c)
    try:
        outcomes = run(chosen, log=given.log) if chosen else []
        for one in _deaths(given.only.lower()):
            outcomes.append(one)
            _tell(one)
    except KeyboardInterrupt:
        print("\nStopped.")
        return 1
    return 0 if outcomes and all(not one.wrong and not one.lost for one in outcomes) else 1


def _like_ctrl_c(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run(chosen: list[faults.Fault], *, log: Path | None = None) -> list[Outcome]:
    """One after the other, on one stage; what came of each is printed at once."""
    outcomes = []
    with stage() as it:
        it.start_site()
        gathered = cast.gather(it.site)
        it.start_worker()
        load = Load(it, gathered)
        load.start()
        try:
            print(f"{'fault':52}{'requests':>9}{'put off':>9}{'wrong':>7}{'lost':>6}{'s':>5}", flush=True)
            for one in chosen:
                if one.needs_disk and not (it.database.has_own_disk and it.media_has_own_disk):
                    print(f"{one.name:52} left out: it needs a disk of its own, which only root may mount")
                    continue
                outcomes.append(_through(it, load, one))
                _tell(outcomes[-1])
        finally:
            load.stop()
            if log:
                log.write_bytes(b"".join((it.folder / name).read_bytes() for name in ("log", "output")))
    return outcomes


def _deaths(words: str) -> Iterator[Outcome]:
    """Everything that can die at a step: here the requests are the steps at which it did."""
    chosen = list(kills.all_lives(words))
    if not chosen:
        return
    print(f"{'killed at every step':52}{'steps':>9}{'':>9}{'':>7}{'lost':>6}{'s':>5}", flush=True)
    with kills.world() as it:
        for name, live in chosen:
            began = time.monotonic()
            told = live(it)
            yield Outcome(name, told.deaths, 0, (), tuple(told.lost), time.monotonic() - began)


def _through(it: Stage, load: Load, fault: faults.Fault) -> Outcome:
    began = time.monotonic()
    load.go_on()
    load.leave = fault.leave
    try:
        with fault.breaking(it):
            time.sleep(fault.seconds)
        wrong = _mended(it)
        time.sleep(FRESH_AFTER)
    finally:
        load.leave = NONE
    time.sleep(STRICT_SECONDS)
    load.rest()
    requests, put_off, found = load.taken()
    checks.settle(it)
    lost = checks.lost(it, load)
    return Outcome(fault.name, requests, put_off, (*wrong, *found), tuple(lost), time.monotonic() - began)


def _mended(it: Stage) -> list[str]:
    """Wait until the site says that it can serve; what is wrong where it never does."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        if it.is_ready():
            return []
        time.sleep(0.1)
    return ["the site never got ready again"]


def _tell(one: Outcome) -> None:
    counts = f"{one.requests:>9,}{one.put_off:>9,}{len(one.wrong):>7}{len(one.lost):>6}{one.seconds:>5.0f}"
    print(f"{one.fault:52}{counts}", flush=True)
    for words in (*one.wrong[:TOLD_AT_MOST], *one.lost[:TOLD_AT_MOST]):
        print(f"    {words}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
