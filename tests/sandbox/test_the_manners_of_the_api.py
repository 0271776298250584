"""Keys, errors, idempotency, lists, expansion, metadata: what every request has in common."""

import base64
import json
import re
import threading
from pathlib import Path

import pytest
import stripe

from stripe_sandbox import API_VERSION, api, forms, parameters
from stripe_sandbox.clock import DAY
from stripe_sandbox.errors import ApiError

from .conftest import CONTRACT_DIR, Here


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer pk_test_1", "Bearer sk_live_1", "Basic !", "Bearer sk_test_"],
)
def test_only_secret_test_keys_are_let_in(here: Here, authorization: str):
    answer = here.v1("GET", "/v1/customers", Authorization=authorization)
    assert answer.status == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_key_may_come_as_a_user_name(here: Here):
    basic = base64.b64encode(b"rk_test_1:").decode()
    assert here.v1("GET", "/v1/account", Authorization=f"Basic {basic}").status == 200


def test_every_answer_has_a_request_id_and_a_version(here: Here):
    for answer in (here.v1("GET", "/v1/customers"), here.v1("GET", "/v1/customers/cus_no")):
        assert answer.headers["Request-Id"].startswith("req_")
        assert answer.headers["Stripe-Version"] == API_VERSION


def test_another_version_is_refused(here: Here):
    assert here.v1("GET", "/v1/customers", Stripe_Version="2019-01-01").status == 400


