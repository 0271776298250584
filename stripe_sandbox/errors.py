"""What Stripe answers when it does not do what was asked."""

from typing import Any


class ApiError(Exception):
    """A refusal in Stripe's own shape.

    `keeps_changes` is true where Stripe refuses and yet something happened: a declined payment is recorded.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        keeps_changes: bool = False,
        **more: Any,
    ):
        super().__init__(message)
        self.status = status
        self.keeps_changes = keeps_changes
        self.error = {"type": kind, "message": message}
        if code:
            self.error |= {"code": code, "doc_url": f"https://docs.stripe.com/error-codes#{code}"}
        if param:
            self.error["param"] = param
        self.error |= more

    @property
    def message(self) -> str:
        """The sentence meant for a person."""
        return self.error["message"]

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        return {"error": self.error}


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """A request that makes no sense as it stands (400)."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param)


def no_such(kind: str, wanted: str, param: str | None = None) -> ApiError:
    """An id that names nothing: 404 in the address, 400 in a parameter."""
    return ApiError(
        400 if param else 404,
        "invalid_request_error",
        f"No such {kind}: '{wanted}'",
        code="resource_missing",
        param=param or "id",
    )


def unauthorised(message: str) -> ApiError:
    """A missing or wrong API key (401)."""
    return ApiError(401, "invalid_request_error", message)


def declined(message: str, *, code: str, decline_code: str | None, intent: dict[str, Any] | None) -> ApiError:
    """A payment that the bank refused (402). What was attempted stays recorded."""
    more: dict[str, Any] = {}
    if decline_code:
        more["decline_code"] = decline_code
    if intent:
        more["payment_intent"] = intent
        charge = intent.get("latest_charge")
        if charge:
            more["charge"] = charge
    return ApiError(402, "card_error", message, code=code, keeps_changes=True, **more)
