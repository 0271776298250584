"""Who is reading: the account, how it is opened, what the reader chose, and the letters sent to them."""

from .letter import Letter
from .sign_in_link import SignInLink
from .user import NOWHERE, User

__all__ = ["NOWHERE", "Letter", "SignInLink", "User"]
