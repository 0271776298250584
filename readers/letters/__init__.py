"""Every letter the site writes, one function each, in a file for each subject; how they are sent is in `post`."""

from .about_contracts import welcome
from .about_payments import (
    card_expires,
    debit_returned,
    dispute_lost,
    ended_unpaid,
    operator_dispute,
    operator_refund_failed,
    payment_confirm,
    payment_failed,
    payment_last_call,
    refund_on_its_way,
)
from .about_subscriptions import (
    cancelled,
    ended_in_pause,
    ordered_twice,
    pause_reminder,
    paused,
    resumed,
    second_trial,
    switched,
    undone,
)
from .post import many, send, withdraw, write, write_to_operator
from .rounds import send_waiting, some_wait

__all__ = [
    "cancelled",
    "card_expires",
    "debit_returned",
    "dispute_lost",
    "ended_in_pause",
    "ended_unpaid",
    "many",
    "operator_dispute",
    "operator_refund_failed",
    "ordered_twice",
    "pause_reminder",
    "paused",
    "payment_confirm",
    "payment_failed",
    "payment_last_call",
    "refund_on_its_way",
    "resumed",
    "second_trial",
    "send",
    "send_waiting",
    "some_wait",
    "switched",
    "undone",
    "welcome",
    "withdraw",
    "write",
    "write_to_operator",
]