@pytest.mark.parametrize(
    ("method", "path", "form", "status", "code", "param"),
    [
        ("GET", "/v1/nothing", "", 404, "url_invalid", None),
        ("GET", "/v1/customers/cus_no", "", 404, "resource_missing", "id"),
        ("GET", "/v1/customers/price_no", "", 404, "resource_missing", "id"),
        ("POST", "/v1/subscriptions", "customer=cus_no&items[0][price]=p", 400, "resource_missing", "customer"),
        ("POST", "/v1/customers", "colour=red", 400, "parameter_unknown", "colour"),
        ("POST", "/v1/customers", "address[planet]=mars", 400, "parameter_unknown", "address[planet]"),
        ("POST", "/v1/prices", "unit_amount=5", 400, "parameter_missing", "currency"),
        ("POST", "/v1/customers", "balance=lots", 400, "parameter_invalid_integer", "balance"),
        ("POST", "/v1/prices", "currency=", 400, "parameter_invalid_empty", "currency"),
        ("GET", "/v1/customers?limit=101", "", 400, "parameter_invalid_integer", "limit"),
        ("GET", "/v1/customers?starting_after=cus_no", "", 400, "resource_missing", "starting_after"),
        ("POST", "/v1/customers", "address=x&address[city]=y", 400, None, None),
        ("POST", "/v1/customers", "a" + "[b]" * 50 + "=1", 400, None, None),
        ("POST", "/v1/customers", "email=nobody", 400, "email_invalid", "email"),
        ("POST", "/v1/products", "name=x&active=perhaps", 400, None, "active"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(here: Here, method, path, form, status, code, param):
    answer = here.v1(method, path, form)
    error = answer.json()["error"]
    assert (answer.status, error.get("code"), error.get("param")) == (status, code, param)


def test_a_body_that_is_no_form_is_refused(here: Here):
    assert here.v1("POST", "/v1/customers", "{}", Content_Type="application/json").status == 400


def test_a_body_beyond_measure_is_refused(here: Here):
    assert here.v1("POST", "/v1/customers", "a" * ((1 << 20) + 1)).status == 413


def test_a_customer_can_be_written_changed_and_emptied(here: Here):
    made = here.api.v1.customers.create(
        {"email": "a@example.org", "metadata": {"reader": "7", "kind": "student"}, "address": {"country": "BE"}}
    )
    assert (made.livemode, made.address.country, made.address.city) == (False, "BE", None)
    changed = here.api.v1.customers.update(made.id, {"metadata": {"kind": "", "since": "2026"}, "name": "Alice"})
    assert changed.metadata.to_dict() == {"reader": "7", "since": "2026"}
    assert here.api.v1.customers.update(made.id, {"metadata": ""}).metadata.to_dict() == {}
    assert here.v1("POST", f"/v1/customers/{made.id}", "email=").json()["email"] is None
    assert here.told() == ["customer.created", *["customer.updated"] * 3]


def test_an_update_says_what_was_different_before(here: Here):
    made = here.api.v1.customers.create({"email": "a@example.org", "metadata": {"a": "1"}})
    here.api.v1.customers.update(made.id, {"email": "b@example.org", "metadata": {"a": "2"}})
    here.api.v1.customers.update(made.id, {"email": "b@example.org"})
    here.sandbox.drain()
    told = [event for event in here.inbox.events if event["type"] == "customer.updated"]
    assert [event["data"]["previous_attributes"] for event in told] == [
        {"email": "a@example.org", "metadata": {"a": "1"}}
    ]
    assert told[0]["data"]["object"]["email"] == "b@example.org"


def test_the_same_key_and_words_give_the_same_answer_once(here: Here):
    first = here.v1("POST", "/v1/customers", "email=a@example.org", Idempotency_Key="k1")
    again = here.v1("POST", "/v1/customers", "email=a@example.org", Idempotency_Key="k1")
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert here.control("state")["counts"]["customer"] == 1


def test_the_same_key_with_other_words_is_refused(here: Here):
    here.v1("POST", "/v1/customers", "email=a@example.org", Idempotency_Key="k1")
    other = here.v1("POST", "/v1/customers", "email=b@example.org", Idempotency_Key="k1")
    assert (other.status, other.json()["error"]["type"]) == (400, "idempotency_error")


def test_a_refusal_is_kept_too_but_not_one_that_came_before_execution(here: Here):
    here.v1("POST", "/v1/customers", "colour=red", Idempotency_Key="k1")
    assert here.v1("POST", "/v1/customers", "email=a@example.org", Idempotency_Key="k1").status == 200
    form = "customer=cus_no&items[0][price]=price_no"
    here.v1("POST", "/v1/subscriptions", form, Idempotency_Key="k2")
    again = here.v1("POST", "/v1/subscriptions", form, Idempotency_Key="k2")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (400, "true")


def test_a_key_is_forgotten_after_a_day(here: Here):
    here.v1("POST", "/v1/customers", "email=a@example.org", Idempotency_Key="k1")
    here.sandbox.advance(DAY + 1)
    here.v1("POST", "/v1/customers", "email=a@example.org", Idempotency_Key="k1")
    assert here.control("state")["counts"]["customer"] == 2


def test_one_key_at_a_time(here: Here):
    answers = []

    def ask() -> None:
        answers.append(here.v1("POST", "/v1/customers", "email=a@example.org", Idempotency_Key="k1").status)

    with here.sandbox.world.lock:
        first = threading.Thread(target=ask)
        first.start()
        while "k1" not in here.sandbox.keys.in_hand:
            threading.Event().wait(0.005)
        assert here.v1("POST", "/v1/customers", "email=a@example.org", Idempotency_Key="k1").status == 409
    first.join()
    assert answers == [200]


def test_lists_come_newest_first_in_pages(here: Here):
    made = [here.api.v1.customers.create({"name": f"Reader {number}"}).id for number in range(5)]
    newest = made[::-1]
    page = here.api.v1.customers.list({"limit": 2})
    assert ([one.id for one in page.data], page.has_more) == (newest[:2], True)
    rest = here.api.v1.customers.list({"limit": 3, "starting_after": newest[1]})
    assert ([one.id for one in rest.data], rest.has_more) == (newest[2:], False)
    back = here.api.v1.customers.list({"limit": 2, "ending_before": newest[4]})
    assert ([one.id for one in back.data], back.has_more) == (newest[2:4], True)
    walked = here.api.v1.customers.list({"limit": 2}).auto_paging_iter()
    assert [one.id for one in walked] == newest


def test_lists_can_be_narrowed(here: Here, monthly, subscribe):
    kept, ended = subscribe(monthly), subscribe(monthly)
    here.api.v1.subscriptions.cancel(ended.id)

    def ids(**filters):
        return {one.id for one in here.api.v1.subscriptions.list(filters).data}

    assert ids() == {kept.id}
    assert ids(status="all") == {kept.id, ended.id}
    assert ids(status="canceled") == {ended.id} == ids(status="ended")
    assert ids(customer=ended.customer) == set()
    assert ids(price=monthly, status="all") == {kept.id, ended.id}
    assert ids(created={"lt": kept.created}) == set()
    assert len(here.api.v1.invoices.list({"subscription": kept.id, "status": "paid"}).data) == 1
    assert len(here.api.v1.customers.list({"email": "alice@example.org"}).data) == 2
    assert len(here.api.v1.charges.list({"customer": kept.customer}).data) == 1


def test_things_are_found_by_their_metadata(here: Here, monthly, subscribe):
    wanted = subscribe(monthly, metadata={"attempt": "a-17"})
    subscribe(monthly, metadata={"attempt": "a-18"})
    found = here.api.v1.subscriptions.search({"query": "metadata['attempt']:'a-17' AND status:'active'"})
    assert [one.id for one in found.data] == [wanted.id]
    assert here.api.v1.customers.search({"query": "email:'nobody@example.org'"}).data == []
    everybody = here.direct.v1.subscriptions.search({"query": "status:'active'", "limit": 1})
    assert len(list(everybody.auto_paging_iter())) == 2
    assert len(here.api.v1.invoices.search({"query": "total>1000 AND -status:'draft'"}).data) == 2
    assert here.v1("GET", "/v1/customers/search?query=nonsense").status == 400


def test_ids_become_objects_on_request(here: Here, monthly, subscribe):
    subscription = subscribe(monthly)
    found = here.api.v1.subscriptions.retrieve(
        subscription.id,
        {
            "expand": [
                "customer",
                "default_payment_method",
                "latest_invoice.payments",
                "items.data.price.product",
            ]
        },
    )
    assert found.customer.email == "alice@example.org"
    assert found.default_payment_method.card.last4 == "4242"
    assert found.latest_invoice.payments.data[0].status == "paid"
    deeper = ["payments.data.payment.payment_intent"]
    invoice = here.api.v1.invoices.retrieve(found.latest_invoice.id, {"expand": deeper})
    assert invoice.payments.data[0].payment.payment_intent.amount_received == 1500
    assert found["items"].data[0].price.product.object == "product"
    listed = here.api.v1.subscriptions.list({"expand": ["data.customer"]})
    assert listed.data[0].customer.object == "customer"


@pytest.mark.parametrize("path", ["nothing", "status", "customer.nothing", "a.b.c.d.e"])
def test_what_cannot_be_expanded_is_refused(here: Here, monthly, subscribe, path: str):
    subscription = subscribe(monthly)
    assert here.v1("GET", f"/v1/subscriptions/{subscription.id}?expand[0]={path}").status == 400


def test_the_payment_of_an_invoice_is_found_both_ways(here: Here, monthly, subscribe):
    invoice = subscribe(monthly).latest_invoice
    payment = here.api.v1.invoice_payments.list({"invoice": invoice}).data[0]
    assert (payment.status, payment.amount_paid) == ("paid", 1500)
    intent = payment.payment.payment_intent
    back = here.api.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent}})
    assert back.data[0].invoice == invoice


