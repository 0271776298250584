"""How much the people of an organisation read: counted by the day, summed by the month, and never below five people.

Which article somebody opened is kept until the night in which it is counted. Then a day of a person is a number per
section, kept as long as core readers need it; then a month that is over is a sum of the group, made once, in which
nobody can be found.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

from .group_account import GroupAccount

# Nothing is said of fewer people than this.
FLOOR = 5
# Where the section would stand: everything together, and the sections too few have read.
ALL, OTHERS = "", "*"


class Opening(models.Model):
    """An article was opened through a group. Written once, when it happens; counted and deleted in the night."""

    personal_data = PersonalData(
        what=_("Articles you opened today through your organisation"),
        purpose=_("To count, in the night, how much your organisation reads; then it is deleted."),
        basis=Basis.INTEREST,
        whose="reader",
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_OPENINGS_DAYS"),
                counted_from="at",
                since=_("after it was opened"),
                why=_("It was counted by then."),
            ),
        ),
    )

    group = models.ForeignKey(GroupAccount, on_delete=models.CASCADE, related_name="+", db_index=False)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    visit = models.CharField(max_length=32, blank=True, help_text="Of who has no account: one browser on one day.")
    article = models.PositiveBigIntegerField()
    section = models.CharField(max_length=100)
    at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(reader=None) & ~Q(visit="") | Q(reader__isnull=False, visit=""), name="somebody_opened_it"
            )
        ]

    def __str__(self) -> str:
        return f"{self.section}, {self.at:%Y-%m-%d}"


class PersonDay(models.Model):
    """How many articles of a section one person opened on one day. Which ones, nobody knows any more."""

    personal_data = PersonalData(
        what=_("How many articles you opened on a day through your organisation"),
        purpose=_("To tell your organisation how many of you read often. It sees sums of five people or more."),
        basis=Basis.INTEREST,
        whose="reader",
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_PERSON_DAYS_DAYS"),
                counted_from="begins_at",
                since=_("after that day"),
                why=_("The month is summed by then, and the sum names nobody."),
            ),
        ),
    )

    group = models.ForeignKey(GroupAccount, on_delete=models.CASCADE, related_name="+", db_index=False)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    visit = models.CharField(max_length=32, blank=True)
    section = models.CharField(max_length=100)
    begins_at = models.DateTimeField(db_index=True, help_text="The first moment of the day, in Brussels.")
    articles = models.PositiveIntegerField(help_text="Different ones.")
    times = models.PositiveIntegerField(help_text="Every time counts that is no double click.")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["group", "begins_at", "section", "reader"],
                condition=Q(reader__isnull=False),
                name="one_day_per_reader_and_section",
            ),
            models.UniqueConstraint(
                fields=["group", "begins_at", "section", "visit"],
                condition=Q(reader=None),
                name="one_day_per_visit_and_section",
            ),
            models.CheckConstraint(condition=Q(times__gte=F("articles"), articles__gte=1), name="person_day_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.section}, {self.begins_at:%Y-%m-%d}: {self.articles}"


class MonthOfUseQuerySet(models.QuerySet["MonthOfUse"]):
    """Many months."""

    def of_whole_group(self) -> "MonthOfUseQuerySet":
        """All sections together."""
        return self.filter(section=ALL)


class MonthOfUse(models.Model):
    """What a group read in a month: all together, or in one section. A number is empty where fewer than five stand
    behind it; the database takes no other.
    """

    personal_data = None

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="months_of_use")
    month = models.DateField(help_text="Its first day.")
    section = models.CharField(max_length=100, blank=True)
    people = models.PositiveIntegerField(null=True, help_text="Readers and visits together.")
    readers = models.PositiveIntegerField(null=True, help_text="With an account.")
    core_readers = models.PositiveIntegerField(null=True, help_text="Nine articles or more within thirty days.")
    articles = models.PositiveIntegerField(null=True, help_text="Different ones by each person and day.")
    times = models.PositiveIntegerField(null=True, help_text="How often articles were opened.")
    summed_at = models.DateTimeField()

    objects: ClassVar[MonthOfUseQuerySet] = MonthOfUseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["group", "-month", "section"]
        default_permissions = ("view",)
        verbose_name = "month of reading"
        verbose_name_plural = "months of reading"
        constraints = [
            models.UniqueConstraint(fields=["group", "month", "section"], name="one_sum_per_month_and_section"),
            models.CheckConstraint(condition=Q(month__day=1), name="month_of_use_is_a_month"),
            *(
                models.CheckConstraint(condition=Q((who, None)) | Q((f"{who}__gte", FLOOR)), name=f"{who}_above_floor")
                for who in ("people", "readers", "core_readers")
            ),
            models.CheckConstraint(
                condition=Q(people__isnull=False)
                | Q(people=None, readers=None, core_readers=None, articles=None, times=None),
                name="nothing_said_below_floor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}, {self.month:%Y-%m}"

    @property
    def is_told(self) -> bool:
        """Whether five people or more stand behind it."""
        return self.people is not None
