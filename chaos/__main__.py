"""`make chaos`: break one thing after the other under load, and print what was wrong and what was lost."""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from chaos import cast, checks, faults, kills
from chaos.load import FRESH_AFTER, NONE, Load
from chaos.stage import Stage, redis_program, stage

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
    parser.add_argument(
        "--only", default="", metavar="WORDS", help="what has these words in its name; several with commas"
    )
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--log", type=Path, metavar="FILE", help="keep there what the site and its worker logged")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    words = given.only
    if given.list:
        print("\n".join([*(one.name for one in faults.FAULTS), *(name for name, _ in kills.all_lives(""))]))
        return 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _like_ctrl_c)
    try:
        if given.part:
            outcomes = list(PARTS[given.part](words, given.log))
            return int(any(one.wrong or one.lost for one in outcomes))
        return _all_parts(words)
    except KeyboardInterrupt:
        if not given.part:
            print("\nStopped.", flush=True)
        return 1


def _all_parts(words: str) -> int:
    """Each part in a process of its own, since each has other settings; 0 where all of them went well."""
    chosen = [
        *(["faults"] if any(not one.needs_redis for one in faults.chosen(words)) else []),
        *(["redis"] if any(one.needs_redis for one in faults.chosen(words)) else []),
        *(["deaths"] if list(kills.all_lives(words)) else []),
    ]
    if not chosen:
        print(f"Nothing has “{words}” in its name; --list prints the names.")
        return 2
    print(f"{'fault':52}{'requests':>9}{'put off':>9}{'wrong':>7}{'lost':>6}{'s':>5}", flush=True)
    return max([_part(name) for name in chosen])


def _part(name: str) -> int:
    process = subprocess.Popen([sys.executable, "-m", "chaos", "--part", name, *sys.argv[1:]])
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGTERM)
        process.wait()
        raise


def _like_ctrl_c(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _faults(words: str, log: Path | None) -> Iterator[Outcome]:
    return _under_load([one for one in faults.chosen(words) if not one.needs_redis], log, with_redis=False)


def _redis(words: str, log: Path | None) -> Iterator[Outcome]:
    if redis_program() is None:
        print(f"{'redis':52} left out: there is no Redis or Valkey here")
        return iter(())
    return _under_load([one for one in faults.chosen(words) if one.needs_redis], log, with_redis=True)


def _under_load(chosen: list[faults.Fault], log: Path | None, *, with_redis: bool) -> Iterator[Outcome]:
    """One after the other, on one stage; what came of each is printed at once."""
    with stage(with_redis=with_redis) as it:
        it.start_site()
        gathered = cast.gather(it.site)
        it.start_worker()
        load = Load(it, gathered)
        load.start()
        try:
            for one in chosen:
                if one.needs_disk and not (it.database.has_own_disk and it.media_has_own_disk):
                    print(f"{one.name:52} left out: it needs a disk of its own, which only root may mount")
                    continue
                outcome = _through(it, load, one)
                _tell(outcome)
                yield outcome
        finally:
            load.stop()
            if log:
                log.write_bytes(b"".join((it.folder / name).read_bytes() for name in ("log", "output")))


def _deaths(words: str, log: Path | None) -> Iterator[Outcome]:
    """Everything that can die at a step: where others have requests, this has the steps at which it did."""
    chosen = list(kills.all_lives(words))
    with kills.world(with_work=any(name.startswith("worker") for name, _ in chosen)) as it:
        for name, live in chosen:
            began = time.monotonic()
            told = live(it)
            outcome = Outcome(name, told.deaths, 0, (), tuple(told.lost), time.monotonic() - began)
            _tell(outcome)
            yield outcome


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


PARTS: dict[str, Callable[[str, Path | None], Iterator[Outcome]]] = {
    "faults": _faults,
    "redis": _redis,
    "deaths": _deaths,
}

if __name__ == "__main__":
    sys.exit(main())