def test_tax_numbers_are_looked_up_a_little_later(here: Here):
    customer = here.api.v1.customers.create({"name": "A library"})
    good = here.api.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "BE0123456789"})
    bad = here.api.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "BE0000000000"})
    assert good.verification.status == "pending"
    here.sandbox.advance(600)
    states = [here.api.v1.customers.tax_ids.retrieve(customer.id, one.id).verification.status for one in (good, bad)]
    assert states == ["verified", "unverified"]
    assert len(here.api.v1.customers.tax_ids.list(customer.id).data) == 2
    assert here.api.v1.customers.tax_ids.delete(customer.id, bad.id).deleted


def test_a_test_clock_moves_the_one_clock(here: Here, yearly, subscribe):
    now = here.control("clock")["now"]
    clock = here.api.v1.test_helpers.test_clocks.create({"frozen_time": now + DAY, "name": "a year"})
    subscription = subscribe(yearly, trial_period_days=30)
    moving = here.api.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": now + 40 * DAY})
    assert moving.status == "advancing"
    assert here.api.v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert here.v1("POST", f"/v1/test_helpers/test_clocks/{clock.id}/advance", f"frozen_time={now}").status == 400
    assert here.api.v1.test_helpers.test_clocks.delete(clock.id).deleted


def test_cards_are_kept_listed_and_let_go(here: Here, monthly, subscribe):
    subscription = subscribe(monthly)
    customer, method = subscription.customer, subscription.default_payment_method
    here.api.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})
    assert [one.id for one in here.api.v1.customers.payment_methods.list(customer).data] == [method]
    assert here.api.v1.payment_methods.update(method, {"card": {"exp_month": 1, "exp_year": 2031}}).card.exp_month == 1
    assert here.api.v1.payment_methods.detach(method).customer is None
    assert here.api.v1.payment_methods.list({"customer": customer, "type": "card"}).data == []
    assert here.api.v1.customers.retrieve(customer).invoice_settings.default_payment_method is None
    assert here.api.v1.subscriptions.retrieve(subscription.id).default_payment_method is None


