"""Each test finds the database as the migrations leave it, whatever the one before has done to it."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from articles.models import Article, FullText
from tests import fresh
from tests.make import a_plan, an_article

pytestmark = pytest.mark.django_db(transaction=True)


def rows() -> dict[str, list[object]]:
    """All there is to see: what the migrations write, and what tests add."""
    return {
        model._meta.label: sorted(model.objects.values_list())
        for model in (Group, Permission, Group.permissions.through, ContentType, Article, FullText)
    }


def searched() -> int:
    """How many articles the index holds."""
    table = "articles_search_full" if connection.vendor == "sqlite" else "articles_search"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("time", ["first", "second"])
def test_whatever_a_test_does_the_next_one_finds_nothing_of_it(time: str) -> None:
    assert Group.objects.filter(name__in=["Editors", "Subscription desk"]).count() == 2
    assert not Article.objects.exists()
    assert searched() == 0
    an_article()
    a_plan("year")
    assert searched() == 1
    Group.objects.get(name="Editors").permissions.clear()
    Group.objects.filter(name="Subscription desk").update(name="Another desk")
    ContentType.objects.get_for_model(Article).permission_set.all().delete()


def test_putting_back_brings_every_row_back() -> None:
    made = fresh.Sqlite() if connection.vendor == "sqlite" else fresh.Postgresql()
    before = rows()
    made.remember()
    an_article()
    Permission.objects.all().delete()
    assert rows() != before
    made.put_back()
    assert rows() == before


def test_a_changed_migration_asks_for_another_template(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_bytes

    def otherwise(path: Path) -> bytes:
        return read(path) + (b"# changed" if path.name == "0001_initial.py" and path.parts[-3] == "readers" else b"")

    before = fresh.digest()
    assert fresh.digest() == before
    monkeypatch.setattr(Path, "read_bytes", otherwise)
    assert fresh.digest() != before
