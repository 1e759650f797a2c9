"""The acts on payment methods: how the organization takes money, and which one by default.

Each locks, checks, saves and publishes its event in one transaction. An organization's acts on its
methods go one after the other (`_one_at_a_time`): of two that each make another method the
default, the second clears what the first set.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from billing.callers import Caller
from billing.chains import Chain, decimals, network
from billing.errors import InvalidRequest, NotFound
from billing.locks import lock_key
from billing.money import from_atomic, to_atomic
from billing.private_keys import refuse_private_keys
from checkouts.answers import method_json
from checkouts.errors import PaymentMethodDisabled, WalletUnfit, WalletUnknown
from checkouts.models import MethodStatus, PaymentMethod
from events.services import publish
from events.types import EventType
from wallets import services as wallets
from wallets.models import Wallet

logger = logging.getLogger(__name__)

LEAST_ATOMIC = 10_000  # 0.01 of a token of six decimals: the contract's smallest amount
AMOUNTS = {
    "min_amount_usd": "min_amount_atomic",
    "max_amount_usd": "max_amount_atomic",
    "tolerance_usd": "tolerance_atomic",
}


@dataclass(frozen=True, slots=True)
class NewMethod:
    """How money shall be taken. Amounts in token units; None means no bound.

    `required_confirmations` None is the network's own number. `tolerance_usd` is how much less
    than was asked still pays; only addresses of extended keys have one.
    """

    wallet_id: str
    chain: str
    token: str
    display_name: str | None = None
    required_confirmations: int | None = None
    min_amount_usd: Decimal | None = None
    max_amount_usd: Decimal | None = None
    tolerance_usd: Decimal = Decimal(0)
    is_default: bool = False


@transaction.atomic
def create(caller: Caller, draft: NewMethod) -> PaymentMethod:
    """Make a payment method of one of the caller's wallets, and publish payment_method.created.

    As the default it takes the place of the one before. Raises `wallet_not_found`, `wallet_unfit`,
    `private_key_refused`, and `invalid_field_value` for what does not go together.
    """
    caller.require("checkouts:write")
    refuse_private_keys({"display_name": draft.display_name})
    wallet = _wallet(caller, draft)
    _one_at_a_time(caller)
    method = PaymentMethod(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        wallet=wallet,
        chain=draft.chain,
        token=draft.token,
        display_name=draft.display_name,
        required_confirmations=draft.required_confirmations or network(draft.chain).confirmations,
        is_default=draft.is_default,
    )
    for name, column in AMOUNTS.items():
        setattr(method, column, _atomic(method, name, getattr(draft, name)))
    _require_confirmations(method)
    _require_amounts(method)
    if method.is_default:
        _clear_default(caller, method)
    method.save(force_insert=True)
    return _told(caller, EventType.PAYMENT_METHOD_CREATED, method)


def get(caller: Caller, method_id: str) -> PaymentMethod:
    """Return the caller's payment method, disabled or not. Raises NotFound for any other."""
    found: PaymentMethod | None = (
        PaymentMethod.objects.visible_to(caller).filter(id=method_id).first()
    )
    if found is None:
        raise NotFound("payment method", method_id, param="id")
    return found


@transaction.atomic
def update(caller: Caller, method_id: str, changes: Mapping[str, Any]) -> PaymentMethod:
    """Change what `changes` names, the fields first, then the status; all or nothing.

    It has any of the optional fields of NewMethod, and `status`. Publishes payment_method.updated
    where a field changed, and what disable does. Checkouts made before keep what they ask for.
    Raises NotFound, `payment_method_disabled`, and what create raises.
    """
    caller.require("checkouts:write")
    refuse_private_keys({"display_name": changes.get("display_name")})
    _one_at_a_time(caller)
    method = _locked(caller, method_id)
    _change_fields(caller, method, changes)
    if changes.get("status") == MethodStatus.ACTIVE and method.status != MethodStatus.ACTIVE:
        raise PaymentMethodDisabled(method)
    if changes.get("status") == MethodStatus.DISABLED:
        _disable(caller, method)
    return method


def set_default(caller: Caller, method_id: str) -> PaymentMethod:
    """Make it the one that is taken before others of its chain and token.

    Raises NotFound and PaymentMethodDisabled.
    """
    return update(caller, method_id, {"is_default": True})


@transaction.atomic
def disable(caller: Caller, method_id: str) -> PaymentMethod:
    """Let nothing new be paid by it, for good, and publish payment_method.deleted.

    Checkouts that are open go on. A disabled one stays as it is. Raises NotFound.
    """
    caller.require("checkouts:write")
    _one_at_a_time(caller)
    method = _locked(caller, method_id)
    _disable(caller, method)
    return method


@transaction.atomic
def sandbox_method(caller: Caller, chain: str, token: str) -> PaymentMethod:
    """Return the sandbox's own method for a chain and token, made where there is none.

    So that the first checkout of a fresh test key works. Nobody holds the keys of its addresses.
    """
    assert not caller.is_live, "in live only the merchant says where money goes"
    # First checkouts at the same time make one method: the second waits and finds it.
    _lock(f"sandbox method {caller.organization_id} {chain} {token}")
    found: PaymentMethod | None = (
        PaymentMethod.objects.visible_to(caller)
        .filter(chain=chain, token=token, status=MethodStatus.ACTIVE)
        .select_related("wallet__extended_key")
        .first()
    )
    if found is not None:
        return found
    method = PaymentMethod.objects.create(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        wallet=wallets.sandbox_wallet(caller.organization_id, chain),
        chain=chain,
        token=token,
        display_name=f"Sandbox {token} on {Chain(chain).label}",
        required_confirmations=network(chain).confirmations,
    )
    return _told(caller, EventType.PAYMENT_METHOD_CREATED, method)


