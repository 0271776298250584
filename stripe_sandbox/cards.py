"""Test cards and test accounts: what each number does when it is set up and when it is charged."""

from dataclasses import dataclass

OK, ACTION, LATER = "ok", "action", "later"


@dataclass(frozen=True)
class Behaviour:
    """What happens with a number.

    `setup` and `charge` say ok, action (the payer must authenticate), later (a debit that settles in days),
    or a reason why the bank declines.
    """

    setup: str = OK
    charge: str = OK
    settles: bool = True
    disputed: bool = False


@dataclass(frozen=True)
class Decline:
    """How a refusal is worded: Stripe's code, the bank's code, and the sentence for the payer."""

    code: str
    decline_code: str | None
    message: str


DECLINES = {
    "generic_decline": Decline("card_declined", "generic_decline", "Your card was declined."),
    "insufficient_funds": Decline("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "expired_card": Decline("expired_card", "expired_card", "Your card has expired."),
    "incorrect_cvc": Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    "authentication_required": Decline(
        "authentication_required", "authentication_required", "Your card was declined. It needs authentication."
    ),
    "not_authenticated": Decline(
        "payment_intent_authentication_failure",
        None,
        "We are unable to authenticate your payment method. Please choose another one and try again.",
    ),
    "debit_refused": Decline("payment_intent_payment_attempt_failed", None, "The bank refused the debit."),
}
OTHERWISE = Behaviour()
BEHAVIOURS = {
    "4000000000000002": Behaviour("generic_decline", "generic_decline"),
    "4000000000009995": Behaviour("insufficient_funds", "insufficient_funds"),
    "4000000000000069": Behaviour("expired_card", "expired_card"),
    "4000000000000127": Behaviour("incorrect_cvc", "incorrect_cvc"),
    "4000000000000341": Behaviour(OK, "generic_decline"),
    "4000000000000259": Behaviour(disputed=True),
    "4000002500003155": Behaviour(ACTION, OK),
    "4000002760003184": Behaviour(ACTION, ACTION),
    "4000008260003178": Behaviour(ACTION, "insufficient_funds"),
    "DE89370400440532013000": Behaviour(OK, LATER),
    "DE62370400440532013001": Behaviour(OK, LATER, settles=False),
}
# The ways to pay on our own pages, and the number each stands for.
WAYS = {
    "card_ok": "4242424242424242",
    "card_declined": "4000000000000002",
    "card_3ds": "4000002500003155",
    "card_fails_later": "4000000000000341",
    "sepa_ok": "DE89370400440532013000",
    "sepa_fails": "DE62370400440532013001",
    "bancontact": "BE62510007547061",
    "ideal": "NL39RABO0300065264",
}
# Ways that pay at once through the bank's own page and leave a mandate for debits from the account behind it.
THROUGH_THE_BANK = ("bancontact", "ideal")
# Stripe's ready-made payment methods and tokens.
READY_MADE = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_threeDSecure2Required": "4000002500003155",
    "pm_card_createDispute": "4000000000000259",
    "tok_visa": "4242424242424242",
    "tok_mastercard": "5555555555554444",
    "tok_chargeDeclined": "4000000000000002",
    "tok_chargeCustomerFail": "4000000000000341",
}


def behaviour_of(number: str) -> Behaviour:
    """What this number does; numbers nobody knows simply work."""
    if number in BEHAVIOURS:
        return BEHAVIOURS[number]
    return OTHERWISE if number.isdecimal() else Behaviour(OK, LATER)


def plain(number: str) -> str:
    """A number as people type it, without its spaces and dashes."""
    return "".join(letter for letter in number.upper() if letter.isalnum())[:34]


def brand_of(number: str) -> str:
    """The card scheme, read off the first digits."""
    first, two = number[:1], int(number[:2] or 0)
    if first == "4":
        return "visa"
    if 51 <= two <= 55 or 22 <= two <= 27:
        return "mastercard"
    return "amex" if two in (34, 37) else "unknown"
