"""The acts on wallets, and what others may ask of them."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.addresses import is_lookalike, lookalike_key, parse_address, why_lost
from billing.callers import Caller, system
from billing.chains import Environment
from billing.errors import InvalidRequest, NotFound
from billing.private_keys import refuse_private_keys
from events.services import publish
from events.types import EventType
from wallets import deposits, extended_keys, keys, sources
from wallets.answers import wallet_json
from wallets.models import DepositAddress, Wallet

logger = logging.getLogger(__name__)

CHANGEABLE = ("name", "is_source")
SANDBOX_NAME = "Sandbox"

# The constraint that refuses a second wallet, the field it is told at, and in what words.
_TAKEN = {
    "one_wallet_per_address": (
        "address",
        "This address is already registered on this chain. Change that wallet instead.",
    ),
    "one_wallet_per_extended_key_and_chain": (
        "xpub",
        "This extended key is already registered on this chain. Change that wallet instead.",
    ),
}


@dataclass(frozen=True, slots=True)
class NewWallet:
    """What a caller wants registered, `address` or `xpub` as it was typed: exactly one of them.

    `first_index` is the first address of the extended key that may be issued.
    """

    chain: str
    address: str = ""
    name: str = ""
    is_source: bool = False
    xpub: str = ""
    first_index: int = 0


def create(caller: Caller, draft: NewWallet) -> Wallet:
    """Register an address or an extended key of the organization's own; publish wallet.created.

    What leaves a source is found from then on, whether or not anybody names its hash.
    Raises InvalidRequest: `invalid_address`, `invalid_xpub`, `private_key_refused`,
    `wallet_already_registered`, `extended_key_taken`, and what `_refuse_unclear` says.
    """
    caller.require("wallets:write")
    refuse_private_keys({"name": draft.name, "address": draft.address, "xpub": draft.xpub})
    _refuse_unclear(draft)
    wallet = Wallet(
        organization_id=caller.organization_id,
        environment=caller.environment,
        chain=draft.chain,
        name=draft.name,
    )
    with transaction.atomic():
        if draft.xpub:
            parsed = extended_keys.parse(draft.xpub)
            wallet.extended_key = keys.registered(caller, parsed, first_index=draft.first_index)
        else:
            _give_address(wallet, draft)
        _insert(wallet)
        publish(caller, EventType.WALLET_CREATED, wallet.id, wallet_json(wallet))
    logger.info(
        "wallet created wallet=%s chain=%s source=%s extended_key=%s",
        wallet.id,
        wallet.chain,
        wallet.is_source,
        wallet.extended_key_id,
    )
    return wallet


@transaction.atomic
def update(caller: Caller, wallet_id: str, changes: Mapping[str, str | bool]) -> Wallet:
    """Change the name or the use of a wallet, and publish wallet.updated where anything changed.

    `changes` has any of CHANGEABLE. Raises NotFound, and InvalidRequest `private_key_refused`, or
    `invalid_field_value` where an extended key shall become a source.
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
        if wallet.extended_key is not None:
            raise _no_source()
        sources.begin(wallet, at=timezone.now())
    elif "is_source" in changed:
        sources.end(wallet)
    wallet.save(update_fields=["name", "is_source", "source_since", "updated_at"])
    publish(caller, EventType.WALLET_UPDATED, wallet.id, wallet_json(wallet))
    logger.info("wallet updated wallet=%s changed=%s", wallet.id, ",".join(changed))
    return wallet


def sandbox_wallet(organization_id: str, chain: str) -> Wallet:
    """Return the sandbox's wallet of its own on `chain`, registered where there is none.

    It stands on an extended key of which nobody has the private one, so that a new organization
    can play checkouts at once; live has no such wallet.
    """
    key = extended_keys.without_owner(organization_id)
    mine = Wallet.objects.select_related("extended_key").filter(
        organization_id=organization_id,
        environment=Environment.SANDBOX,
        chain=chain,
        extended_key__public_key=key.public_key,
        extended_key__chain_code=key.chain_code,
    )
    if (known := mine.first()) is not None:
        return known
    caller = system(organization_id, Environment.SANDBOX, "The sandbox")
    try:
        return create(caller, NewWallet(chain, name=SANDBOX_NAME, xpub=key.xpub))
    except InvalidRequest as refusal:
        if refusal.code != "wallet_already_registered":
            raise
        return mine.get()  # Another call made it at the same moment.


