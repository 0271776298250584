"""A year in the lives of many readers while everything goes wrong now and then: `make simulate`.

Three processes, as in production: the site (granian, the real webhook endpoint), the local Stripe with trouble on
purpose (`unreliable.py`), and this one, which lets the readers live (`lives.py`), lets the worker work, and compares
at every step (`checks.py`). One seed, one story: every reader's wishes and every fault are drawn from it. Only which of
several simultaneous requests a fault hits is up to the machine.
"""
