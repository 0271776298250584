"""The database refuses to alter what was noted of an agreement: who did what, and when."""

from subscriptions import append_only
from subscriptions.append_only import Kept

# The name of somebody on the staff may go when their account does; what was done stays.
KEPT = (Kept("groups.GroupEvent", but=("actor_id",)),)


def hold(*, using: str) -> None:
    """Set the triggers up in that database. Safe to repeat."""
    append_only.hold(using=using, these=KEPT)
