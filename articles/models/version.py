"""Every version of an article that was saved, in full: who saved it, when, and what it said.

The paid text stands in these rows too. They are named by the models and by the editor's desk, and nowhere else
(tests/test_house.py).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Anonymise, Basis, PersonalData, Persons

from .article import Article, FullText
from .author import Author
from .picture import Picture
from .section import Section
from .topic import Topic

# What of an article is compared and brought back, as it stands in its row.
PLAIN = ("headline", "standfirst", "kicker", "slug", "language", "hero_caption", "is_free")
# What readers see of it; the address and what stands beside the article are no change of what it says.
SHOWN_TO_READERS = (*(name for name in PLAIN if name != "slug"), "section", "hero", "authors")


class ArticleVersionQuerySet(models.QuerySet["ArticleVersion"]):
    """Many versions. Lists of them never load a text."""

    def listed(self) -> "ArticleVersionQuerySet":
        """For a list: without what they say."""
        return self.defer("said", "html").select_related("saved_by")

    def after_publication(self) -> "ArticleVersionQuerySet":
        """Those that readers have seen take the place of an earlier one."""
        return self.filter(changes_public=True)


class ArticleVersion(models.Model):
    """What an article said from one moment on. Never altered; another one takes its place."""

    personal_data = PersonalData(
        what=_("Who on the staff saved which version of an article"),
        purpose=_("To know who changed what, and when."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("saved_by",),
        on_deletion=Anonymise(("saved_by",), why=_("The earlier versions of an article stay readable for the desk.")),
    )

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="kept_versions")
    number = models.PositiveIntegerField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)
    changes_public = models.BooleanField(
        default=False, help_text="The public saw the version before, and this one is another."
    )
    words = models.PositiveIntegerField(default=0)
    said = models.JSONField(help_text="Headline, section, authors and so on; of other rows their key and name.")
    html = models.TextField(blank=True)

    objects: ClassVar[ArticleVersionQuerySet] = ArticleVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="versions_are_numbered"),
            models.CheckConstraint(condition=Q(number__gte=1), name="versions_begin_with_one"),
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"

    @property
    def before(self) -> "ArticleVersion | None":
        """The one whose place it took."""
        return ArticleVersion.objects.filter(article=self.article_id, number__lt=self.number).first()

    def restore(self, *, by: Any, at: datetime) -> list[str]:
        """Let the article say again what it said then, as a new version; what it says now is kept, too.

        Its address stays. Returns in words what could not be brought back, since it is gone. Raises ValidationError
        where the article is published and this version lacks what readers need.
        """
        with transaction.atomic():
            article = Article.objects.select_for_update().get(pk=self.article_id)
            keep_version(article, by=None, at=article.changed_at)
            gone = self._put_into(article)
            article.write(self.html)
            if article.status == Article.Status.PUBLISHED and (missing := article.missing_for_publication()):
                raise ValidationError(missing)
            gone += self._put_around(article)
            keep_version(article, by=by, at=at, note=f"Version {self.number} brought back")
            article.steps.create(kind="restored", note=str(self), by=by, at=at)
        return gone

    def _put_into(self, article: Article) -> list[str]:
        """Set the fields of the row; what they lead to may be gone."""
        for name in PLAIN:
            if name != "slug":
                setattr(article, name, self.said[name])
        gone = []
        for name, model in (("section", Section), ("hero", Picture)):
            key, called = self.said[name] or (None, "")
            if key is None or model._default_manager.filter(pk=key).exists():
                setattr(article, f"{name}_id", key)
            else:
                gone.append(f"the {name} “{called}”")
        return gone

    def _put_around(self, article: Article) -> list[str]:
        gone = []
        found: dict[str, list[Any]] = {}
        for name, model in (("authors", Author), ("topics", Topic), ("related", Article)):
            there = model._default_manager.in_bulk([key for key, _ in self.said[name]])
            found[name] = [there[key] for key, _ in self.said[name] if key in there]
            gone += [f"“{called}” ({name})" for key, called in self.said[name] if key not in there]
        article.sign(found["authors"])
        article.topics.set(found["topics"])
        article.related.set(found["related"])
        return gone


def said_by(article: Article) -> dict[str, Any]:
    """What an article says at present apart from its text, as a version keeps it."""
    said: dict[str, Any] = {name: getattr(article, name) for name in PLAIN}
    said["section"] = [article.section_id, str(article.section)]
    said["hero"] = [article.hero_id, str(article.hero)] if article.hero_id else None
    said["authors"] = [[one.author_id, str(one.author)] for one in article.bylines.select_related("author")]
    said["topics"] = [[one.pk, str(one)] for one in article.topics.order_by("pk")]
    said["related"] = [[one.pk, str(one)] for one in article.related.order_by("pk")]
    return said


def keep_version(article: Article, *, by: Any, at: datetime, note: str = "") -> ArticleVersion | None:
    """Keep what the article says now; None where the newest version says the same.

    `article` must be as the database has it. The very first one by nobody is what came before the desk: an import.
    """
    said = said_by(article)
    html = FullText.objects.filter(article=article).values_list("html", flat=True).first() or ""
    with transaction.atomic():
        # Two who save at once do not take the same number.
        Article.objects.select_for_update().only("pk").get(pk=article.pk)
        newest = ArticleVersion.objects.filter(article=article).first()
        if newest and _keys(newest.said) == _keys(said) and newest.html == html:
            return None
        number = (ArticleVersion.objects.filter(article=article).aggregate(last=Max("number"))["last"] or 0) + 1
        return ArticleVersion.objects.create(
            article=article,
            number=number,
            saved_at=at,
            saved_by=by,
            note=note,
            words=article.words,
            said=said,
            html=html,
            changes_public=newest is not None and article.is_published(at=at) and _is_seen(newest, said, html),
        )


def _is_seen(newest: ArticleVersion, said: Mapping[str, Any], html: str) -> bool:
    before, after = _keys(newest.said), _keys(said)
    return newest.html != html or any(before.get(name) != after.get(name) for name in SHOWN_TO_READERS)


def _keys(said: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, with other rows by their key alone: a section that has another name is the same one."""
    plain: dict[str, Any] = {name: said.get(name) for name in PLAIN}
    for name in ("section", "hero"):
        plain[name] = said[name][0] if said.get(name) else None
    for name in ("authors", "topics", "related"):
        plain[name] = [key for key, _ in said.get(name, [])]
    return plain
