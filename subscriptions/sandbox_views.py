"""POST /v1/sandbox/clock: a year of renewals in an afternoon."""

from datetime import timedelta
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.views import ApiView
from billing.errors import InvalidRequest
from billing.fields import AwareDateTimeField, StrictIntegerField
from billing.times import iso
from organizations import clock
from subscriptions import sandboxing

MOST_SECONDS = int(clock.MOST_AT_ONCE.total_seconds())


class MoveClockRequest(serializers.Serializer[Any]):
    """Body of POST /v1/sandbox/clock: exactly one of the two."""

    advance_seconds = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=MOST_SECONDS,
        help_text="By how much to move it: 366 days at most.",
    )
    to = AwareDateTimeField(
        required=False, help_text="Until when to move it: 366 days ahead at most, never back."
    )


class ClockSerializer(serializers.Serializer[Any]):
    """The time of your sandbox."""

    now = serializers.DateTimeField(help_text="What time it is in your sandbox.")
    ahead_seconds = serializers.IntegerField(help_text="Ahead of the wall clock by so much.")


MOVE = MoveClockRequest()


class SandboxClock(ApiView):
    """The time of the sandbox, which only moves ahead."""

    scopes: ClassVar = {"POST": "sandbox:write"}

    @schema.described(
        "Moves the time of your sandbox ahead, and with it its three simulated chains; then makes "
        "whatever is due by then: checkouts expire, payments are confirmed, renewals are made, "
        "subscriptions move on. What lies far behind in one move is made up for once: move by a "
        "day or less at a time to play a year as it would be. With a live key: 400.",
        request={"advance_seconds": 86_400},
        answer={"now": "2025-02-15T10:30:00Z", "ahead_seconds": 2_678_400},
    )
    @schema.operation(
        "moveSandboxClock", "Sandbox", "Move the time of the sandbox", answers=ClockSerializer,
        body=MoveClockRequest,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        asked = MOVE.run_validation(request.data)
        self.caller.require_sandbox()
        if len(asked) != 1:
            raise InvalidRequest(
                "Give either advance_seconds or to.",
                code="invalid_field_value" if asked else "missing_required_field",
                param="advance_seconds",
            )
        if "to" in asked:
            ahead = sandboxing.advance_to(self.caller, asked["to"])
        else:
            ahead = sandboxing.advance(self.caller, timedelta(seconds=asked["advance_seconds"]))
        now = clock.now(self.caller.organization_id, self.caller.environment.value)
        return Response({"now": iso(now), "ahead_seconds": int(ahead.total_seconds())})
