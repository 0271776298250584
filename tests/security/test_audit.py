"""Whatever staff do at the desk is written down, in one place, and nobody can take it back."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test import Client

from articles.models import Author, Section
from newsroom.audit import desk as watched_desk
from newsroom.audit.values import WITHHELD
from newsroom.audit.watching import Watch
from newsroom.models import StaffAct
from readers.models import User
from subscriptions.models import Grant
from tests.make import NOW, TOMORROW, a_grant, a_reader, a_section, an_article, an_author, somebody_in

pytestmark = pytest.mark.django_db
Kind = StaffAct.Kind
BOOK = "/admin/newsroom/staffact/"


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)


@pytest.fixture
def ada() -> User:
    return a_reader("ada@example.org", is_staff=True, is_superuser=True)


@pytest.fixture
def root(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def acts(**about: Any) -> list[StaffAct]:
    return list(StaffAct.objects.filter(**about).exclude(kind=Kind.SIGNED_IN).order_by("pk"))


def seen() -> Watch:
    """A watch with nobody's request around it."""
    return Watch(actor_id=1, at=NOW, request_id="r", network="", through=lambda: "a_button")


# --- What is written down -------------------------------------------------------------------------------


def test_a_change_says_who_when_what_and_field_by_field(root: Client, ada: User) -> None:
    bob = a_reader()
    root.post(f"/admin/readers/user/{bob.pk}/change/", {"name": "Bobby", "is_active": "on", "is_staff": "on"})
    act = acts(model="readers.User")[0]
    assert (act.actor, act.at, act.kind, act.object_id) == (ada, NOW, Kind.CHANGED, str(bob.pk))
    assert act.through == "readers_user_change"
    assert act.changes == {"name": [WITHHELD, WITHHELD], "is_staff": [False, True]}
    assert len(act.request_id) == 12
    assert act.network == "127.0.0.0/24"


def test_rights_given_and_taken_are_rows_of_their_own(root: Client) -> None:
    bob, editors = a_reader(), Group.objects.get(name="Editors")
    form = {"name": bob.name, "is_active": "on", "is_staff": "on"}
    root.post(f"/admin/readers/user/{bob.pk}/change/", form | {"groups": [editors.pk]})
    root.post(f"/admin/readers/user/{bob.pk}/change/", form)
    given, taken = acts(model="readers.User_groups")
    assert (given.kind, taken.kind) == (Kind.ADDED, Kind.DELETED)
    assert given.changes == {"user": [None, bob.pk], "group": [None, editors.pk]}
    assert taken.changes == {"user": [bob.pk, None], "group": [editors.pk, None]}


def test_no_word_about_a_person_and_no_secret_is_in_it(root: Client) -> None:
    bob = a_reader()
    form = {"kind": "press", "reader": bob.pk, "reason": "Married to the minister", "starts_at": "2026-11-18T00:00"}
    root.post("/admin/subscriptions/grant/add/", form | {"ends_at": "2026-12-18T00:00"})
    act = next(one for one in acts(model="subscriptions.Grant") if one.kind == Kind.ADDED)
    assert act.changes["reason"] == [None, WITHHELD]
    assert act.changes["kind"] == [None, "press"]
    assert act.changes["reader"] == [None, bob.pk]
    every = json.dumps([one.changes for one in StaffAct.objects.all()])
    assert "minister" not in every
    assert "bob@" not in every


def test_a_button_that_updates_without_the_model_is_seen_too(desk: Client, dora: User) -> None:
    grant = a_grant(a_reader(), by=dora)
    desk.post(f"/admin/subscriptions/grant/{grant.pk}/end/")
    act = acts(model="subscriptions.Grant", kind=Kind.CHANGED)[0]
    assert (act.through, act.object_id) == ("subscriptions_grant_end", str(grant.pk))
    assert act.changes["ended_by"] == [None, dora.pk]


def test_looks_downloads_and_refusals_are_acts(desk: Client, dora: User) -> None:
    bob = a_reader()
    desk.get(f"/admin/readers/user/{bob.pk}/change/")
    desk.get("/admin/auth/group/")
    looked, refused = acts()
    assert (looked.kind, looked.model, looked.object_id) == (Kind.LOOKED, "readers.User", str(bob.pk))
    assert (refused.kind, refused.model) == (Kind.REFUSED, "auth.Group")


def test_a_list_that_is_only_read_is_none(desk: Client) -> None:
    desk.get("/admin/readers/user/")
    assert not acts()


def test_what_readers_do_is_none(client: Client) -> None:
    bob = a_reader()
    client.force_login(bob)
    client.get("/admin/")
    client.post("/account/language/", {"language": "fr"})
    assert not StaffAct.objects.exists()


