"""What the statement that inserts a draft saw, and what of that is put into the draft."""

from dataclasses import dataclass

from payouts.models import PayoutIntent


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Which of the things that speak against a draft the caller has confirmed."""

    duplicate: bool
    lookalike: bool
    unnamed: bool  # nobody named the recipient, so the address book need not know it


@dataclass(frozen=True, slots=True)
class Found:
    """What the statement saw, each None where there is none.

    `lookalike` is a known address; `duplicate` the id of an equal payout whose money may have
    moved; `same_reference` and `same_amount` the ids of payouts that are worth a warning;
    `recipient_id` whose address it is in the address book, where it is usable.
    """

    is_inserted: bool
    confirmed: Unwanted
    lookalike: str | None
    duplicate: str | None
    duplicate_outcome: str | None
    retry_is_known: bool
    same_reference: str | None
    same_amount: str | None
    recipient_id: str | None
    recipient_name: str | None

    @property
    def is_unwanted(self) -> bool:
        return (
            not self.retry_is_known
            or (self.lookalike is not None and not self.confirmed.lookalike)
            or (self.duplicate is not None and not self.confirmed.duplicate)
            or (self.recipient_id is None and not self.confirmed.unnamed)
        )


def tell(payout: PayoutIntent, found: Found) -> bool:
    """Put into the draft what was seen; False where nothing was, or the draft is refused."""
    if found.is_unwanted:
        return False
    is_news = _name(payout, found)
    for warning in _warnings(found):
        if warning not in payout.warnings:
            payout.warnings = [*payout.warnings, warning]
            is_news = True
    if found.duplicate is None or payout.retry_of_id:
        return is_news
    payout.retry_of_id = found.duplicate
    return True


def _name(payout: PayoutIntent, found: Found) -> bool:
    """Say whose address it is; False where that was said, or the caller named somebody else."""
    if payout.recipient_id == found.recipient_id or not found.confirmed.unnamed:
        return False
    payout.recipient_id = found.recipient_id  # type: ignore[assignment]  # null, of an abstract model
    payout.recipient_name = found.recipient_name
    return True


def _warnings(found: Found) -> list[str]:
    warnings = []
    if found.same_reference:
        warnings.append(f"same_reference: payout {found.same_reference} has the same reference.")
    if found.same_amount:
        warnings.append(
            f"same_amount: payout {found.same_amount} pays the same recipient the same amount "
            "and is less than 30 days old."
        )
    return warnings
