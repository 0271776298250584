"""The one field a reader fills in to get in."""

from allauth.account.forms import RequestLoginCodeForm


class SignInForm(RequestLoginCodeForm):
    """An address; a code goes to it, whether it is known or new."""
