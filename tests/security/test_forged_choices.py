"""What the admin's searching choices are sent by nobody's browser is an error in the form."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("value", ["fr", "99999999999999999999", "1;2", "\x00", "-1"])
def test_a_forged_choice_is_told_at_its_field(desk: Client, value: str) -> None:
    answer = desk.post("/admin/subscriptions/grant/add/", {"reader": value})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
