"""A subscriber moves to another mailbox: the account, the letters and Stripe move along, and nobody reads for free."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from newsroom import jobs
from readers.models import User
from subscriptions.models import Customer, Subscription
from tests.make import an_article
from tests.world import World

from .test_from_the_wall_to_the_last_day import order, own_path, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "anna@example.org", "anna.new@example.org"


def test_a_subscriber_takes_everything_along_to_another_mailbox(world: World) -> None:
    article = an_article(published=world.now() - timedelta(days=1))
    anna = Client()
    sign_in(anna, world, OLD, "/subscribe/confirm/?plan=year")
    anna.get(own_path(world.pay(order(anna))))
    world.settle()

    anna.post("/account/email/", {"email": NEW})
    to_new, to_old = mail.outbox[-2:]
    code = re.search(r"\b\d{6}\b", to_new.body)
    link = re.search(r"/account/email/old/\S+", to_old.body)
    assert code
    assert link
    anna.post("/account/email/code/", {"code": code[0]})
    Client().post(link[0])

    assert User.objects.get().email == NEW
    assert "canaryword" in anna.get(article.get_absolute_url()).content.decode()
    customer = Customer.objects.get()
    assert jobs.follow_addresses.call() == "1 told."
    assert world.customer(customer.stripe_id)["email"] == NEW
    before = len(world.letters_to(OLD))
    anna.post("/account/cancel/")
    assert Subscription.objects.get().ends_at is not None
    assert any("cancelled" in subject for subject in world.letters_to(NEW))
    assert len(world.letters_to(OLD)) == before

    again = Client()
    sign_in(again, world, NEW, "/account/")
    assert "Cancelled. You can read until" in again.get("/account/").content.decode()