def _change_fields(caller: Caller, method: PaymentMethod, changes: Mapping[str, Any]) -> None:
    changed = _changed(method, changes)
    if not changed:
        return
    if method.status != MethodStatus.ACTIVE:
        raise PaymentMethodDisabled(method)
    for column, value in changed.items():
        setattr(method, column, value)
    # Only what is named is judged: the operator may have raised the network's number since.
    if "required_confirmations" in changed:
        _require_confirmations(method)
    if changed.keys() & set(AMOUNTS.values()):
        _require_amounts(method)
    if changed.get("is_default"):
        _clear_default(caller, method)
    method.save(update_fields=[*changed, "updated_at"])
    _told(caller, EventType.PAYMENT_METHOD_UPDATED, method)


def _changed(method: PaymentMethod, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that would have another value, and that value."""
    plain = ("display_name", "required_confirmations", "is_default")
    wanted = {name: changes[name] for name in plain if name in changes}
    for name, column in AMOUNTS.items():
        if name in changes:
            wanted[column] = _atomic(method, name, changes[name])
    return {name: value for name, value in wanted.items() if value != getattr(method, name)}


def _atomic(method: PaymentMethod, name: str, amount: Decimal | None) -> int | None:
    if amount is None:
        return 0 if name == "tolerance_usd" else None
    return to_atomic(amount, decimals(method.chain, method.token), param=name)


def _require_confirmations(method: PaymentMethod) -> None:
    least = network(method.chain).confirmations
    if method.required_confirmations < least:
        raise InvalidRequest(
            f"Fewer than {least} confirmations are not taken on {method.chain}. Ask for {least} "
            "or more.",
            param="required_confirmations",
        )


def _require_amounts(method: PaymentMethod) -> None:
    least, most = method.min_amount_atomic, method.max_amount_atomic
    if least is not None and most is not None and least > most:
        raise InvalidRequest(
            "max_amount_usd is less than min_amount_usd: no amount would do.",
            param="max_amount_usd",
        )
    if not method.tolerance_atomic:
        return
    if method.wallet.extended_key_id is None:
        raise InvalidRequest(
            "This wallet is one address, on which only the exact amount names a checkout. "
            "Leave tolerance_usd out, or use a wallet with an extended public key.",
            param="tolerance_usd",
        )
    # Else the smallest checkout would be paid by next to nothing.
    smallest = max(least or 0, LEAST_ATOMIC)
    if method.tolerance_atomic >= smallest:
        shown = from_atomic(smallest, decimals(method.chain, method.token))
        raise InvalidRequest(
            f"tolerance_usd must be less than the smallest amount that is taken, {shown}. "
            "Raise min_amount_usd, or tolerate less.",
            param="tolerance_usd",
        )


def _disable(caller: Caller, method: PaymentMethod) -> None:
    if method.status == MethodStatus.DISABLED:
        return
    method.status = MethodStatus.DISABLED.value
    method.is_default, method.disabled_at = False, timezone.now()
    method.save(update_fields=["status", "is_default", "disabled_at", "updated_at"])
    _told(caller, EventType.PAYMENT_METHOD_DELETED, method)


def _clear_default(caller: Caller, but: PaymentMethod) -> None:
    """Let no other method be the default. It changes, so that is told too."""
    others = PaymentMethod.objects.visible_to(caller).filter(is_default=True).exclude(id=but.id)
    for method in others.select_for_update(no_key=True):
        method.is_default = False
        method.save(update_fields=["is_default", "updated_at"])
        _told(caller, EventType.PAYMENT_METHOD_UPDATED, method)


def _wallet(caller: Caller, draft: NewMethod) -> Wallet:
    wallet: Wallet | None = Wallet.objects.visible_to(caller).filter(id=draft.wallet_id).first()
    if wallet is None:
        raise WalletUnknown(draft.wallet_id)
    if wallet.chain != draft.chain:
        raise WalletUnfit(wallet.id, wallet.chain)
    return wallet


def _locked(caller: Caller, method_id: str) -> PaymentMethod:
    # NO KEY UPDATE: a checkout that is being made by it, and so refers to it, need not wait.
    rows = PaymentMethod.objects.visible_to(caller).select_for_update(no_key=True)
    method: PaymentMethod | None = rows.filter(id=method_id).first()
    if method is None:
        raise NotFound("payment method", method_id, param="id")
    return method


def _one_at_a_time(caller: Caller) -> None:
    """Wait until no other act changes this organization's methods, till the transaction ends.

    A row lock would not do: where there is no default yet, there is no row to lock.
    """
    _lock(f"payment methods {caller.organization_id} {caller.environment.value}")


def _lock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key(name)])


def _told(caller: Caller, type_: EventType, method: PaymentMethod) -> PaymentMethod:
    publish(caller, type_, method.id, method_json(method))
    logger.info("%s method=%s actor=%s", type_.value, method.id, caller.actor_id)
    return method
