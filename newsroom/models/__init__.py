"""What the site itself keeps: its standing pages, and its machine room."""

from .machine_room import (
    LEASE,
    LOST_WORKERS_KEPT_FOR,
    MOST_ATTEMPTS,
    RETRIES,
    PageReview,
    PeriodicJob,
    Run,
    Worker,
    WorkerLost,
)
from .page import Page, PageVersion
from .staff_act import LookedAs, StaffAct

__all__ = [
    "LEASE",
    "LOST_WORKERS_KEPT_FOR",
    "MOST_ATTEMPTS",
    "RETRIES",
    "LookedAs",
    "Page",
    "PageReview",
    "PageVersion",
    "PeriodicJob",
    "Run",
    "StaffAct",
    "Worker",
    "WorkerLost",
]
