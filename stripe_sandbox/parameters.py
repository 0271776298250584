"""What a request may say: every parameter has a kind, and one that nobody knows is refused at any depth."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import ApiError, invalid

LONGEST_TEXT = 5000


class Check:
    """Reads one value that arrived as text. Raises `ApiError` (400) when it is not of the kind expected."""

    def read(self, value: Any, at: str) -> Any:
        raise NotImplementedError


class Text(Check):
    """Any text but none at all."""

    def read(self, value: Any, at: str) -> str:
        if not isinstance(value, str):
            raise invalid(f"Invalid string: {at}", param=at)
        if value == "":
            raise invalid(
                f"You passed an empty string for '{at}'. We assume empty values are an attempt to unset a "
                f"parameter; however '{at}' cannot be unset.",
                param=at,
                code="parameter_invalid_empty",
            )
        if len(value) > LONGEST_TEXT:
            raise invalid(f"Invalid string: {at} is too long", param=at)
        return value


class Whole(Check):
    """A whole number: an amount in cents, a moment in seconds, a count."""

    def __init__(self, least: int | None = None, most: int | None = None):
        self.least, self.most = least, most

    def read(self, value: Any, at: str) -> int:
        digits = value.removeprefix("-") if isinstance(value, str) else ""
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > 15:
            raise invalid(f"Invalid integer: {value}", param=at, code="parameter_invalid_integer")
        number = int(value)
        if self.least is not None and number < self.least:
            raise invalid(f"Invalid {at}: must be at least {self.least}", param=at, code="parameter_invalid_integer")
        if self.most is not None and number > self.most:
            raise invalid(f"Invalid {at}: must be at most {self.most}", param=at, code="parameter_invalid_integer")
        return number


class Flag(Check):
    """`true` or `false`."""

    def read(self, value: Any, at: str) -> bool:
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value}", param=at)
        return value == "true"


class Percent(Check):
    """A number above 0 and up to 100, which may have a fraction."""

    def read(self, value: Any, at: str) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = -1
        if not 0 < number <= 100:
            raise invalid(f"Invalid decimal: {at} must be above 0 and at most 100", param=at)
        return number


class Share(Check):
    """A percentage that may also be 0, with up to four decimals."""

    def read(self, value: Any, at: str) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = -1
        if not 0 <= number <= 100:
            raise invalid(f"Invalid decimal: {at} must be between 0 and 100", param=at)
        return number


class Exact(Check):
    """A decimal number of cents with up to twelve decimals, kept as text."""

    def read(self, value: Any, at: str) -> str:
        try:
            number = Decimal(value)
        except (TypeError, InvalidOperation):
            raise invalid(f"Invalid decimal: {value}", param=at) from None
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -12:
            raise invalid(f"Invalid decimal: {at} can have at most 12 decimal places", param=at)
        return str(value)


class Choice(Check):
    """One of a few words."""

    def __init__(self, *words: str):
        self.words = words

    def read(self, value: Any, at: str) -> str:
        if value not in self.words:
            known = ", ".join(self.words)
            raise invalid(f"Invalid {at}: must be one of {known}", param=at)
        return value


class Many(Check):
    """A list whose members are all of one kind."""

    def __init__(self, member: Any):
        self.member = as_check(member)

    def read(self, value: Any, at: str) -> list[Any]:
        if not isinstance(value, list):
            raise invalid(f"Invalid array: {at}", param=at)
        return [self.member.read(one, f"{at}[{position}]") for position, one in enumerate(value)]


class Hash(Check):
    """Named parameters. A name written with `!` must be given; one that is not written at all is refused."""

    def __init__(self, known: Mapping[str, Any]):
        self.known = {name.rstrip("!"): as_check(kind) for name, kind in known.items()}
        self.required = [name[:-1] for name in known if name.endswith("!")]

    def read(self, value: Any, at: str = "") -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid(f"Invalid object: {at}", param=at)
        for name in value:
            if name not in self.known:
                where = _inside(at, name)
                raise invalid(f"Received unknown parameter: {where}", param=where, code="parameter_unknown")
        for name in self.required:
            if name not in value:
                where = _inside(at, name)
                raise invalid(f"Missing required param: {where}.", param=where, code="parameter_missing")
        return {name: self.known[name].read(one, _inside(at, name)) for name, one in value.items()}


class Metadata(Check):
    """Up to 50 pairs of short texts; an empty value removes its key."""

    def read(self, value: Any, at: str) -> dict[str, str]:
        if isinstance(value, list):
            value = {str(position): one for position, one in enumerate(value)}
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise invalid(f"Invalid object: {at}", param=at)
        for key, one in value.items():
            if len(key) > 40 or len(one) > 500 or len(value) > 50:
                raise invalid(f"Invalid {at}: at most 50 keys of 40 and values of 500 characters", param=at)
        return value


class Unset(Check):
    """A parameter that an empty text takes away again; read as None then."""

    def __init__(self, kind: Any):
        self.kind = as_check(kind)

    def read(self, value: Any, at: str) -> Any:
        return None if value == "" else self.kind.read(value, at)


class Either(Check):
    """The first of several kinds that fits."""

    def __init__(self, *kinds: Any):
        self.kinds = [as_check(kind) for kind in kinds]

    def read(self, value: Any, at: str) -> Any:
        problems: list[ApiError] = []
        for kind in self.kinds:
            try:
                return kind.read(value, at)
            except ApiError as problem:
                problems.append(problem)
        raise problems[-1]


def as_check(kind: Any) -> Check:
    """Plain Python shapes as kinds: a dict is a hash, a list a list, a tuple of words a choice."""
    if isinstance(kind, dict):
        return Hash(kind)
    if isinstance(kind, list):
        return Many(kind[0])
    if isinstance(kind, tuple):
        return Choice(*kind)
    return kind


def _inside(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name


TEXT, FLAG, METADATA = Text(), Flag(), Unset(Metadata())
MAYBE_TEXT = Unset(TEXT)
AMOUNT, MOMENT = Whole(least=0), Whole(least=0)
RANGE = Either(MOMENT, {"gt": MOMENT, "gte": MOMENT, "lt": MOMENT, "lte": MOMENT})
ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), MAYBE_TEXT)
PAGING = {"limit": Whole(1, 100), "starting_after": TEXT, "ending_before": TEXT}


def listed_by(**filters: Any) -> dict[str, Any]:
    """The parameters of a list: paging, and what it can be narrowed by."""
    return PAGING | filters


def merged_metadata(present: dict[str, str] | None, given: dict[str, str] | None) -> dict[str, str]:
    """Metadata after an update: keys are merged, empty values removed, everything removed by an empty text."""
    if given is None:
        return {}
    return {key: value for key, value in ((present or {}) | given).items() if value != ""}
