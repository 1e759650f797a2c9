"""The acts on wallets, and what others may ask of them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.addresses import is_lookalike, lookalike_key, parse_address, why_lost
from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from billing.private_keys import refuse_private_keys
from events.services import publish
from events.types import EventType
from wallets import sources
from wallets.answers import wallet_json
from wallets.models import Wallet

logger = logging.getLogger(__name__)

CHANGEABLE = ("name", "is_source")


@dataclass(frozen=True, slots=True)
class NewWallet:
    """What a caller wants registered; the address as it was typed."""

    chain: str
    address: str
    name: str = ""
    is_source: bool = False


def create(caller: Caller, draft: NewWallet) -> Wallet:
    """Register an address of the organization's own, and publish wallet.created.

    What leaves a source is found from then on, whether or not anybody names its hash.
    Raises InvalidRequest: `invalid_address`, `private_key_refused`, `wallet_already_registered`.
    """
    caller.require("wallets:write")
    refuse_private_keys({"name": draft.name, "address": draft.address})
    address = _own_address(draft, caller.environment)
    wallet = Wallet(
        organization_id=caller.organization_id,
        environment=caller.environment,
        chain=draft.chain,
        name=draft.name,
        address=address,
        lookalike_key=lookalike_key(address),
    )
    with transaction.atomic():
        if draft.is_source:
            sources.begin(wallet, at=timezone.now())
        _insert(wallet)
        publish(caller, EventType.WALLET_CREATED, wallet.id, wallet_json(wallet))
    logger.info(
        "wallet created wallet=%s chain=%s source=%s", wallet.id, wallet.chain, wallet.is_source
    )
    return wallet


@transaction.atomic
def update(caller: Caller, wallet_id: str, changes: Mapping[str, str | bool]) -> Wallet:
    """Change the name or the use of a wallet, and publish wallet.updated where anything changed.

    `changes` has any of CHANGEABLE. Raises NotFound, and InvalidRequest `private_key_refused`.
    """
    caller.require("wallets:write")
    refuse_private_keys(changes)
    wallet = _locked(caller, wallet_id)
    changed = [
        name
        for name in CHANGEABLE
        if changes.get(name, getattr(wallet, name)) != getattr(wallet, name)
    ]
    if not changed:
        return wallet
    wallet.name = str(changes.get("name", wallet.name))
    if "is_source" in changed and changes["is_source"]:
        sources.begin(wallet, at=timezone.now())
    elif "is_source" in changed:
        sources.end(wallet)
    wallet.save(update_fields=["name", "is_source", "source_since", "updated_at"])
    publish(caller, EventType.WALLET_UPDATED, wallet.id, wallet_json(wallet))
    logger.info("wallet updated wallet=%s changed=%s", wallet.id, ",".join(changed))
    return wallet


def get(caller: Caller, wallet_id: str) -> Wallet:
    """Return the caller's wallet; NotFound for another's, as for one that does not exist."""
    wallet = Wallet.objects.visible_to(caller).filter(id=wallet_id).first()
    if wallet is None:
        raise NotFound("wallet", wallet_id, param="wallet_id")
    return wallet


def source_addresses(organization_id: str, environment: str, chain: str) -> frozenset[str]:
    """The addresses payouts on `chain` are paid from; empty where none is registered."""
    wallets = Wallet.objects.filter(
        organization_id=organization_id, environment=environment, chain=chain, is_source=True
    )
    return frozenset(wallets.values_list("address", flat=True))


def own_addresses(organization_id: str, environment: str) -> frozenset[tuple[str, str]]:
    """Every (chain, address) of the organization: money between two of them is internal."""
    wallets = Wallet.objects.filter(organization_id=organization_id, environment=environment)
    return frozenset(wallets.values_list("chain", "address"))


def lookalikes(organization_id: str, environment: str, address: str) -> list[str]:
    """The organization's own addresses that `address` could be mistaken for, and is not."""
    wallets = Wallet.objects.filter(
        organization_id=organization_id,
        environment=environment,
        lookalike_key=lookalike_key(address),
    )
    known = wallets.order_by("address").values_list("address", flat=True).distinct()
    return [own for own in known if is_lookalike(address, own)]


def _own_address(draft: NewWallet, environment: str) -> str:
    address = parse_address(draft.address, draft.chain, environment).address
    if reason := why_lost(address, draft.chain):
        raise InvalidRequest(reason, code="invalid_address", param="address")
    return address


def _insert(wallet: Wallet) -> None:
    """Insert, and leave it to the unique constraint to say whether the address is taken."""
    try:
        with transaction.atomic():
            wallet.save(force_insert=True)
    except IntegrityError as error:
        if "one_wallet_per_address" not in str(error):
            raise
        raise InvalidRequest(
            "This address is already registered on this chain. Change that wallet instead.",
            code="wallet_already_registered",
            param="address",
        ) from None


def _locked(caller: Caller, wallet_id: str) -> Wallet:
    wallet = Wallet.objects.visible_to(caller).select_for_update().filter(id=wallet_id).first()
    if wallet is None:
        raise NotFound("wallet", wallet_id, param="wallet_id")
    return wallet
