"""The subscription desk: find a reader, say why they can or cannot read, give access and end it; and who may what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission

from articles.models import Author
from readers.models import Letter, User
from subscriptions.access import entitlement_for
from subscriptions.answer import answer_for
from subscriptions.models import CheckoutAttempt, Customer, Grant, Plan, StripeEvent, Subscription, TrialUse

from .make import (
    NOW,
    TOMORROW,
    YESTERDAY,
    a_grant,
    a_plan,
    a_reader,
    a_subscription,
    an_article,
    an_author,
    somebody_in,
    the_groups,
)

pytestmark = pytest.mark.django_db
READERS = "/admin/readers/user/"
GRANT = "/admin/subscriptions/grant/add/"


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)


def page_of(reader: User) -> str:
    return f"{READERS}{reader.pk}/change/"


# --- Who may what ------------------------------------------------------------------------------------

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"
ALL = {VIEW, ADD, CHANGE, DELETE}
# What each group can do with each kind of row; what is not named here, it cannot even see.
RIGHTS: dict[str, dict[str, set[str]]] = {
    "Authors": {
        "articles.article": ALL,
        "articles.picture": {VIEW, ADD},
        "articles.topic": {VIEW},
        "articles.author": {VIEW, CHANGE},
    },
    "Editors": {
        "articles.article": ALL,
        "articles.picture": {VIEW, ADD, CHANGE},
        "articles.author": {VIEW, ADD, CHANGE},
        "articles.section": {VIEW},
        "articles.brief": ALL,
        "articles.partneritem": {VIEW, ADD, CHANGE},
        "articles.agendaitem": ALL,
        "articles.topic": ALL,
        "articles.correction": {VIEW, ADD, CHANGE},
        "articles.formeraddress": ALL,
        "articles.oldaddress": ALL,
        "articles.livecoverage": ALL,
        "articles.liveentry": ALL,
        "newsroom.page": {VIEW, ADD, CHANGE},
        "newsroom.pageversion": {VIEW},
        "newsroom.pagereview": {VIEW, CHANGE},
        "readers.newsletter": {VIEW, ADD, CHANGE},
    },
    "Subscription desk": {
        "readers.user": {VIEW},
        "readers.letter": {VIEW},
        "readers.addresschange": {VIEW},
        "readers.consent": {VIEW},
        "subscriptions.grant": {VIEW, ADD, CHANGE},
        "subscriptions.subscription": {VIEW},
        "subscriptions.contract": {VIEW},
        "subscriptions.amendment": {VIEW},
        "subscriptions.termsversion": {VIEW},
        "subscriptions.termstext": {VIEW},
        "subscriptions.customer": {VIEW},
        "subscriptions.plan": {VIEW},
        "subscriptions.checkoutattempt": {VIEW},
        "subscriptions.trialuse": {VIEW, DELETE},
        "subscriptions.refund": {VIEW},
        "subscriptions.dispute": {VIEW},
        "subscriptions.reconciliation": {VIEW},
        "subscriptions.finding": {VIEW},
        "subscriptions.stripeevent": {VIEW, CHANGE},
        "rights.statement": {VIEW, CHANGE},
        "subscriptions.notice": {VIEW},
        "subscriptions.pricechange": {VIEW},
        "subscriptions.putoff": {VIEW},
        "subscriptions.repricing": {VIEW},
        "subscriptions.purchase": {VIEW, CHANGE},
        "newsroom.page": {VIEW},
        "newsroom.pageversion": {VIEW},
        "groups.groupaccount": {VIEW, ADD, CHANGE},
        "groups.contact": ALL,
        "groups.term": {VIEW},
        "groups.groupinvoice": {VIEW},
        "groups.grouppayment": {VIEW},
        "groups.groupevent": {VIEW},
        "groups.seat": {VIEW, CHANGE},
        "groups.manager": {VIEW, CHANGE},
        "groups.invitation": {VIEW, ADD, CHANGE},
        "groups.domain": {VIEW, ADD, CHANGE},
        "groups.network": {VIEW, ADD, CHANGE},
        "groups.offsitepass": {VIEW, CHANGE},
        "groups.signon": {VIEW, ADD, CHANGE},
        "groups.monthofuse": {VIEW},
        "groups.enquiry": {VIEW, CHANGE},
        "groups.answertemplate": ALL,
        "groups.studentapplication": {VIEW, CHANGE},
        "groups.academicdomain": ALL,
    },
}

RIGHTS["Chief editors"] = RIGHTS["Editors"] | {
    "articles.section": {VIEW, ADD, CHANGE},
    "articles.frontversion": {VIEW, CHANGE},
}
# What is more than adding, changing, seeing and deleting rows.
VERBS = {
    "Authors": set(),
    "Editors": {"articles.publish_article", "articles.edit_others_article"},
    "Chief editors": {"articles.publish_article", "articles.edit_others_article", "articles.withdraw_article"},
    "Subscription desk": {"subscriptions.refund", "newsroom.see_as_reader"},
}

# On the page of the article that is corrected.
MADE_ELSEWHERE = {"articles.correction"}


@pytest.mark.parametrize("group", RIGHTS)
def test_each_group_has_the_rights_it_needs_and_no_other(group):
    person = somebody_in(group)

    wanted = VERBS[group] | {
        f"{label.split('.')[0]}.{verb}_{label.split('.')[1]}"
        for label, verbs in RIGHTS[group].items()
        for verb in verbs
    }
    assert person.get_all_permissions() == wanted


@pytest.mark.parametrize("group", RIGHTS)
def test_each_group_opens_its_own_lists_and_no_others(client, group):
    person = somebody_in(group)
    Author.objects.filter(pk=an_author().pk).update(account=person)
    client.force_login(person)

    for model in admin.site._registry:
        meta = model._meta
        address = f"/admin/{meta.app_label}/{meta.model_name}/"
        verbs = RIGHTS[group].get(meta.label_lower, set())
        assert client.get(address).status_code == (200 if VIEW in verbs else 403), address
        may_add = ADD in verbs and meta.label_lower not in MADE_ELSEWHERE
        assert client.get(f"{address}add/").status_code == (200 if may_add else 403), address


def test_groups_and_permissions_belong_to_administrators(client):
    for group in RIGHTS:
        client.force_login(somebody_in(group, f"{group[:3].lower()}@example.org"))
        for address in ("/admin/auth/group/", "/admin/account/emailaddress/", "/admin/mfa/authenticator/"):
            assert client.get(address).status_code in {403, 404}


def test_readers_and_strangers_never_come_in(client):
    for user in (None, a_reader()):
        client.logout()
        if user:
            client.force_login(user)
        assert client.get("/admin/").status_code == 302
        assert client.get(READERS).status_code == 302
        assert client.get(
            "/admin/autocomplete/?app_label=subscriptions&model_name=grant&field_name=reader"
        ).status_code in {
            302,
            403,
        }


def test_the_groups_are_made_once_and_survive_a_second_run():
    the_groups()

    assert sorted(Group.objects.values_list("name", flat=True)) == sorted(RIGHTS)


# --- Nobody raises rights ------------------------------------------------------------------------------

RAISED = {"is_staff": "on", "is_superuser": "on", "is_active": "on", "groups": ["1"], "password": "x", "name": "B"}


def test_a_desk_member_cannot_change_anybodys_rights(desk, dora):
    bob = a_reader()

    for person in (bob, dora):
        assert desk.post(page_of(person), RAISED).status_code == 403
        person.refresh_from_db()
        assert not person.is_superuser
    page = desk.get(page_of(bob)).content.decode()
    for name in ("is_staff", "is_superuser", "groups", "user_permissions", "password"):
        assert f'name="{name}"' not in page


def test_not_even_with_the_right_to_change_readers(desk, dora):
    dora.user_permissions.add(*Permission.objects.filter(codename__in=["change_user", "add_user", "delete_user"]))
    bob = a_reader()

    desk.post(page_of(bob), RAISED | {"email": "new@example.org"})
    desk.post(page_of(dora), RAISED)

    for person, email in ((bob, "bob@example.org"), (dora, "dora@example.org")):
        person.refresh_from_db()
        assert not person.is_superuser
        assert person.email == email
    bob.refresh_from_db()
    assert not bob.is_staff
    assert bob.name == "B"
    assert desk.get(f"{READERS}add/").status_code == 403
    assert desk.post(f"{READERS}{bob.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.get(f"{READERS}{bob.pk}/password/").status_code in {302, 404}


def test_an_administrator_gives_rights(client):
    client.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))
    bob = a_reader()
    editors = Group.objects.get(name="Editors")

    client.post(page_of(bob), {"name": "Bob", "is_active": "on", "is_staff": "on", "groups": [editors.pk]})

    bob.refresh_from_db()
    assert bob.is_staff
    assert list(bob.groups.all()) == [editors]


def test_an_administrator_adds_a_colleague_who_proves_the_address_by_signing_in(client):
    client.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))

    client.post(f"{READERS}add/", {"email": "Finn@Example.org", "name": "Finn", "is_active": "on", "is_staff": "on"})

    finn = User.objects.get(email="finn@example.org")
    assert finn.is_staff
    assert not finn.has_usable_password()
    assert not finn.emailaddress_set.get().verified


# --- Finding -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "term", ["bob@example.org", "BOB@Example.ORG", "bob", " Bob@ ", "Bob Builder <bob@example.org>"]
)
def test_a_reader_is_found_by_address_or_its_beginning(desk, term):
    bob = a_reader()
    a_reader("alice@example.org")

    assert list(desk.get(READERS, {"q": term}).context["cl"].result_list) == [bob]


def test_a_reader_is_found_by_what_stripe_calls_them(desk):
    bob = a_reader()
    Customer.objects.create(reader=bob, stripe_id="cus_123", created_at=NOW)
    subscription = a_subscription(bob)

    for term in ("cus_123", subscription.stripe_id):
        assert list(desk.get(READERS, {"q": term}).context["cl"].result_list) == [bob]


@pytest.mark.parametrize("term", ["ob@example", "%", "_ob@", "'; DROP TABLE", "x" * 5000])
def test_other_words_find_nobody(desk, term):
    a_reader()
    assert not desk.get(READERS, {"q": term}).context["cl"].result_list


def test_a_search_for_a_byte_that_is_no_letter_is_refused(desk):
    assert desk.get(READERS, {"q": "\x00"}).status_code == 400


# --- Why can they read, or not? --------------------------------------------------------------------------


def said(reader: User) -> tuple[bool, str]:
    answer = answer_for(reader, at=NOW)
    assert answer.may_read == (entitlement_for(reader, at=NOW) is not None)
    return answer.may_read, " ".join(answer.because)


def test_never_subscribed():
    assert said(a_reader()) == (False, "Never subscribed. The free trial is still open.")


def test_never_subscribed_but_the_trial_is_used():
    TrialUse.objects.create(mailbox="bob@example.org", used_at=YESTERDAY)

    assert said(a_reader()) == (
        False,
        "Never subscribed with this account, but this mailbox has had its free trial.",
    )


def test_in_trial():
    bob = a_reader()
    a_subscription(bob, "trialing")

    assert said(bob) == (True, "Free trial until 7 December 2026, 13:00.")


def test_subscribed():
    bob = a_reader()
    a_subscription(bob)

    assert said(bob) == (True, "Subscription, paid until 7 December 2026, 13:00.")


def test_cancelled_and_still_paid():
    bob = a_reader()
    a_subscription(bob, ends_at=TOMORROW, cancelled_at=YESTERDAY)

    assert said(bob) == (
        True,
        "Subscription, paid until 18 November 2026, 13:00. Cancelled on 16 November 2026, 13:00: it is not renewed.",
    )


def test_payment_failed_with_patience():
    bob = a_reader()
    a_subscription(bob, "past_due")

    assert said(bob) == (
        True,
        "The last payment failed; reading goes on until 28 November 2026, 13:00, while the bank is asked again.",
    )


def test_payment_failed_and_patience_over():
    bob = a_reader()
    a_subscription(bob, "past_due", unpaid_since=NOW - timedelta(days=15))

    assert said(bob) == (
        False,
        "Payment failed since 2 November 2026, 13:00; the 14 days of patience ended on 16 November 2026, 13:00.",
    )


def test_trial_ended():
    bob = a_reader()
    a_subscription(bob, "canceled", ends_at=YESTERDAY, trial_ends_at=YESTERDAY)

    assert said(bob) == (False, "The free trial ended on 16 November 2026, 13:00 and was not continued.")


def test_cancelled_and_over():
    bob = a_reader()
    a_subscription(bob, "canceled", ends_at=YESTERDAY)

    assert said(bob) == (False, "The subscription ended on 16 November 2026, 13:00.")


def test_a_renewal_that_was_never_confirmed():
    bob = a_reader()
    a_subscription(bob, period_ends_at=NOW - timedelta(days=3))

    assert said(bob)[0] is False
    assert "The renewal due on 14 November 2026, 13:00 is not confirmed" in said(bob)[1]


@pytest.mark.parametrize(
    "status", ["incomplete", "incomplete_expired", "unpaid", "paused", "canceled", "from_the_future"]
)
def test_every_other_state_is_said_in_words(status):
    bob = a_reader()
    a_subscription(bob, status)

    may_read, words = said(bob)
    assert not may_read
    assert words.endswith(".")


def test_given_access(dora):
    bob = a_reader()
    a_grant(bob, by=dora)

    assert said(bob) == (True, "Student access until 17 December 2026, 13:00: Showed a student card")


def test_given_access_that_ended_or_has_not_begun(dora):
    bob = a_reader()
    a_grant(bob, by=dora, ends_at=YESTERDAY + timedelta(hours=1))
    a_grant(bob, by=dora, starts_at=TOMORROW, ends_at=TOMORROW + timedelta(days=9))

    may_read, words = said(bob)
    assert not may_read
    assert "Student access ended on 16 November 2026, 14:00." in words
    assert "Student access begins on 18 November 2026, 13:00." in words


def test_staff_and_accounts_that_are_switched_off(dora):
    assert said(dora)[0]
    dora.is_active = False
    assert said(dora) == (False, "The account is switched off.")


def test_the_page_of_a_reader_says_it_and_shows_everything(desk, dora):
    bob = a_reader()
    a_subscription(bob, "past_due", card_brand="visa", card_last4="4242")
    a_grant(bob, by=dora)
    Letter.objects.create(
        reader=bob, to=bob.email, kind="welcome", occasion="1", subject="Welcome!", text="t", html="h", written_at=NOW
    )

    page = desk.get(page_of(bob)).content.decode()
    for words in (
        "May read now: yes",
        "The last payment failed",
        "past_due",
        "4242",
        "Showed a student card",
        "Welcome!",
    ):
        assert words in page


def test_html_in_a_name_or_a_reason_is_shown_as_text(desk, dora):
    bob = a_reader(name="<script>alert(1)</script>")
    a_grant(bob, by=dora, reason="<img src=x onerror=alert(1)>")

    for address in (page_of(bob), READERS, "/admin/subscriptions/grant/"):
        page = desk.get(address).content.decode()
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page


# --- Giving access and ending it ---------------------------------------------------------------------------


def grant(reader: User, **changes: Any) -> dict[str, Any]:
    return {
        "reader": reader.pk,
        "kind": "student",
        "reason": "Student at Ghent",
        "starts_at": "",
        "ends_at": "2027-01-31T23:59",
    } | changes


def test_access_is_given_with_a_reason_and_an_end_and_the_site_notes_who_gave_it(desk, dora):
    bob = a_reader()

    answer = desk.post(GRANT, grant(bob))

    given = Grant.objects.get()
    assert answer.url == page_of(bob)
    assert (given.granted_by, given.granted_at, given.starts_at) == (dora, NOW, NOW)
    assert given.ends_at.isoformat() == "2027-01-31T22:59:00+00:00"
    assert entitlement_for(bob, at=NOW)
    history = desk.get(f"{READERS}{bob.pk}/history/").content.decode()
    assert "Gave student access until 31 January 2027, 23:59: Student at Ghent" in history


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"ends_at": ""}, "ends_at"),
        ({"ends_at": "2026-11-17T13:00"}, "ends_at"),
        ({"ends_at": "2020-01-01T00:00"}, "ends_at"),
        ({"ends_at": "2026-11-20T00:00", "starts_at": "2026-11-21T00:00"}, "ends_at"),
        ({"kind": "friend"}, "kind"),
        ({"reader": "999999"}, "reader"),
        ({"reader": ""}, "reader"),
    ],
)
def test_access_without_reason_end_or_reader_is_refused(desk, changes, field):
    answer = desk.post(GRANT, grant(a_reader()) | changes)

    assert field in answer.context["adminform"].form.errors
    assert not Grant.objects.exists()


def test_nobody_signs_a_grant_with_another_name(desk, dora):
    bob, ada = a_reader(), a_reader("ada@example.org", is_staff=True, is_superuser=True)

    desk.post(GRANT, grant(bob, granted_by=ada.pk, granted_at="2020-01-01T00:00"))

    assert Grant.objects.get().granted_by == dora


def test_ending_access_ends_it_now_and_keeps_the_row(desk, dora):
    bob = a_reader()
    given = a_grant(bob, by=a_reader("ada@example.org"))

    answer = desk.post(f"/admin/subscriptions/grant/{given.pk}/end/")

    given.refresh_from_db()
    assert answer.url == page_of(bob)
    assert (given.ends_at, given.ended_by) == (NOW, dora)
    assert not entitlement_for(bob, at=NOW)
    assert LogEntry.objects.filter(user=dora, change_message="Ended.").exists()


def test_ending_twice_changes_nothing(desk, at):
    given = a_grant(a_reader(), by=a_reader("ada@example.org"))
    desk.post(f"/admin/subscriptions/grant/{given.pk}/end/")

    at(TOMORROW)
    desk.post(f"/admin/subscriptions/grant/{given.pk}/end/")

    given.refresh_from_db()
    assert given.ends_at == NOW


def test_access_is_ended_by_a_button_only_and_by_the_desk_only(client, desk):
    given = a_grant(a_reader(), by=a_reader("ada@example.org"))
    end = f"/admin/subscriptions/grant/{given.pk}/end/"

    assert desk.get(end).status_code == 405
    assert desk.post("/admin/subscriptions/grant/999999/end/").status_code == 404
    client.force_login(somebody_in("Editors", "eve@example.org"))
    assert client.post(end).status_code == 403
    given.refresh_from_db()
    assert given.ends_at > NOW


def test_a_grant_is_never_edited_and_never_deleted(desk):
    given = a_grant(a_reader(), by=a_reader("ada@example.org"))
    page = f"/admin/subscriptions/grant/{given.pk}/change/"

    assert desk.get(page).status_code == 200
    assert desk.post(page, grant(given.reader)).status_code == 403
    assert desk.post(f"/admin/subscriptions/grant/{given.pk}/delete/", {"post": "yes"}).status_code == 403


# --- Mirrors and plans ---------------------------------------------------------------------------------------


def test_what_mirrors_stripe_is_read_only_even_for_administrators(client):
    ada = a_reader("ada@example.org", is_staff=True, is_superuser=True)
    client.force_login(ada)
    rows = [
        a_subscription(ada),
        Customer.objects.create(reader=ada, stripe_id="cus_1", created_at=NOW),
        StripeEvent.objects.create(stripe_id="evt_1", kind="x", payload={}, received_at=NOW),
        CheckoutAttempt.objects.create(
            reader=ada, plan=a_plan(), with_trial=True, price_cents=1, first_charge_at=NOW, started_at=NOW
        ),
        Letter.objects.create(
            to="a@example.org", kind="k", occasion="o", subject="s", text="t", html="h", written_at=NOW
        ),
    ]
    for row in rows:
        here = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"
        assert client.get(f"{here}{row.pk}/change/").status_code == 200
        assert client.post(f"{here}{row.pk}/change/", {}).status_code == 403
        assert client.post(f"{here}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.get(f"{here}add/").status_code == 403
        assert client.get(here).status_code == 200


def test_the_desk_allows_another_trial_by_deleting_its_use(desk):
    use = TrialUse.objects.create(mailbox="bob@example.org", used_at=YESTERDAY)

    desk.post(f"/admin/subscriptions/trialuse/{use.pk}/delete/", {"post": "yes"})

    assert not TrialUse.objects.exists()


def test_the_price_of_a_sold_plan_never_changes(client):
    client.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))
    plan = a_plan(stripe_price_id="")
    Subscription.objects.all().delete()
    page = f"/admin/subscriptions/plan/{plan.pk}/change/"
    values = {"interval": "year", "currency": "eur", "trial_days": 30, "is_on_sale": "on", "lookup_key": "year"}

    client.post(page, values | {"price_cents": 16000})
    plan.refresh_from_db()
    assert plan.price_cents == 16000
    a_subscription(a_reader(), plan=plan)
    client.post(page, values | {"price_cents": 1, "interval": "month", "lookup_key": "x", "trial_days": 14})
    plan.refresh_from_db()
    assert (plan.price_cents, plan.interval, plan.lookup_key, plan.trial_days) == (16000, "year", "year", 14)
    assert client.post(f"/admin/subscriptions/plan/{plan.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_second_plan_on_sale_for_the_same_period_is_refused_with_words(client):
    client.force_login(a_reader("ada@example.org", is_staff=True, is_superuser=True))
    a_plan()

    answer = client.post(
        "/admin/subscriptions/plan/add/",
        {
            "interval": "year",
            "price_cents": 1,
            "currency": "eur",
            "trial_days": 30,
            "is_on_sale": "on",
            "lookup_key": "b",
        },
    )

    assert "off sale first" in answer.context["adminform"].form.errors["is_on_sale"][0]
    assert Plan.objects.count() == 1


# --- Signing in ------------------------------------------------------------------------------------------------


def test_the_admin_is_entered_through_the_sites_own_sign_in(client):
    answer = client.get("/admin/", follow=True)

    assert "/accounts/" in answer.redirect_chain[-1][0]


def test_lists_of_the_desk_ask_as_little_for_many_readers_as_for_few(desk, dora, django_assert_num_queries):
    def fill(count: int) -> None:
        for number in range(count):
            reader = a_reader(f"reader{User.objects.count()}-{number}@example.org")
            a_subscription(reader)
            a_grant(reader, by=dora)

    lists = ["/admin/readers/user/", "/admin/subscriptions/grant/", "/admin/subscriptions/subscription/"]
    fill(1)
    costs = {}
    for address in lists:
        with django_assert_num_queries(12, exact=False) as asked:
            desk.get(address)
        costs[address] = len(asked)
    fill(20)
    for address in lists:
        with django_assert_num_queries(costs[address]):
            desk.get(address)


def test_the_desk_never_reads_paid_text(desk):
    an_article(by=an_author())

    for address in ("/admin/articles/article/", "/admin/articles/article/1/change/", "/admin/"):
        assert b"canaryword" not in desk.get(address).content
