"""A number in an address may be as long as somebody likes to type, and no section takes another page's address."""

import re

import pytest
from django.test import Client
from django.urls import get_resolver

from articles.models.section import RESERVED
from tests.make import a_reader


@pytest.mark.django_db
def test_a_number_longer_than_a_database_can_hold_is_in_no_list() -> None:
    client = Client()
    client.force_login(a_reader(), "django.contrib.auth.backends.ModelBackend")
    assert client.post(f"/account/history/{10**24}/forget/").status_code == 302


def test_no_section_can_have_the_first_part_of_another_pages_address() -> None:
    firsts = {re.match(r"[\w.-]*", str(one.pattern)).group() for one in get_resolver().url_patterns}  # type: ignore[union-attr]
    for one in get_resolver().url_patterns:
        if not str(one.pattern):
            firsts |= {re.match(r"[\w.-]*", str(inner.pattern)).group() for inner in one.url_patterns}  # type: ignore[union-attr]
    words = {first for first in firsts if re.fullmatch(r"[a-z-]*[a-z]", first)}
    assert words - RESERVED == set()
