"""The machine room in the admin: which jobs come back, how each run went, and a button to run one now."""

from datetime import datetime
from typing import Any

import django_tasks_db.admin  # noqa: F401 - registers what is replaced below
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

from edge import clock
from edge.desk import ButtonMirrorAdmin
from edge.http import now_of

from . import jobs, reviews, worker
from .audit.book import StaffActAdmin as StaffActAdmin
from .models import PageReview, PeriodicJob, Run, Worker
from .page_desk import PageAdmin as PageAdmin

ERROR_LENGTH = 120
IN_WORDS = {
    TaskResultStatus.READY: "Waiting",
    TaskResultStatus.RUNNING: "Running",
    TaskResultStatus.SUCCESSFUL: "Done",
    TaskResultStatus.FAILED: "Given up",
}

admin.site.unregister(DBTaskResult)


@admin.register(PeriodicJob)
class PeriodicJobAdmin(ButtonMirrorAdmin):
    """What comes back, how often, and how it went last."""

    button = "Run now"
    change_list_template = "admin/newsroom/periodicjob/change_list.html"
    list_display = ("name", "comes", "next_due_at", "last_finished_at", "failures", "error")
    fields = ("name", "does", "comes", "next_due_at", "last_started_at", "last_finished_at", "failures", "last_error")
    readonly_fields = ("does", "comes")

    @admin.display(description="comes")
    def comes(self, row: PeriodicJob) -> str:
        job = jobs.named(row.name)
        return job.in_words if job else "no longer in the code"

    @admin.display(description="does")
    def does(self, row: PeriodicJob) -> str:
        job = jobs.named(row.name)
        return job.does if job else ""

    @admin.display(description="last error")
    def error(self, row: PeriodicJob) -> str:
        return Truncator(row.last_error).chars(ERROR_LENGTH)

    def press(self, row: PeriodicJob, *, at: datetime) -> tuple[bool, str]:
        if worker.ask_for(row, at=at):
            return True, f"{row} is asked for; a worker begins it within seconds."
        return False, f"{row} is running now, or no longer in the code."

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        workers = {"workers": Worker.objects.alive(at=now_of(request))}
        return super().changelist_view(request, (extra_context or {}) | workers)


@admin.register(PageReview)
class PageReviewAdmin(ButtonMirrorAdmin):
    """Standing pages that the law wants dated: when somebody last looked, and the button that says so."""

    button = "Reviewed today"
    list_display = ("title", "reviewed_at", "reviewed_by", "is_due")
    list_select_related = ("reviewed_by",)
    fields = ("title", "address", "reviewed_at", "reviewed_by", "is_due")
    readonly_fields = ("title", "address", "is_due")

    @admin.display(description="page")
    def title(self, row: PageReview) -> str:
        return reviews.PAGES.get(row.page, row.page)

    @admin.display(description="address")
    def address(self, row: PageReview) -> str:
        return format_html('<a href="{0}">{0}</a>', reverse(row.page)) if row.page in reviews.PAGES else "-"

    @admin.display(description="due", boolean=True)
    def is_due(self, row: PageReview) -> bool:
        return reviews.is_due(row, at=clock.now())

    def press(self, row: PageReview, *, at: datetime) -> tuple[bool, str]:
        row.review(by=None, at=at)
        return True, f"The page {self.title(row)} says from now on that it was checked today."

    def press_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        answer = super().press_view(request, object_id)
        PageReview.objects.filter(pk=object_id).update(reviewed_by=request.user)
        return answer

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        reviews.make_missing()
        return super().changelist_view(request, extra_context)


class JobFilter(admin.SimpleListFilter):
    """The runs of one periodic job."""

    title = "job"
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(job.name, job.name) for job in jobs.JOBS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        job = jobs.named(self.value() or "")
        return queryset.filter(task_path=job.path) if job else queryset


@admin.register(Run)
class RunAdmin(ButtonMirrorAdmin):
    """What is in the queue, what ran, and what went wrong."""

    button = "Run again"
    list_display = ("job_name", "state", "started_at", "finished_at", "attempts", "outcome")
    list_filter = ("status", JobFilter)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        *("job_name", "state", "arguments", "return_value", "attempts", "worker"),
        *("started_at", "finished_at", "next_try_at", "exception_class_path", "trace"),
    )
    readonly_fields = fields

    @admin.display(description="job", ordering="task_path")
    def job_name(self, run: Run) -> str:
        return run.job_name

    @admin.display(description="state", ordering="status")
    def state(self, run: Run) -> str:
        if run.status == TaskResultStatus.READY and run.attempts:
            return "Failed, waits for its next try"
        return IN_WORDS[TaskResultStatus(run.status)]

    @admin.display(description="tries")
    def attempts(self, run: Run) -> int:
        return run.attempts

    @admin.display(description="worker")
    def worker(self, run: Run) -> str:
        return run.worker

    @admin.display(description="outcome")
    def outcome(self, run: Run) -> str:
        return Truncator(run.error or str(run.return_value or "")).chars(ERROR_LENGTH)

    @admin.display(description="given to it")
    def arguments(self, run: Run) -> str:
        given = [*map(repr, run.args_kwargs["args"]), *(f"{k}={v!r}" for k, v in run.args_kwargs["kwargs"].items())]
        return ", ".join(given) or "nothing"

    @admin.display(description="next try")
    def next_try_at(self, run: Run) -> datetime | str:
        return run.run_after if run.status == TaskResultStatus.READY and run.run_after != get_date_max() else "-"

    @admin.display(description="what went wrong")
    def trace(self, run: Run) -> str:
        return format_html("<pre>{}</pre>", run.traceback) if run.traceback else "-"

    def is_pressable(self, row: Run) -> bool:
        return row.status == TaskResultStatus.FAILED or (row.status == TaskResultStatus.READY and row.attempts > 0)

    def press(self, row: Run, *, at: datetime) -> tuple[bool, str]:
        if row.again(at=at):
            return True, "It is asked for again; a worker begins it within seconds."
        return False, "It is running, or done."
