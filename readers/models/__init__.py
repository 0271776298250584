"""Who is reading: the account, how it is opened, what the reader chose, and the letters sent to them."""

from .address_change import AddressChange
from .consent import Consent
from .letter import Letter
from .newsletter import Newsletter
from .sign_in_link import SignInLink
from .user import NOWHERE, User

__all__ = ["NOWHERE", "AddressChange", "Consent", "Letter", "Newsletter", "SignInLink", "User"]
