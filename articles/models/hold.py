"""Who is writing an article now: one person at a time, until they stop saying so."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData, Persons

from .article import Article

# A page that is open says so three times in this while; a closed lid, a lost network and a page without script do not.
HOLD_LASTS = timedelta(seconds=75)


class HoldQuerySet(models.QuerySet["Hold"]):
    """Many holds."""

    def alive(self, *, at: datetime) -> "HoldQuerySet":
        """Those whose page was open a moment ago."""
        return self.filter(seen_at__gt=at - HOLD_LASTS)

    def of_another(self, article: Article, who: Any, *, at: datetime) -> "Hold | None":
        """The one by which somebody else writes this article at that moment."""
        others = self.alive(at=at).filter(article=article).exclude(editor=who)
        return others.select_related("editor").first()


class Hold(models.Model):
    """One article in one pair of hands. It keeps nobody from anything for good: whoever needs to takes it over."""

    personal_data = PersonalData(
        what=_("Which article you write at this moment"),
        purpose=_("So that two people do not write over each other."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("editor",),
        secret=("token",),
        on_deletion=ERASE,
    )

    article = models.OneToOneField(Article, on_delete=models.CASCADE, related_name="hold")
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=32, help_text="What the page that holds it says to be known by.")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects: ClassVar[HoldQuerySet] = HoldQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(seen_at__gte=models.F("began_at")), name="hold_is_seen")]

    def __str__(self) -> str:
        return f"{self.editor} since {self.began_at:%H:%M}"

    @classmethod
    def ask(cls, article: Article, who: Any, *, at: datetime) -> "Hold":
        """The hold on this article: their own, begun now if nobody else is writing; or that of somebody else."""
        with transaction.atomic():
            held = cls.objects.select_for_update().select_related("editor").filter(article=article).first()
            if held is None:
                held, _ = cls.objects.get_or_create(article=article, defaults=_fresh(who, at))
                return held
            if held.editor_id == who.pk and held.is_alive(at=at):
                cls.objects.filter(pk=held.pk).update(seen_at=at)
            elif not held.is_alive(at=at):
                held._give_to(who, at=at)
            return held

    @classmethod
    def take_over(cls, article: Article, who: Any, *, at: datetime) -> "Hold":
        """Write instead of whoever does; their page tells them within seconds, and keeps what they typed."""
        with transaction.atomic():
            held, is_new = cls.objects.select_for_update().get_or_create(article=article, defaults=_fresh(who, at))
            if not is_new and held.editor_id != who.pk:
                was = held.editor
                held._give_to(who, at=at)
                article.steps.create(kind="taken over", note=f"From {was.name or was}", by=who, at=at)
            return held

    @classmethod
    def renew(cls, article: Article, token: str, *, at: datetime) -> bool:
        """Say that the page which has that token is still open; False where it is another's turn now."""
        return bool(cls.objects.filter(article=article, token=token).update(seen_at=at)) if token else False

    @classmethod
    def let_go(cls, article: Article, token: str) -> None:
        """The page which has that token was closed."""
        cls.objects.filter(article=article, token=token).delete()

    def is_alive(self, *, at: datetime) -> bool:
        """Whether its page was open a moment ago: the same rule as `alive`."""
        return self.seen_at > at - HOLD_LASTS

    def _give_to(self, who: Any, *, at: datetime) -> None:
        self.editor = who
        for name, value in _fresh(who, at).items():
            setattr(self, name, value)
        self.save(update_fields=["editor", "token", "began_at", "seen_at"])


def _fresh(who: Any, at: datetime) -> dict[str, Any]:
    return {"editor": who, "token": token_urlsafe(18), "began_at": at, "seen_at": at}
