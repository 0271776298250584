"""How fast, how big: `make bench`. Numbers stand beside what the local Stripe takes alone in the same minute."""
