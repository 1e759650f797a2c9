"""What an approval judges, and the digest it is bound to. Pure: no table, no clock."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from billing.times import iso


@dataclass(frozen=True, slots=True)
class Facts:
    """All that this app is told of a payment, by whoever knows it.

    `contract` and `recipient` are canonical. `created_by` is `usr_…`, `key_…` or `system`;
    `created_by_issuer` is the person who issued the creating key, empty or None where nobody did.
    What has a default is for the rules of a policy alone and no part of the digest: `recipient_is`
    is `address_book`, `known` (paid before) or `new`; `created_via` is `person`, `key`, `import` or
    `system`.
    """

    subject_id: str
    environment: str
    chain: str
    contract: str
    recipient: str
    amount_atomic: int
    due_date: datetime | None
    created_by: str
    created_by_issuer: str | None = None
    token: str = ""
    reference_type: str = "manual"
    recipient_is: str = "new"
    created_via: str = "person"


def digest(facts: Facts) -> str:
    """Return the SHA-256, lower-case hexadecimal, of the text that an approval agrees to.

    `v1|environment|payout id|chain|contract|recipient|amount_atomic|due_date`, UTF-8, the due date
    in UTC ending in Z, or empty. None of the parts can hold a `|`.
    """
    due_date = iso(facts.due_date) if facts.due_date else ""
    parts = (
        "v1",
        facts.environment,
        facts.subject_id,
        facts.chain,
        facts.contract,
        facts.recipient,
        str(facts.amount_atomic),
        due_date,
    )
    return hashlib.sha256("|".join(parts).encode()).hexdigest()
