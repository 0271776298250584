"""An address as people type it: one form for what is one address, and no mercy for what only looks like one."""

import pytest

from groups import addresses
from groups.addresses import Problem

HARBOUR = "harbourvale.example"


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        (" Anna.Szabo@HarbourVale.example ", "anna.szabo@harbourvale.example"),
        ("anna @ harbourvale.example", "anna@harbourvale.example"),
        ("<anna@harbourvale.example>;", "anna@harbourvale.example"),
        ("mailto:anna@harbourvale.example", "anna@harbourvale.example"),
        ("\ufeffanna@harbour\u200bvale.example", "anna@harbourvale.example"),
        ("ａｎｎａ＠harbourvale.example", "anna@harbourvale.example"),
        ("anna+news@harbourvale.example", "anna+news@harbourvale.example"),
        ("anna@Bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"),
        ("anna@москва.рф", "anna@xn--80adxhks.xn--p1ai"),
    ],
)
def test_one_address_has_one_form(typed: str, clean: str) -> None:
    assert addresses.clean(typed) == clean


@pytest.mark.parametrize(
    "typed", ["", "anna", "anna@", "@harbourvale.example", "anna@harbourvale", "a@b@c", "josé@harbourvale.example"]
)
def test_what_is_no_address_is_said_to_be_none(typed: str) -> None:
    assert addresses.clean(typed) is Problem.NO_ADDRESS


@pytest.mark.parametrize(
    "typed",
    ["anna@hаrbourvale.example", "аnna@harbourvale.example", "anna@ехаmрlе.org", "anna@xn--hrbourvale-zqi.example"],
)
def test_letters_that_only_look_latin_are_refused_and_not_repaired(typed: str) -> None:
    assert addresses.clean(typed) is Problem.LOOK_ALIKE


@pytest.mark.parametrize(
    ("domain", "is_like"),
    [
        ("harb0urvale.example", True),
        ("harbourva1e.example", True),
        ("harbour-vale.example", True),
        (HARBOUR, False),
        ("brussels.harbourvale.example", False),
        ("northgate.example", False),
    ],
)
def test_a_domain_is_taken_for_another_at_a_glance(domain: str, is_like: bool) -> None:
    assert addresses.looks_like(domain, HARBOUR) is is_like


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("@HarbourVale.example", HARBOUR),
        ("anna@harbourvale.example", HARBOUR),
        ("ec.europa.eu", "ec.europa.eu"),
        ("gmail.com", Problem.MAIL_PROVIDER),
        ("Outlook.BE", Problem.MAIL_PROVIDER),
        ("hotmail.gr", Problem.MAIL_PROVIDER),
        ("outlook.pt", Problem.MAIL_PROVIDER),
        ("yahoo.com.ar", Problem.MAIL_PROVIDER),
        ("live.at", Problem.MAIL_PROVIDER),
        ("x.gmx.lu", Problem.MAIL_PROVIDER),
        ("olive.at", "olive.at"),
        ("live.brussels", "live.brussels"),
        ("team.proton.me", Problem.MAIL_PROVIDER),
        ("gmаil.com", Problem.LOOK_ALIKE),
        ("co.uk", Problem.SHARED),
        ("europa.eu", Problem.SHARED),
        ("be", Problem.NO_DOMAIN),
        ("", Problem.NO_DOMAIN),
        ("har bour.example", Problem.NO_DOMAIN),
    ],
)
def test_a_domain_belongs_to_one_organisation_or_is_refused(typed: str, clean: object) -> None:
    assert addresses.clean_domain(typed) == clean


@pytest.mark.parametrize("problem", Problem)
def test_every_refusal_is_said_in_words(problem: Problem) -> None:
    assert problem.in_words().endswith(".")
