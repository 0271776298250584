"""`make bench`: webhooks and reconciliation, each beside the local Stripe alone; medians of three rounds."""

import argparse
import statistics
from collections.abc import Callable

from bench import reconcile, webhooks
from bench.stage import CONNECTIONS, stage, subscribe

Round = Callable[[], tuple[float, float]]


def main() -> None:
    """Measure and print a table. Takes about two minutes and ends by itself."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--subscriptions", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with stage() as (site, stripe):
        ids = subscribe(given.subscriptions)
        benches: list[tuple[str, int, Round]] = [
            (f"webhooks, {CONNECTIONS} connections", given.events,
             lambda: webhooks.a_round(site, stripe, ids, given.events)),
            ("reconcile, nothing differs", len(ids), lambda: reconcile.a_round(stripe, ids, spoiled=False)),
            ("reconcile, every row is mended", len(ids), lambda: reconcile.a_round(stripe, ids, spoiled=True)),
        ]  # fmt: skip
        print(f"{'':34} {'per second':>12} {'Stripe alone':>14} {'times as long':>15}")
        for name, count, a_round in benches:
            rounds = [a_round() for _ in range(given.rounds)]
            ours, alone = (statistics.median(taken) for taken in zip(*rounds, strict=True))
            ratio = statistics.median(mine / theirs for mine, theirs in rounds)
            print(f"{name:34} {count / ours:>12,.0f} {count / alone:>14,.0f} {ratio:>15.1f}", flush=True)
    print(f"Medians of {given.rounds} rounds; {given.events:,} events, {given.subscriptions:,} subscriptions.")


if __name__ == "__main__":
    main()
