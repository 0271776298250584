"""How allauth behaves on this site."""

import secrets

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Six digits as codes; sign-up happens by typing a code, never by a form of its own."""

    def generate_login_code(self) -> str:
        return f"{secrets.randbelow(1_000_000):06}"

    def generate_email_verification_code(self) -> str:
        return self.generate_login_code()
