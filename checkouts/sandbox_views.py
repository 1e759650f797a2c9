"""POST /v1/sandbox/simulate-payment: a customer who pays on request."""

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.views import ApiView
from billing.fields import StrictCharField, StrictChoiceField
from checkouts import answers, examples, simulation
from checkouts.schema import CheckoutSerializer


class OutcomeField(StrictChoiceField):
    """How a customer of the sandbox pays."""

    invalid_code = "unknown_outcome"


class SimulatePaymentRequest(serializers.Serializer[Any]):
    """Body of POST /v1/sandbox/simulate-payment."""

    checkout_id = StrictCharField(max_length=40, help_text="A pending checkout of the sandbox.")
    outcome = OutcomeField(
        choices=[(word, word) for word in simulation.OUTCOMES],
        required=False,
        help_text="How it is paid; `pay` where not given.",
    )


SIMULATE = SimulatePaymentRequest()


class SimulatePayment(ApiView):
    """A payment on the simulated chain, played at once."""

    scopes: ClassVar = {"POST": "sandbox:write"}

    @schema.described(
        "Pays a pending checkout of the sandbox on its simulated chain and plays every step, with "
        "all their events in order; answers the checkout in its end state. The chain moves on by "
        "as many blocks as that takes: for `underpaid`, `late` and `wrong_token` past "
        "`expires_at`. With a live key: 400.",
        request={"checkout_id": "co_5f0c8a1be2d34f6790ab12cd", "outcome": "pay"},
        answer=examples.CONFIRMED,
    )
    @schema.operation(
        "simulatePayment", "Sandbox", "Pay a checkout", answers=CheckoutSerializer,
        body=SimulatePaymentRequest, finds=True,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        asked = SIMULATE.run_validation(request.data)
        outcome = asked.get("outcome", "pay")
        checkout = simulation.simulate(self.caller, asked["checkout_id"], outcome)
        return Response(answers.checkout_json(checkout))
