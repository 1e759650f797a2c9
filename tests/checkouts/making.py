"""How tests of checkouts make wallets, payment methods, links and checkouts."""

import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from bip32 import BIP32
from django.db import connection
from django.utils import timezone

from billing.callers import Caller, system
from billing.chains import Environment
from billing.errors import BillingError
from chainwatch.models import ChainHead, Transfer
from checkouts import services
from checkouts.models import Checkout, Payment, PaymentLink, PaymentMethod
from checkouts.services import NewCheckout
from events.models import Event
from organizations.models import Organization
from wallets import services as wallets
from wallets.models import Wallet

TREASURY = "0xde709f2102306220921060314715629080e2fb77"  # lower case on purpose: no EIP-55 claim
OTHER_TREASURY = "0x52908400098527886E0F7030069857D2E4169EE7"
TRON_TREASURY = "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf"
COIN_TYPES = {"tron": 195, "arbitrum": 60, "base": 60}

Json = dict[str, Any]
MakeApi = Callable[..., Any]  # tests.conftest.MakeApi, whose answers have `json()`


@cache
def an_xpub(number: int = 1, chain: str = "base") -> str:
    """The extended public key of an account of which these tests alone know the seed."""
    seed = f"the seed of test account {number}".encode().ljust(32, b".")
    xpub: str = BIP32.from_seed(seed).get_xpub_from_path(f"m/44h/{COIN_TYPES[chain]}h/0h")
    return xpub


def a_body(**changes: Any) -> Json:
    """A body that POST /v1/checkouts takes: 49.99 USDC on Base."""
    return {"amount_usd": Decimal("49.99"), "chain": "base", "token": "USDC", **changes}


def a_draft(**changes: Any) -> NewCheckout:
    """The same for the service."""
    return NewCheckout(**a_body(**changes))


def caller_of(organization: Organization, environment: str = "sandbox") -> Caller:
    """Somebody who may do everything."""
    return system(organization.id, Environment(environment), "tests")


def a_wallet(caller: Caller, chain: str = "base", *, xpub: str = "", address: str = "") -> Wallet:
    """A wallet on an extended key, unless an address is given."""
    if not address:
        xpub = xpub or an_xpub(chain=chain)
    draft = wallets.NewWallet(chain=chain, address=address, xpub=xpub)
    return wallets.create(caller, draft)


def a_method(
    caller: Caller,
    chain: str = "base",
    token: str = "USDC",
    *,
    wallet: Wallet | None = None,
    **fields: Any,
) -> PaymentMethod:
    """A payment method, on a wallet with an extended key where none is given."""
    wallet = wallet or Wallet.objects.visible_to(caller).filter(chain=chain).first()
    wallet = wallet or a_wallet(caller, chain)
    return services.methods.create(
        caller,
        services.methods.NewMethod(wallet_id=wallet.id, chain=chain, token=token, **fields),
    )


def a_shared_method(caller: Caller, **fields: Any) -> PaymentMethod:
    """A payment method on a wallet of one address, which all its checkouts share."""
    return a_method(caller, wallet=a_wallet(caller, address=TREASURY), **fields)


def a_link(caller: Caller, **changes: Any) -> PaymentLink:
    """A link for 120 dollars by the newest method."""
    method_id = changes.pop("payment_method_id", None)
    if method_id is None:
        method = PaymentMethod.objects.visible_to(caller).first() or a_method(caller)
        method_id = method.id
    values: Json = {"amount_usd": Decimal(120), "payment_method_id": method_id, **changes}
    return services.links.create(caller, services.links.NewLink(**values))


def create(client: Any, **changes: Any) -> Json:
    """A checkout made over the API, as answered."""
    answer = client.post("/v1/checkouts", a_body(**changes))
    assert answer.status_code == 201, answer.content
    made: Json = answer.json()
    return made


def detected(checkout: Checkout, block_number: int = 1_000) -> Checkout:
    """As after a payment was seen in this block, without one."""
    checkout.detect(at=timezone.now(), tx_hash="0x" + "ab" * 32, block_number=block_number)
    checkout.save()
    return checkout


def confirming(checkout: Checkout, block_number: int = 1_000) -> Checkout:
    detected(checkout, block_number).begin_confirming(at=timezone.now())
    checkout.save()
    return checkout


def confirmed(checkout: Checkout, block_number: int = 1_000) -> Checkout:
    at = timezone.now()
    confirming(checkout, block_number)
    checkout.confirm(at=at, tx_hash="0x" + "ab" * 32, block_number=block_number, confirmations=12)
    checkout.save()
    return checkout


def a_payment(checkout: Checkout, amount_atomic: int = 49_990_000, **fields: Any) -> Payment:
    """What reached its address, as recorded, and the transfer behind it."""
    at = timezone.now()
    seen: Json = {
        "chain": checkout.chain,
        "tx_hash": "0x" + "ab" * 32,
        "ordinal": 0,
        "log_index": 4,
        "contract": checkout.contract,
        "from_address": OTHER_TREASURY,
        "amount_atomic": amount_atomic,
        "block_number": 1_000,
        "block_hash": "0xb10c",
        "block_time": at,
    }
    transfer = Transfer.objects.create(
        **seen, scope=checkout.scope, to_address=checkout.address, node="test", seen_at=at
    )
    return Payment.objects.create(
        **seen
        | {
            "organization_id": checkout.organization_id,
            "environment": checkout.environment,
            "deposit_address_id": checkout.deposit_address_id,
            "checkout": checkout,
            "kind": "on_time",
            "token": checkout.token,
            "transfer": transfer,
            "detected_at": at,
        }
        | fields
    )


def head(checkout: Checkout, number: int) -> None:
    """Let chainwatch have read this head of the checkout's chain."""
    at = timezone.now()
    values: Json = {"number": number, "block_hash": "0xhead", "block_time": at, "read_at": at}
    ChainHead.objects.update_or_create(chain=checkout.chain, scope=checkout.scope, defaults=values)


def reload(checkout: Checkout) -> Checkout:
    stored: Checkout = Checkout.objects.get(id=checkout.id)
    return stored


def event_types(resource_id: str) -> list[str]:
    """The types of everything that happened to it, in order."""
    rows = Event.objects.filter(resource_id=resource_id).order_by("created_at", "id")
    return list(rows.values_list("type", flat=True))


def at_once(acts: Sequence[Callable[[], object]]) -> list[Any]:
    """Run the acts in threads that start together; what each returned, or its refusal's code."""
    answers: list[Any] = ["never ended"] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            start.wait()
            answers[place] = act()
        except BillingError as error:
            answers[place] = error.code
        except Exception as error:  # A thread's error must fail the test, whatever it is.
            answers[place] = repr(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
