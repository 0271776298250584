"""Who may read: what is sold, what is paid, what is given."""

from .checkout import CheckoutAttempt, TrialUse
from .contract import Amendment, Contract, ContractYear
from .customer import Customer
from .dispute import Dispute
from .farewell import Farewell
from .grant import Grant
from .notice import Notice, PutOff
from .plan import Plan
from .price_change import PriceChange, Repricing
from .purchase import Purchase
from .reconciliation import Finding, Reconciliation, Sighting
from .refund import Refund
from .stripe_event import StripeEvent
from .subscription import Subscription
from .terms import TermsText, TermsVersion

__all__ = [
    "Amendment",
    "CheckoutAttempt",
    "Contract",
    "ContractYear",
    "Customer",
    "Dispute",
    "Farewell",
    "Finding",
    "Grant",
    "Notice",
    "Plan",
    "PriceChange",
    "Purchase",
    "PutOff",
    "Reconciliation",
    "Refund",
    "Repricing",
    "Sighting",
    "StripeEvent",
    "Subscription",
    "TermsText",
    "TermsVersion",
    "TrialUse",
]
