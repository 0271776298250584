"""A Stripe that runs on this machine: the API, the pages and the webhooks that a subscription site needs.

It knows nothing of the site, uses only the standard library, and moves no money.
"""

API_VERSION = "2026-10-28.endive"