def test_staff_who_come_in_fail_to_and_go_are_written_down(client: Client) -> None:
    ada = User.objects.create_superuser("ada@example.org", "a long enough password")
    client.login(username="ada@example.org", password="wrong")
    client.login(username="nobody@example.org", password="wrong")
    client.force_login(ada)
    client.post("/accounts/logout/")
    said = StaffAct.objects.order_by("pk").values_list("kind", "actor")
    assert list(said) == [(kind, ada.pk) for kind in (Kind.SIGN_IN_FAILED, Kind.SIGNED_IN, Kind.SIGNED_OUT)]


# --- Every statement is seen ----------------------------------------------------------------------------


def test_whichever_way_django_writes_it_is_seen() -> None:
    with connection.execute_wrapper(seen()):
        one = Section.objects.create(name="One", slug="one", position=1)
        Section.objects.bulk_create([Section(name=name, slug=name) for name in ("two", "three")])
        Section.objects.filter(slug="two").update(name="Zwei")
        Section.objects.filter(slug__in=["one", "two"]).update(position=F("position") + 7)
        Section.objects.filter(slug="three").delete()
        one.name = "Uno"
        one.save()
        one.save()
    said = [(act.kind, act.count, sorted(act.changes)) for act in acts(model="articles.Section")]
    of_one, of_three = said.pop(0), said.pop(4)
    assert (of_one[:2], of_three[:2]) == ((Kind.ADDED, 1), (Kind.DELETED, 1))
    assert {"name", "slug", "position"} <= set(of_one[2]) & set(of_three[2])
    assert said == [
        (Kind.ADDED, 2, []),
        (Kind.CHANGED, 1, ["name"]),
        (Kind.CHANGED, 1, ["position"]),
        (Kind.CHANGED, 1, ["position"]),
        (Kind.CHANGED, 1, ["name", "position"]),
    ]
    assert acts()[0].object_id == str(one.pk)
    assert acts()[0].changes["name"] == [None, "One"]


def test_a_word_of_where_inside_what_is_set_misleads_nobody() -> None:
    section = a_section()
    with connection.execute_wrapper(seen()):
        Section.objects.filter(pk=section.pk).update(name='A "x" WHERE (y')
    assert acts()[0].changes == {"name": [section.name, 'A "x" WHERE (y']}


def test_many_rows_at_once_are_counted_beyond_fifty() -> None:
    Author.objects.bulk_create([Author(name=f"A{number}", slug=f"a{number}") for number in range(60)])
    with connection.execute_wrapper(seen()):
        Author.objects.update(role="Reporter")
    said = acts(model="articles.Author")
    assert len(said) == 51
    assert said[-1].count == 10


def test_what_is_rolled_back_was_never_done() -> None:
    with connection.execute_wrapper(seen()), transaction.atomic():
        a_section("gone")
        assert len(acts()) == 1
        transaction.set_rollback(True)
    assert not acts()


def test_an_act_that_cannot_be_written_down_does_not_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    section = a_section()

    def broken(*args: Any, **more: Any) -> None:
        raise DatabaseError("full")

    monkeypatch.setattr(StaffAct.objects, "create", broken)
    with connection.execute_wrapper(seen()), pytest.raises(DatabaseError), transaction.atomic():
        Section.objects.filter(pk=section.pk).update(name="Other")
    section.refresh_from_db()
    assert section.name != "Other"


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::9", "2001:db8:1::/48"), ("", "")],
)
def test_the_network_is_shortened(address: str, network: str, rf: Any) -> None:
    assert watched_desk.shortened(rf.get("/", REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR="198.51.100.1")) == network


# --- Nobody takes it back -------------------------------------------------------------------------------


@pytest.fixture
def act(ada: User) -> StaffAct:
    return StaffAct.objects.create(at=NOW, actor=ada, kind=Kind.DOWNLOADED)


def test_the_database_refuses_to_alter_or_to_forget(act: StaffAct) -> None:
    for write in (lambda: StaffAct.objects.update(count=2), act.save, act.delete, StaffAct.objects.all().delete):
        with pytest.raises(DatabaseError, match="never altered"), transaction.atomic():
            write()
    assert StaffAct.objects.get().count == 1


def test_what_is_years_old_may_be_let_go(ada: User) -> None:
    StaffAct.objects.create(at=NOW - timedelta(days=4000), actor=ada, kind=Kind.DOWNLOADED)
    from rights import retention

    duty = next(one for one in retention.duties() if one.name.startswith("newsroom.StaffAct"))
    assert duty.carry_out(at=NOW) == 1


def test_an_administrator_reads_it_and_has_no_way_to_write_in_it(root: Client, act: StaffAct) -> None:
    assert root.get(f"{BOOK}{act.pk}/change/").status_code == 200
    for path in (f"{BOOK}add/", f"{BOOK}{act.pk}/delete/"):
        assert root.get(path).status_code == 403
    assert root.post(f"{BOOK}{act.pk}/change/", {"count": "9"}).status_code == 403
    root.post(BOOK, {"action": "delete_selected", "_selected_action": [act.pk], "post": "yes"})
    assert StaffAct.objects.filter(pk=act.pk, count=1).exists()


