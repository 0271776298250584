"""A student applies and is approved, in Chromium: by a code at once, by a document with the desk between."""

import io
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from PIL import Image
from playwright.sync_api import Page, expect

from groups.models import StudentApplication, StudentProof
from tests.browser.axe import STANDARDS, run_axe
from tests.make import a_reader, an_article, somebody_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def enter(page: Page, site: str, user: Any) -> None:
    """Sign somebody in without the way through a mail."""
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])


def is_sound(page: Page) -> None:
    """Nothing that keeps somebody out, and nothing wider than the window."""
    found = run_axe(page, options={"runOnly": STANDARDS}).response["violations"]
    assert not found, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["1280", "390"])
def test_a_student_proves_an_address_and_reads(
    page: Page, site: str, complaints: list[str], size: dict[str, int]
) -> None:
    article = an_article()
    page.set_viewport_size(size)  # type: ignore[arg-type]
    enter(page, site, a_reader())
    page.goto(site + article.get_absolute_url())
    page.get_by_role("link", name="a year of their own").click()
    is_sound(page)
    page.get_by_role("link", name="Prove that you study").click()
    is_sound(page)
    page.get_by_label("Your address at the university").fill("bob@ugent.be")
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Six-digit code").wait_for()
    is_sound(page)
    code = re.search(r"^\s+(\d{6})$", mail.outbox[-1].body, re.MULTILINE)[1]  # type: ignore[index]
    page.get_by_label("Six-digit code").fill(code)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Student access until")).to_be_visible()
    is_sound(page)
    page.goto(site + article.get_absolute_url())
    expect(page.get_by_text("canaryword")).to_be_visible()
    page.get_by_role("link", name="All your reasons").click()
    expect(page.get_by_role("heading", name="Why you can read everything")).to_be_in_viewport()
    is_sound(page)


def test_a_student_sends_a_document_and_the_desk_approves(
    page: Page, site: str, complaints: list[str], browser: Any
) -> None:
    article = an_article()
    enter(page, site, a_reader())
    page.goto(f"{site}/account/student/")
    page.get_by_text("My university gave me no address").click()
    page.get_by_label("University or school").fill("Ghent University")
    picture = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(picture, "PNG")
    page.get_by_label("Proof for this year").set_input_files(
        {"name": "card.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("heading", name="A person looks at your document")).to_be_visible()
    is_sound(page)

    desk = browser.new_context(viewport=DESK).new_page()
    enter(desk, site, somebody_in("Subscription desk"))
    desk.goto(f"{site}/admin/")
    desk.get_by_role("link", name="Look at them").click()
    desk.get_by_role("link", name="bob@example.org").click()
    shown = desk.get_by_alt_text("The document, as it was sent")
    expect(shown).to_be_visible()
    assert shown.evaluate("picture => picture.naturalWidth") == 300
    desk.get_by_role("button", name="Yes: Ghent University").click()
    expect(desk.get_by_text("Accepted. The document is deleted.")).to_be_visible()
    desk.context.close()

    assert not StudentProof.objects.exists()
    assert StudentApplication.objects.get().state == "granted"
    page.goto(site + article.get_absolute_url())
    expect(page.get_by_text("canaryword")).to_be_visible()
    assert [letter.subject[:17] for letter in mail.outbox if letter.to == ["bob@example.org"]] == ["Your student year"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["1280", "390"])
def test_somebody_asks_and_fields_come_with_what_it_is_about(
    page: Page, site: str, complaints: list[str], size: dict[str, int]
) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(f"{site}/ask/")
    expect(page.get_by_label("Organisation")).to_be_hidden()
    expect(page.get_by_label("Leave this empty")).not_to_be_in_viewport()
    page.get_by_label("A company").check()
    expect(page.get_by_label("Organisation")).to_be_visible()
    page.get_by_label("I am a student or a teacher").check()
    expect(page.get_by_text("Most students need not ask")).to_be_visible()
    is_sound(page)
    page.get_by_label("I cannot afford a subscription").check()
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Your email address").fill("ana@example.org")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("A sentence is enough.")).to_be_visible()
    page.get_by_label("What we should know").fill("I lost my job.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you, it has reached us")).to_be_visible()
    is_sound(page)
