"""What can go wrong with the ledger, beside what can go wrong with any request."""

from billing.errors import InvalidRequest


class AdjustmentWritten(InvalidRequest):
    """400: a form that was sent twice, or a confirmation that was opened again."""

    code = "adjustment_already_written"

    def __init__(self, adjustment_id: str) -> None:
        super().__init__(
            f"Adjustment {adjustment_id} is written already, and nothing was written now. Begin a "
            "new one where another is meant."
        )
