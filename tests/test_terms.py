"""The terms: one version in force, earlier ones to read again, coming ones in time; and none is ever altered."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from edge.plain_text import as_plain_text
from subscriptions import first_terms
from subscriptions.models import CheckoutAttempt, TermsText, TermsVersion
from tests.make import NOW, a_plan, a_reader, somebody_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]


def a_version(name: str = "2027-01", *, from_in_days: int = 30, published: bool = True, **texts: str) -> TermsVersion:
    version = TermsVersion.objects.create(name=name, effective_from=NOW + timedelta(days=from_in_days))
    for language, html in (texts or {"en": "<p>The new terms.</p>"}).items():
        TermsText.objects.create(version=version, language=language, html=html, what_changed="The font.")
    if published:
        version.publish(at=NOW)
    return version


def words(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_a_fresh_site_has_terms_in_four_languages() -> None:
    version = TermsVersion.objects.get()
    assert (version.name, version.is_published) == ("2026-11", True)
    assert [one.language for one in version.texts.all()] == ["en", "fr", "nl", "de"]
    for one in version.texts.all():
        assert "[" not in one.html, "every place is filled"
        assert "<blockquote>" in one.html, "the renewal stands in a box"
        assert one.html.count("<h2>") == 14


def test_bringing_in_the_first_terms_twice_changes_nothing() -> None:
    from django.apps import apps

    first_terms.bring_in(apps.get_model, using="default")
    assert TermsVersion.objects.count() == 1


def test_what_the_brand_says_cannot_become_markup(settings) -> None:
    settings.SITE_PUBLISHER = "Bread & <b>Roses</b>"
    assert "Bread &amp; &lt;b&gt;Roses&lt;/b&gt;" in first_terms.words_in("en")


def test_the_page_shows_the_version_in_force_and_since_when(client: Client) -> None:
    page = words(client, "/terms/")
    assert "Version 2026-11" in page
    assert "In force since 1 November 2026" in page
    assert "14. Complaints and law" in page


def test_a_coming_version_can_be_read_and_takes_over_on_its_day(client: Client, at) -> None:
    a_version()
    assert "Version 2027-01" in words(client, "/terms/")
    assert "The new terms." not in words(client, "/terms/")
    coming = words(client, "/terms/2027-01/")
    assert "The new terms." in coming
    assert "In force from 17 December 2026" in coming
    assert "The font." in coming
    at(NOW + timedelta(days=30))
    assert "The new terms." in words(client, "/terms/")
    earlier = words(client, "/terms/2026-11/")
    assert "14. Complaints and law" in earlier
    assert "This is not the version in force now." in earlier


def test_a_draft_is_nobodys_business(client: Client, at) -> None:
    a_version(published=False)
    assert client.get("/terms/2027-01/").status_code == 404
    assert "2027-01" not in words(client, "/terms/")
    at(NOW + timedelta(days=60))
    assert "Version 2026-11" in words(client, "/terms/")


def test_a_language_that_is_missing_is_shown_in_english_and_said_so(client: Client, at) -> None:
    a_version(from_in_days=-1)
    page = words(client, "/fr/terms/")
    assert "The new terms." in page
    assert '<div class="prose terms mt" lang="en">' in page


def test_each_language_has_its_own_words(client: Client) -> None:
    assert "14. Réclamations et droit applicable" in words(client, "/fr/terms/")
    assert "14. Klachten en recht" in words(client, "/nl/terms/")
    assert "14. Beschwerden und Recht" in words(client, "/de/terms/")


def test_anybody_may_keep_the_page(client: Client) -> None:
    assert "public" in client.get("/terms/").headers["Cache-Control"]
    assert "public" in client.get("/terms/2026-11/").headers["Cache-Control"]


def test_the_database_refuses_to_alter_what_was_published() -> None:
    version = TermsVersion.objects.get()
    for change in (
        lambda: TermsVersion.objects.filter(pk=version.pk).update(effective_from=NOW),
        lambda: TermsText.objects.filter(version=version, language="en").update(html="<p>Nothing.</p>"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_draft_may_be_altered_until_it_is_published() -> None:
    draft = a_version(published=False)
    draft.texts.update(html="<p>Better.</p>")
    draft.publish(at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.texts.update(html="<p>Worse.</p>")


def test_an_order_is_under_the_terms_of_its_day_and_the_page_is_shown_again_when_they_change(
    client: Client, at
) -> None:
    a_plan("year")
    client.force_login(a_reader())
    page = client.get("/subscribe/confirm/", {"plan": "year"})
    assert 'href="/terms/2026-11/"' in page.content.decode()
    a_version(from_in_days=0)
    again = client.post("/subscribe/order/", {"plan": "year", "shown": page.context["shown"]})
    assert "Terms of Use, version 2027-01" in again.content.decode()
    assert not CheckoutAttempt.objects.exists()
    client.post("/subscribe/order/", {"plan": "year", "shown": again.context["shown"]})
    assert CheckoutAttempt.objects.get().terms_version == "2027-01"


# --- The desk ------------------------------------------------------------------------------------------

DESK = "/admin/subscriptions/termsversion/"


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(a_reader("eve@example.org", is_staff=True, is_superuser=True))
    return client


def the_form(version: TermsVersion, html: str) -> dict[str, object]:
    text = version.texts.get(language="en")
    return {
        "name": version.name,
        "effective_from": "2027-01-01T00:00",
        "texts-TOTAL_FORMS": 1,
        "texts-INITIAL_FORMS": 1,
        "texts-0-id": text.pk,
        "texts-0-version": version.pk,
        "texts-0-language": "en",
        "texts-0-html": html,
    }


def test_a_new_version_begins_as_a_copy_and_is_published_with_a_button(boss: Client) -> None:
    first = TermsVersion.objects.get()
    boss.post(f"{DESK}{first.pk}/copy/")
    draft = TermsVersion.objects.exclude(pk=first.pk).get()
    assert (draft.is_published, draft.texts.count()) == (False, 4)
    assert boss.get(f"{DESK}{draft.pk}/change/").status_code == 200
    boss.post(f"{DESK}{draft.pk}/publish/")
    draft.refresh_from_db()
    assert draft.is_published
    assert draft.effective_from > NOW


def test_what_is_written_is_cleaned(boss: Client) -> None:
    draft = a_version(published=False)
    boss.post(f"{DESK}{draft.pk}/change/", the_form(draft, "<p onclick='x'>Hi<script>alert(1)</script></p>"))
    assert draft.texts.get().html == "<p>Hi</p>"


def test_a_published_version_is_read_at_the_desk_and_not_altered(boss: Client) -> None:
    version = a_version()
    assert boss.get(f"{DESK}{version.pk}/change/").status_code == 200
    assert boss.post(f"{DESK}{version.pk}/change/", the_form(version, "<p>Other.</p>")).status_code == 403
    assert boss.post(f"{DESK}{version.pk}/delete/", {"post": "yes"}).status_code == 403
    assert boss.post(f"{DESK}{version.pk}/publish/").status_code == 403
    assert version.texts.get().html == "<p>The new terms.</p>"


@pytest.mark.parametrize(("draft", "why"), [({"from_in_days": -1}, "in the past"), ({"fr": "<p>Oui.</p>"}, "English")])
def test_what_would_be_wrong_is_not_published(boss: Client, draft: dict, why: str) -> None:
    version = a_version(published=False, **draft)
    page = boss.post(f"{DESK}{version.pk}/publish/", follow=True).content.decode()
    assert why in page
    assert not TermsVersion.objects.get(pk=version.pk).is_published


def test_a_version_can_be_written_from_nothing(boss: Client) -> None:
    page = boss.get(f"{DESK}add/").content.decode()
    assert page.count('class="inline-related') >= 4
    boss.post(
        f"{DESK}add/",
        {
            "name": "2027-01",
            "effective_from": "2027-01-01T00:00",
            "texts-TOTAL_FORMS": 1,
            "texts-INITIAL_FORMS": 0,
            "texts-0-language": "en",
            "texts-0-html": "<p>Hello.</p>",
        },
    )
    assert TermsVersion.objects.get(name="2027-01").texts.get().html == "<p>Hello.</p>"


def test_the_subscription_desk_reads_terms_and_writes_none(client: Client) -> None:
    client.force_login(somebody_in("Subscription desk"))
    version = TermsVersion.objects.get()
    assert client.get(f"{DESK}{version.pk}/change/").status_code == 200
    for verb in ("publish", "copy"):
        assert client.post(f"{DESK}{version.pk}/{verb}/").status_code == 403


# --- As plain text ---------------------------------------------------------------------------------------


def test_plain_text_keeps_headings_lists_boxes_and_addresses() -> None:
    text = as_plain_text(
        '<h2>1. One</h2><p>See <a href="/x/">here</a> or <a href="mailto:a@b.example">a@b.example</a>.</p>'
        "<ul><li>red</li><li><p>green</p></li></ul><ol><li>first</li><li>second</li></ol>"
        "<blockquote><p>It renews.</p></blockquote><dl><div><dt>Price</dt><dd>€150</dd></div>"
        "<div><dt>Then</dt><dd>€15</dd></div></dl>",
        base_url="https://news.example",
    )
    assert text == (
        "1. One\n------\n\nSee here (https://news.example/x/) or a@b.example.\n\n- red\n- green\n\n"
        "1. first\n2. second\n\n| It renews.\n\nPrice: €150\nThen: €15"
    )
