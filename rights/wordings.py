"""The words on the buttons and links that law gives or nearly gives (law.md L1, L4), in each language.

They stand here and not in the catalogues of translations, so that a lawyer finds them in one place, and a test holds
them. A change here changes the page, the footer and the letters.
"""

from edge import languages

WORDINGS: dict[str, dict[str, str]] = {
    # The link to the withdrawal function: footer of every page, and the account.
    "withdraw_here": {
        "en": "Withdraw from contract here",
        "fr": "Se rétracter du contrat ici",
        "nl": "Overeenkomst hier herroepen",
        "de": "Vertrag widerrufen",
    },
    # The only button of its second page.
    "confirm_withdrawal": {
        "en": "Confirm withdrawal",
        "fr": "Confirmer la rétractation",
        "nl": "Herroeping bevestigen",
        "de": "Widerruf bestätigen",
    },
    # The link to the cancellation page.
    "cancel_here": {
        "en": "Cancel a subscription",
        "fr": "Résilier votre contrat",
        "nl": "Overeenkomst hier opzeggen",
        "de": "Verträge hier kündigen",
    },
    # The button on it.
    "cancel_now": {
        "en": "Cancel now",
        "fr": "Notifier la résiliation",
        "nl": "Nu opzeggen",
        "de": "Jetzt kündigen",
    },
}


def wording(name: str) -> str:
    """The words of that name in the language that is spoken now. Raises KeyError for a name that is not above."""
    return WORDINGS[name][languages.chosen()]
