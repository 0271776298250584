"""What came of a story, as a table."""

from collections import Counter
from collections.abc import Mapping

from readers.models import Letter
from subscriptions.models import Finding, Reconciliation, StripeEvent, Subscription
from tests.simulation.year import Story

WIDTH = 44


def table(story: Story, *, seconds: float) -> str:
    """The whole summary; money in cents."""
    verdict, runs = story.verdict, Reconciliation.objects.count()
    assert verdict is not None
    found = Counter(Finding.objects.values_list("kind", flat=True))
    surplus = Subscription.objects.exclude(surplus="").count()
    parts = [
        _part("What readers did", story.done),
        _part("What went wrong on purpose", story.stripe.ask("simulation/faults")),
        _part("Events", story.came | {"receipts kept": StripeEvent.objects.count()}),
        _part(f"What {runs:,} reconciliations found", found),
        _part("Letters", Counter(Letter.objects.filter(withdrawn=False).values_list("kind", flat=True))),
        _part(
            "Money, in cents",
            {"charges": verdict.charges, "charged": verdict.charged_cents, "refunded": verdict.refunded_cents},
        ),
        _part(
            f"After {story.days:,} days of {len(story.readers):,} readers, seed {story.seed}",
            {
                "subscriptions compared": verdict.compared,
                "of them second ones, ended and given back": surplus,
                "moments at which access was compared": story.watch.looks,
                "differences": len(story.differences),
                "seconds": round(seconds),
            },
        ),
    ]
    return "\n".join(parts)


def _part(title: str, counts: Mapping[str, int]) -> str:
    rows = "".join(f"  {name:<{WIDTH}} {count:>12,}\n" for name, count in sorted(counts.items()))
    return f"{title}\n{rows}"
