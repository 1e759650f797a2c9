"""What a request about the hashes of a batch may say."""

from typing import Any

from rest_framework import serializers

from billing.callers import Caller
from billing.errors import InvalidRequest
from billing.fields import ChainField, StrictCharField, StrictIntegerField
from payouts.acts.execute_many import Execution, members_of, part_of_batch
from payouts.serializers import MOST_PAYOUTS

MOST_PARTS = 5  # of 200 payouts each, in a batch of 1,000


class ExecutionRequest(serializers.Serializer[Any]):
    """One payout of the batch, and the transaction that pays it."""

    payout_id = StrictCharField(max_length=40, help_text="A payout (`po_…`) of the batch.")
    tx_hash = StrictCharField(min_length=1, max_length=255, help_text="What pays it.")


class ExecuteBatchRequest(serializers.Serializer[Any]):
    """Body of POST /v1/payouts/batches/{id}/execute: one `tx_hash`, or `executions`."""

    tx_hash = StrictCharField(
        required=False,
        min_length=1,
        max_length=255,
        help_text="The one transaction that pays them all, as a Safe's does.",
    )
    chain = ChainField(
        required=False, help_text="With `tx_hash`: its chain, where the batch has several."
    )
    part = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=MOST_PARTS,
        help_text="With `tx_hash`: which part of the chain's files it signed; all where not given.",
    )
    executions = serializers.ListField(
        required=False,
        child=ExecutionRequest(),
        min_length=1,
        max_length=MOST_PAYOUTS,
        help_text="Each payout with its own transaction.",
    )


EXECUTE_BATCH = ExecuteBatchRequest()


def executions(caller: Caller, batch_id: str, data: Any) -> list[Execution]:
    """Read the body as one row per payout. Raises ValidationError, InvalidRequest, NotFound."""
    asked = EXECUTE_BATCH.run_validation(data)
    members = members_of(caller, batch_id)
    if ("tx_hash" in asked) == ("executions" in asked):
        message = "Send tx_hash, which pays all of them, or executions, one for each payout."
        raise InvalidRequest(message, code="missing_required_field", param="tx_hash")
    if "executions" in asked:
        return [Execution(row["payout_id"], row["tx_hash"]) for row in asked["executions"]]
    paid = part_of_batch(batch_id, members, chain=asked.get("chain"), part=asked.get("part"))
    return [Execution(payout.id, asked["tx_hash"]) for payout in paid]
