"""What can go wrong between us and the provider, in our words."""


class BillingError(Exception):
    """Something between us and Stripe went wrong; nothing was changed unless a later look says so."""


class BillingUnavailable(BillingError):
    """Stripe cannot be reached or is out of order. Trying again later is right."""


class BillingRefused(BillingError):
    """Stripe understood and said no. Trying the same again is useless."""


class BillingUnknown(BillingRefused):
    """Stripe knows nothing of this number."""


class Undecided(BillingUnavailable):
    """Stripe keeps an error under the key of a request: repeating it says nothing new, and it may have been done."""


class NotFromStripe(BillingError):
    """A delivered event that Stripe did not sign, or that cannot be read."""
