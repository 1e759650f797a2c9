"""The rows of extended keys: one for each key, whatever text it came as and whoever uses it."""

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest
from wallets.extended_keys import ExtendedPublicKey
from wallets.models import ExtendedKey


def registered(caller: Caller, parsed: ExtendedPublicKey, *, first_index: int) -> ExtendedKey:
    """Return the key's one row, made where there is none. In the transaction of its new wallet.

    Known already, its counter moves up to `first_index`, never back. Raises InvalidRequest
    `extended_key_taken` where another organization has the key: a counter can have one owner.
    """
    # Of two at the same moment the second waits for the first to commit, then finds its row.
    key, is_new = ExtendedKey.objects.get_or_create(
        environment=caller.environment,
        public_key=parsed.public_key,
        chain_code=parsed.chain_code,
        defaults={
            "organization_id": caller.organization_id,
            "xpub": parsed.xpub,
            "first_index": first_index,
            "next_index": first_index,
        },
    )
    if key.organization_id != caller.organization_id:
        raise InvalidRequest(
            "This extended key is in use already, and its addresses are given once. Register the "
            "key of another account.",
            code="extended_key_taken",
            param="xpub",
        )
    if not is_new and first_index:
        ahead = Greatest(F("next_index"), first_index)
        ExtendedKey.objects.filter(pk=key.pk).update(next_index=ahead, updated_at=timezone.now())
        key.refresh_from_db()
    return key
