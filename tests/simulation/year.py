"""The days go by: readers live, events arrive, the worker works, and everything is looked at."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from io import StringIO

from django.core.management import CommandError, call_command

from newsroom import worker
from subscriptions import reconcile
from subscriptions.models import Reconciliation, Subscription
from tests.simulation import checks, clock, lives, mailbox
from tests.simulation.checks import Verdict, Watch
from tests.simulation.lives import PageFailed, Reader
from tests.simulation.stage import START, Stripe

# Days are not all alike: the worker and the readers wake up earlier or later.
SHORTEST_DAY_HOURS, LONGEST_DAY_HOURS = 20, 28
QUIET_ROUNDS = 5
# What may become of an event: whoever is not Stripe is refused, and while Stripe is away we say "later".
EXPECTED = {"delivered", "refused", "given up", "not taken: 503"}
RECONCILED_WITHIN = timedelta(days=4)
# So often anything may fail for good reasons of its own: a pause is refused while a payment is under way.
IN_VAIN_BY_CHANCE = 10


@dataclass
class Story:
    """One year, and what was seen in it."""

    stripe: Stripe
    seed: int
    days: int
    readers: list[Reader]
    watch: Watch
    done: Counter[str]
    came: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    verdict: Verdict | None = None

    @property
    def differences(self) -> list[str]:
        """Everything that does not hold, in words."""
        return [*self.wrong, *(self.verdict.differences if self.verdict else [])]

    def live(self, *, progress: Callable[[int], None]) -> None:
        """The days with their faults."""
        for day in range(self.days):
            progress(day)
            hours = random.Random(f"{self.seed} hours {day}").uniform(SHORTEST_DAY_HOURS, LONGEST_DAY_HOURS)
            self.stripe.move_to(clock.now() + timedelta(hours=hours))
            self._look(all_recorded=False)
            self._let_readers_live(day)
            self._let_everything_arrive()
            self._look(all_recorded=self._was_reconciled())
        progress(self.days)

    def end(self) -> None:
        """The faults stop, what is on its way arrives, one reconciliation, and everything is compared."""
        self.stripe.ask("simulation/calm")
        mailbox.calm()
        for _ in range(QUIET_ROUNDS):
            self.stripe.move_to(clock.now() + timedelta(hours=7))
            self._let_everything_arrive(everything=True)
        reconcile.run(at=clock.now())
        self.verdict = checks.judge(self.stripe)
        self._look(all_recorded=True)
        self.wrong += _in_vain(self.done)
        second = reconcile.run(at=clock.now())
        if not second.changed_nothing:
            self.wrong.append(f"A second reconciliation repaired {second.repaired} and recorded {second.missing}")

    def _let_readers_live(self, day: int) -> None:
        running = {one.reader_id: one for one in Subscription.objects.live().exclude(status="incomplete")}
        had_one = set(Subscription.objects.values_list("reader_id", flat=True))
        for reader in self.readers:
            pk = reader.user.pk
            self._try(partial(reader.live, day, running.get(pk), has_had_one=pk in had_one))

    def _let_everything_arrive(self, *, everything: bool = False) -> None:
        """Events, readers on their way back and the worker, all at the same time."""
        answers: list[dict] = []
        senders = threading.Thread(
            target=lambda: answers.append(self.stripe.ask("simulation/deliver", everything=everything))
        )
        senders.start()
        for reader in self.readers:
            if reader.on_the_way_back:
                self._try(reader.come_back)
        worker.work_once()
        senders.join()
        self._note_what_came(answers[0]["came"])

    def _note_what_came(self, came: dict[str, int]) -> None:
        self.came.update(came)
        self.wrong += [f"{clock.now():%F %T}: events, {how}: {came[how]}" for how in came.keys() - EXPECTED]

    def _look(self, *, all_recorded: bool) -> None:
        self.wrong += self.watch.look(at=clock.now(), all_recorded=all_recorded)

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except (PageFailed, OSError) as error:  # OSError: the local Stripe refused what was ordered from it.
            self.wrong.append(f"{clock.now():%F %T}: a page failed: {error}")

    def _was_reconciled(self) -> bool:
        """Whether everything has been compared at this moment; longer than a few nights it must not be put off."""
        last = Reconciliation.objects.exclude(finished_at=None).order_by("finished_at").last()
        if clock.now() - (last.finished_at if last and last.finished_at else START) > RECONCILED_WITHIN:
            self.wrong.append(f"{clock.now():%F %T}: no reconciliation has been through for days")
        return last is not None and last.started_at == clock.now() and not last.failed


def _in_vain(done: Counter[str]) -> list[str]:
    """What mostly came to nothing, although most of it should not: then nobody has lived, and nothing was proved."""
    later = {wish: done[f"{wish}: later"] for wish in lives.CHANCES}
    return [
        f"{wish!r} came to nothing {count} times of {count + done[wish]}"
        for wish, count in later.items()
        if count > max(done[wish], IN_VAIN_BY_CHANCE)
    ]


def a_year(stripe: Stripe, *, readers: int, days: int, seed: int) -> Story:
    """The beginning of a story: plans on sale, and readers who have not come yet."""
    for _ in range(5):
        with suppress(CommandError):
            call_command("sync_plans", verbosity=0, stdout=StringIO())
            break
    done: Counter[str] = Counter()
    everybody = lives.readers(readers, days=days, seed=seed, stripe=stripe, done=done)
    return Story(stripe, seed, days, everybody, Watch(stripe, everybody), done)