def get(caller: Caller, wallet_id: str) -> Wallet:
    """Return the caller's wallet; NotFound for another's, as for one that does not exist."""
    wallets = Wallet.objects.visible_to(caller).select_related("extended_key")
    wallet = wallets.filter(id=wallet_id).first()
    if wallet is None:
        raise NotFound("wallet", wallet_id, param="wallet_id")
    return wallet


def source_addresses(organization_id: str, environment: str, chain: str) -> frozenset[str]:
    """The addresses payouts on `chain` are paid from; empty where none is registered."""
    wallets = Wallet.objects.filter(
        organization_id=organization_id, environment=environment, chain=chain, is_source=True
    )
    return frozenset(wallets.values_list("address", flat=True))


def live_sources(chain: str) -> list[tuple[str, str]]:
    """The (organization id, address) of every live source wallet on a chain, of all organizations.

    For workers that look after all of them at once; in the order of addresses.
    """
    found = Wallet.objects.filter(environment=Environment.LIVE, chain=chain, is_source=True)
    return list(found.order_by("address", "id").values_list("organization_id", "address"))


def own_addresses(
    organization_id: str, environment: str, *, among: Collection[str] = ()
) -> frozenset[tuple[str, str]]:
    """Every (chain, address) of the organization: money between two of them is internal.

    Of the addresses issued to customers, which are too many, only those that are `among` the given.
    """
    place = {"organization_id": organization_id, "environment": environment}
    own = set(Wallet.objects.filter(**place).exclude(address="").values_list("chain", "address"))
    if among:
        issued = DepositAddress.objects.filter(**place, address__in=among)
        own.update(issued.values_list("chain", "address"))
    return frozenset(own)


def lookalikes(organization_id: str, environment: str, address: str) -> list[str]:
    """The organization's own addresses that `address` could be mistaken for, and is not."""
    wallets = Wallet.objects.filter(
        organization_id=organization_id,
        environment=environment,
        lookalike_key=lookalike_key(address),
    )
    known = wallets.order_by("address").values_list("address", flat=True).distinct()
    return [own for own in known if is_lookalike(address, own)]


def _refuse_unclear(draft: NewWallet) -> None:
    """Raise InvalidRequest unless it is an address or an extended key, with what belongs to it."""
    if not draft.address and not draft.xpub:
        raise InvalidRequest(
            "Give an address, or an extended public key as xpub.",
            code="missing_required_field",
            param="address",
        )
    if draft.address and draft.xpub:
        raise InvalidRequest("Give an address or an xpub, not both.", param="xpub")
    if draft.xpub and draft.is_source:
        raise _no_source()
    if draft.address and draft.first_index:
        raise InvalidRequest("A single address has no indexes.", param="first_index")
    if not 0 <= draft.first_index < extended_keys.INDEXES:
        raise InvalidRequest("An index is 0 to 2,147,483,647.", param="first_index")


def _no_source() -> InvalidRequest:
    return InvalidRequest(
        "Nothing is paid from an extended key. Register the address that payouts are paid from.",
        param="is_source",
    )


def _give_address(wallet: Wallet, draft: NewWallet) -> None:
    address = parse_address(draft.address, wallet.chain, wallet.environment).address
    if reason := why_lost(address, wallet.chain):
        raise InvalidRequest(reason, code="invalid_address", param="address")
    if deposits.is_issued(wallet, address):
        raise deposits.issued_already()
    wallet.address, wallet.lookalike_key = address, lookalike_key(address)
    if draft.is_source:
        sources.begin(wallet, at=timezone.now())


def _insert(wallet: Wallet) -> None:
    """Insert, and leave it to the unique constraints to say whether it is there already."""
    try:
        with transaction.atomic():
            wallet.save(force_insert=True)
    except IntegrityError as error:
        taken = next((said for name, said in _TAKEN.items() if name in str(error)), None)
        if taken is None:
            raise
        param, message = taken
        raise InvalidRequest(message, code="wallet_already_registered", param=param) from None


def _locked(caller: Caller, wallet_id: str) -> Wallet:
    wallet = Wallet.objects.visible_to(caller).select_for_update().filter(id=wallet_id).first()
    if wallet is None:
        raise NotFound("wallet", wallet_id, param="wallet_id")
    return wallet
