"""Every e-mail the site sends, one function each. (The machinery follows.)"""

from typing import Any


def welcome(reader: Any, **facts: Any) -> None: ...


def cancelled(reader: Any, **facts: Any) -> None: ...


def undone(reader: Any, **facts: Any) -> None: ...


def switched(reader: Any, **facts: Any) -> None: ...


def payment_failed(reader: Any, **facts: Any) -> None: ...