@pytest.mark.parametrize("group", ["Editors", "Chief editors", "Subscription desk"])
def test_nobody_else_reads_it(client: Client, group: str, act: StaffAct) -> None:
    client.force_login(somebody_in(group))
    for path in (BOOK, f"{BOOK}{act.pk}/change/", f"{BOOK}export/csv/", f"{BOOK}export/jsonl/"):
        assert client.get(path).status_code == 403


# --- Finding, and taking along --------------------------------------------------------------------------


def test_it_is_found_by_person_row_and_request(root: Client, ada: User) -> None:
    dora = somebody_in("Subscription desk")
    rows = [
        StaffAct(at=NOW, actor=ada, kind=Kind.CHANGED, model="articles.Section", object_id="41", request_id="q" * 12),
        StaffAct(at=NOW, actor=dora, kind=Kind.CHANGED, model="subscriptions.Grant", object_id="42"),
    ]
    StaffAct.objects.bulk_create(rows)
    for term, mine in (
        ("DORA@example.org", "42"),
        ("subscriptions.grant 42", "42"),
        ("q" * 12, "41"),
        ("41", "41"),
    ):
        page = root.get(BOOK, {"q": term}).content.decode()
        assert f" {mine}</a>" in page, term
        assert page.count('/change/">grant') + page.count('/change/">section') == 1, term
    page = root.get(BOOK, {"who": str(dora.pk)}).content.decode()
    assert "grant 42" in page


def test_the_account_of_an_act_may_be_gone(root: Client) -> None:
    StaffAct.objects.bulk_create(
        [StaffAct(at=NOW, actor_id=987_654, kind=Kind.DELETED, model="no.Such", object_id="1")]
    )
    assert "account 987654" in root.get(BOOK).content.decode()
    assert root.get(f"{BOOK}{StaffAct.objects.get(object_id='1').pk}/change/").status_code == 200


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_it_can_be_taken_along_without_formulas_and_that_is_an_act(root: Client, ada: User, form: str) -> None:
    StaffAct.objects.bulk_create(
        [
            StaffAct(at=NOW, actor=ada, kind=Kind.CHANGED, model="articles.Section", object_id="=1+1"),
            StaffAct(at=TOMORROW, actor=ada, kind=Kind.DELETED, model="articles.Topic", object_id="2"),
        ]
    )
    answer = root.get(f"{BOOK}export/{form}/", {"kind__exact": Kind.CHANGED})
    text = b"".join(answer).decode()
    rows = list(csv.DictReader(io.StringIO(text))) if form == "csv" else [json.loads(one) for one in text.splitlines()]
    assert [row["model"] for row in rows] == ["articles.Section"]
    assert rows[0]["object_id"] == ("'=1+1" if form == "csv" else "=1+1")
    assert rows[0]["at"] == NOW.isoformat()
    taken = acts(kind=Kind.DOWNLOADED)[0]
    assert taken.through == f"newsroom_staffact_{form}"
    assert "no-store" in answer["Cache-Control"]


def test_what_is_no_name_of_ours_is_not_written_down(root: Client) -> None:
    for action in ("\0", "x" * 500, "<b>", "=1+1"):
        root.post("/admin/articles/section/", {"action": action, "_selected_action": ["1"]})
    assert {act.through for act in acts()} <= {"articles_section_changelist"}
    for who in ("9" * 30, "x", "-1"):
        assert root.get(BOOK, {"who": who}).status_code in {200, 302}


def test_a_forged_filter_leads_back_to_the_list(root: Client) -> None:
    assert root.get(f"{BOOK}export/csv/", {"at__nonsense": "1"}).status_code == 302


def test_the_list_costs_as_little_for_many_acts_as_for_few(root: Client, ada: User) -> None:
    from django.test.utils import CaptureQueriesContext

    costs = []
    for _ in range(2):
        StaffAct.objects.bulk_create([StaffAct(at=NOW, actor=ada, kind=Kind.LOOKED, model="articles.Article")])
        StaffAct.objects.bulk_create([StaffAct(at=NOW, actor=ada, kind=Kind.LOOKED) for _ in range(20)])
        with CaptureQueriesContext(
            connection,
        ) as counted:
            root.get(BOOK)
        costs.append(len(counted))
    assert costs[0] == costs[1]


def test_an_article_saved_at_the_desk_is_written_down_without_its_text(client: Client) -> None:
    client.force_login(somebody_in("Chief editors", "eve@example.org"))
    article = an_article(by=an_author())
    with connection.execute_wrapper(seen()):
        article.write("<p>Another text of this article.</p>")
        article.save()
    said = {act.model: act.changes for act in acts()}
    assert said["articles.FullText"]["html"] == [WITHHELD, WITHHELD]
    assert "Another text" not in json.dumps(said)


def test_a_grant_by_hand_is_no_act_of_staff() -> None:
    a_grant(a_reader(), by=somebody_in("Subscription desk"))
    assert Grant.objects.exists()
    assert not acts()
