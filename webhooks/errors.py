"""What an act on an endpoint can be refused for. Every message says what is so, then what to do."""

from billing.errors import InvalidRequest
from billing.times import iso
from webhooks.models import Endpoint


class RotationRunning(InvalidRequest):
    """400: two secrets sign already, and a third would drop one that may be in use."""

    code = "rotation_running"

    def __init__(self, endpoint: Endpoint) -> None:
        until = iso(endpoint.previous_until) if endpoint.previous_until else ""
        super().__init__(
            f"A new secret of webhook {endpoint.id} already signs beside the old one, until "
            f"{until}. Confirm it first; or, where you do not have it, send replace: true: it is "
            "dropped for a newer one, and the old one goes on signing."
        )


class RotationNotRunning(InvalidRequest):
    """400: there is one secret, so nothing to confirm."""

    code = "rotation_not_running"

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(
            f"Webhook {endpoint.id} has one secret, the newest: nothing is left to confirm. "
            "To replace it, rotate first."
        )


class WebhookDisabled(InvalidRequest):
    """400: nothing is sent to a disabled endpoint."""

    code = "webhook_disabled"

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(
            f"Webhook {endpoint.id} is disabled and is sent nothing. Set its status to active.",
            param="status",
        )


class LocalUrlFixed(InvalidRequest):
    """400: what may be told on this machine stays the one program that asked for it.

    Else whoever holds a sandbox key could turn it to any other port of this machine.
    """

    code = "field_immutable"

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(
            f"Webhook {endpoint.id} is local to the installation, so its url never changes. "
            "Create another webhook instead.",
            param="url",
        )