def test_a_card_its_bank_refuses_cannot_be_attached(here: Here):
    customer = here.api.v1.customers.create({"email": "a@example.org"})
    with pytest.raises(stripe.CardError) as refused:
        here.api.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert (refused.value.http_status, refused.value.error.decline_code) == (402, "generic_decline")


def test_a_setup_intent_is_confirmed_or_asks(here: Here):
    customer = here.api.v1.customers.create({"email": "a@example.org"})
    plain = here.api.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    intent = here.api.v1.setup_intents.create(
        {"customer": customer.id, "payment_method": plain.id, "confirm": True, "usage": "off_session"}
    )
    assert intent.status == "succeeded"
    assert here.api.v1.payment_methods.retrieve(plain.id).customer == customer.id
    asking = here.api.v1.payment_methods.create({"type": "card", "card": {"number": "4000002500003155"}})
    intent = here.api.v1.setup_intents.create({"customer": customer.id, "payment_method": asking.id, "confirm": True})
    assert intent.status == "requires_action"
    assert here.api.v1.setup_intents.cancel(intent.id).status == "canceled"


def test_forms_decode_to_hashes_and_lists():
    given = forms.decode("a[b][0]=1&a[b][1]=2&c[]=x&c[]=y&d=%C3%A9&items[1][id]=q&items[0][id]=p")
    assert given == {"a": {"b": ["1", "2"]}, "c": ["x", "y"], "d": "é", "items": [{"id": "p"}, {"id": "q"}]}


@pytest.mark.parametrize("value", ["1.5", "", "²", "1" * 30, "--1", None, []])
def test_whole_numbers_are_whole(value):
    with pytest.raises(ApiError):
        parameters.Whole().read(value, "x")


def test_no_route_is_there_twice():
    seen = [(row[0], row[1]) for _, row in api.ROUTES.rows]
    assert len(seen) == len(set(seen))


def test_the_sandbox_asks_for_nothing_that_stripe_does_not_have():
    if not CONTRACT_DIR:
        pytest.skip("STRIPE_CONTRACT_DIR names no folder with contract_proxy.py: nothing was judged by the contract")
    paths = json.loads((Path(CONTRACT_DIR) / "spec_trimmed.json").read_text())["paths"]
    known = {re.sub(r"{\w+}", "{}", path): operations for path, operations in paths.items()}
    problems: list[str] = []
    for _, (method, path, _, check) in api.ROUTES.rows:
        operation = known.get(re.sub(r"{\w+}", "{}", path), {}).get(method.lower())
        if operation is None:
            problems.append(f"no {method} {path}")
        else:
            _compare(check, _parameters_of(operation, method), f"{method} {path} ", problems)
    assert problems == []


def _parameters_of(operation: dict, method: str) -> dict:
    if method != "GET" and "requestBody" in operation:
        return operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    given = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    return {
        "properties": {one["name"]: one["schema"] for one in given},
        "required": [one["name"] for one in given if one.get("required")],
    }


def _compare(check: parameters.Check, schema: dict, at: str, problems: list[str]) -> None:
    """Note every parameter that the sandbox knows and the contract does not, at any depth."""
    forms_of_it = schema.get("anyOf", [schema])
    if isinstance(check, parameters.Unset):
        _compare(check.kind, schema, at, problems)
    elif isinstance(check, parameters.Either):
        for kind in check.kinds:
            _compare(kind, schema, at, problems)
    elif isinstance(check, parameters.Many):
        lists = [one["items"] for one in forms_of_it if "items" in one]
        if not lists:
            problems.append(f"{at} is no list")
        for one in lists:
            _compare(check.member, one, f"{at}[]", problems)
    elif isinstance(check, parameters.Hash):
        named = next((one for one in forms_of_it if "properties" in one), {"properties": {}})
        problems += [f"{at}[{name}]" for name in check.known if name not in named["properties"]]
        problems += [f"{at} needs {name}" for name in named.get("required", []) if name not in check.required]
        for name, kind in check.known.items():
            if name in named["properties"]:
                _compare(kind, named["properties"][name], f"{at}[{name}]", problems)
