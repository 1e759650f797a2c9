"""Every error the API can answer, as a noun; billing.api renders {type, code, message, param}."""


class BillingError(Exception):
    """Something a caller must know. `message`: what is so, then what to do; `code` is stable."""

    status = 400
    type = "invalid_request"
    code = "invalid_request"
    param: str | None = None

    def __init__(self, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        if param is not None:
            self.param = param

    @property
    def headers(self) -> dict[str, str]:
        """Headers the answer must carry besides the body, such as Retry-After."""
        return {}


class InvalidRequest(BillingError):
    """400: something in the request is wrong. `param` names the field."""

    code = "invalid_field_value"


class NotFound(BillingError):
    """404: no such object for this caller; another organization's looks like a missing one."""

    status = 404
    type = "not_found"

    def __init__(self, noun: str, identifier: str, *, param: str | None = None) -> None:
        code = f"{noun.replace(' ', '_')}_not_found"
        super().__init__(f"No such {noun}: {identifier}.", code=code, param=param)


class MethodNotAllowed(BillingError):
    """405: this URL exists, but not with this method."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, method: str, allowed: list[str]) -> None:
        super().__init__(f"{method} is not allowed here. Allowed: {', '.join(allowed)}.")
        self.allowed = allowed

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": ", ".join(self.allowed)}


class PayloadTooLarge(BillingError):
    """413: the body is longer than this call takes."""

    status = 413
    code = "payload_too_large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"The body is too large. This call takes at most {most_bytes:,} bytes.")


class UnsupportedMediaType(BillingError):
    """415: a body that does not say it is JSON."""

    status = 415
    code = "unsupported_media_type"

    def __init__(self) -> None:
        super().__init__("The body must be JSON. Send Content-Type: application/json.")


class ChainNotConfigured(InvalidRequest):
    """400: in live, a chain whose transactions this installation could not see."""

    code = "chain_not_configured"

    def __init__(self, chain: str) -> None:
        super().__init__(
            f"No node of {chain} is configured, so nothing paid there could be verified. "
            f"Ask the operator to set {chain.upper()}_RPC_URLS, or choose another chain.",
            param="chain",
        )


class SandboxOnly(InvalidRequest):
    """400: a simulation with a live key."""

    code = "sandbox_only"

    def __init__(self) -> None:
        super().__init__("Only the sandbox can be simulated. Use a key that begins with sk_test_.")


class UnknownOutcome(InvalidRequest):
    """400: a simulation of what is in no list."""

    code = "unknown_outcome"

    def __init__(self, outcome: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"There is no outcome {outcome!r}. It is one of {', '.join(known)}.", param="outcome"
        )


class Unauthenticated(BillingError):
    """401: no key, an unknown one, a revoked one."""

    status = 401
    type = "authentication_error"
    code = "api_key_missing"

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(BillingError):
    """403: known, but not allowed."""

    status = 403
    type = "permission_error"
    code = "forbidden"


class InsufficientScope(Forbidden):
    """403: the key or the role lacks a scope."""

    code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope {scope}. Use a key or a role that has it.")


class PlanRequired(Forbidden):
    """403: the organization's plan does not include this in live."""

    code = "plan_required"

    def __init__(self, feature: str, plan: str) -> None:
        super().__init__(f"{feature} in live needs the plan {plan} or a higher one.")


class IdempotencyConflict(BillingError):
    """409: an Idempotency-Key used with another body, or while its first call still runs."""

    status = 409
    type = "idempotency_conflict"
    code = "idempotency_key_reused"


class RateLimited(BillingError):
    """429: too many requests; the answer carries Retry-After."""

    status = 429
    type = "rate_limited"
    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_s)}


class InternalError(BillingError):
    """500: a mistake of ours. The log has it under the answer's Request-Id."""

    status = 500
    type = "internal_error"
    code = "internal_server_error"

    def __init__(self) -> None:
        super().__init__("Something went wrong here. It is logged under this answer's Request-Id.")


class Unavailable(BillingError):
    """503: the database or another part is down; try again."""

    status = 503
    type = "internal_error"
    code = "service_unavailable"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}
