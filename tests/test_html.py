"""The W3C's checker finds no error in the HTML of any page in any state."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tests import vnu
from tests.fakes import FakeBilling
from tests.make import NOW
from tests.showroom import rendered


@pytest.fixture
def checker() -> None:
    if vnu.jar() is None:
        pytest.skip(f"needs {vnu.HOW_TO_GET_IT}")


@pytest.mark.django_db
@pytest.mark.anywhere
def test_no_page_has_an_error(checker: None, at: Callable[[datetime], None], billing: FakeBilling) -> None:
    at(NOW)
    shown = rendered(billing)
    assert len(shown) > 150
    assert not vnu.errors_in({one.name: one.html for one in shown.values()})


def test_the_checker_finds_what_is_wrong(checker: None) -> None:
    wrong = vnu.errors_in(
        {"a page": "<!doctype html><html lang=en><title>x</title><p><div id=a></div><b id=a></b></p>"}
    )
    assert [one for one in wrong if one.startswith("a page, line 1: Duplicate ID")]
