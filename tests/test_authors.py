"""The page of an author: how to reach them, what they declare, and a key for what nobody else may read."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from articles.models import Author
from tests.make import NOW, YESTERDAY, a_section, an_article, an_author, somebody_in

pytestmark = pytest.mark.django_db
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ0BqZBYJKwYBBAHaRw8BAQdA\n-----END PGP PUBLIC KEY BLOCK-----"
FINGERPRINT = "9F2C71B044AE0D13C55A8E2196D3F07B4412CA9E"


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


def told_of(**fields: Any) -> str:
    author = an_author()
    Author.objects.filter(pk=author.pk).update(**fields)
    return Client().get(author.get_absolute_url()).content.decode().partition("<main")[2].partition("</main>")[0]


def test_the_page_says_how_to_reach_an_author_and_what_they_declare() -> None:
    page = told_of(
        email="ana@example.org", signal="ana.27", pgp_fingerprint=FINGERPRINT, pgp_key=KEY,
        languages="Slovene, English", interests="Holds no shares.\nSits on no board.",
    )  # fmt: skip
    for words in (
        *("mailto:ana@example.org", "Signal: ana.27", "9F2C 71B0 44AE 0D13 C55A 8E21 96D3 F07B 4412 CA9E"),
        *("/authors/ana-novak/key.asc", "Slovene, English", "Holds no shares.<br>Sits on no board."),
    ):
        assert words in page


def test_what_is_not_known_is_not_mentioned() -> None:
    page = told_of()
    for words in ("mailto:", "Signal", "PGP", "Reads and speaks", "Interests declared", "Guest author"):
        assert words not in page
    assert "How to reach us safely" in page


def test_a_guest_is_called_a_guest() -> None:
    assert "Guest author" in told_of(is_guest=True)


def test_the_key_can_be_downloaded() -> None:
    told_of(pgp_key=KEY)
    answer = Client().get("/authors/ana-novak/key.asc")
    assert answer.content.decode() == KEY + "\n"
    assert answer["Content-Type"] == "application/pgp-keys"
    assert 'filename="ana-novak.asc"' in answer["Content-Disposition"]
    an_author("Zita Zabel")
    assert Client().get("/authors/zita-zabel/key.asc").status_code == 404


def test_an_editor_may_paste_a_fingerprint_as_programs_print_it() -> None:
    desk = Client()
    desk.force_login(somebody_in("Editors"), "django.contrib.auth.backends.ModelBackend")
    typed = {
        "name": "Bo Lind",
        "slug": "bo-lind",
        "pgp_fingerprint": "9f2c 71b0 44ae 0d13 c55a  8e21 96d3 f07b 4412 ca9e",
    }
    assert desk.post("/admin/articles/author/add/", typed).status_code == 302
    assert Author.objects.get(slug="bo-lind").pgp_fingerprint == FINGERPRINT


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pgp_fingerprint", "9F2C71B0"),
        ("pgp_fingerprint", "Z" * 40),
        ("pgp_key", "my key"),
        ("pgp_key", KEY.replace("PUBLIC", "PRIVATE")),
        ("email", "ana at example"),
    ],
)
def test_what_is_no_key_is_refused(field: str, value: str) -> None:
    author = an_author()
    setattr(author, field, value)
    with pytest.raises(ValidationError) as refused:
        author.full_clean()
    assert field in refused.value.message_dict


# --- The desk of a section ----------------------------------------------------------------------------------


def test_a_section_names_the_people_and_the_subjects_of_the_last_months() -> None:
    busy, guest = an_author("Zita Zabel"), an_author("Gus Guest")
    Author.objects.filter(pk=guest.pk).update(is_guest=True)
    for number in range(2):
        an_article(f"Bridge {number}", by=busy)
    article = an_article("Ferry", by=an_author("Ana Novak"))
    article.topics.create(name="Ferries", slug="ferries")
    an_article("By a guest", by=guest)
    an_article("Long ago", by=an_author("Old Hand"), published=NOW.replace(year=2025))
    an_article("Elsewhere", by=an_author("Ed Elsewhere"), section=a_section("tech"))
    an_article("Not yet", by=an_author("Nora Next"), published=None)
    head = Client().get("/climate/").content.decode().partition('class="page-head"')[2].partition("</header>")[0]
    assert head.index("Zita Zabel") < head.index("Ana Novak")
    assert "Ferries" in head
    for name in ("Gus Guest", "Old Hand", "Ed Elsewhere", "Nora Next"):
        assert name not in head


def test_the_opinion_section_shows_who_speaks_before_what_is_said() -> None:
    an_article("Thank the interpreters", section=a_section("opinion", is_opinion=True), published=YESTERDAY)
    page = Client().get("/opinion/").content.decode()
    assert "teaser--voice" in page
    assert page.index('<p class="by">Ana Novak</p>') < page.index("Thank the interpreters</a>")
