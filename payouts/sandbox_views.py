"""POST /v1/sandbox/simulate-payout and /v1/sandbox/advance_blocks: time and faults on request."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.views import ApiView
from payouts import examples, serializers, simulation
from payouts.schema import AdvancedSerializer, PayoutIntentDetailsSerializer
from payouts.timeline import details_json


class SimulatePayout(ApiView):
    """A payout's whole way on the simulated chain, played at once."""

    scopes: ClassVar = {"POST": "sandbox:write"}

    @schema.described(
        "Plays every step of a sandbox payout, with all their events in order, and answers the "
        "payout in its end state. With a live key: 400.",
        request={"payout_id": "po_5f0c8a1be2d34f6790ab12cd", "outcome": "settle"},
        answer={**examples.SETTLED, "timeline": []},
    )
    @schema.operation(
        "simulatePayout", "Sandbox", "Play a payout to its end",
        answers=PayoutIntentDetailsSerializer, body=serializers.SimulatePayoutRequest, finds=True,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        asked = serializers.SIMULATE.run_validation(request.data)
        outcome = asked.get("outcome", "settle")
        payout = simulation.simulate(self.caller, asked["payout_id"], outcome)
        return Response(details_json(payout))


class AdvanceBlocks(ApiView):
    """Time on one simulated chain."""

    scopes: ClassVar = {"POST": "sandbox:write"}

    @schema.described(
        "Moves the head of one of your simulated chains, and with it the time of its blocks. "
        "With a live key: 400.",
        request={"chain": "base", "blocks": 12},
        answer={"chain": "base", "head": 1736942472},
    )
    @schema.operation(
        "advanceBlocks", "Sandbox", "Move a simulated chain on", answers=AdvancedSerializer,
        body=serializers.AdvanceBlocksRequest,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        asked = serializers.ADVANCE.run_validation(request.data)
        head = simulation.advance_blocks(self.caller, asked["chain"], asked["blocks"])
        return Response({"chain": asked["chain"], "head": head})
