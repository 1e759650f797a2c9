"""Checkouts in every stage that a page can show, brought there as a chain and people would."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from billing.callers import Caller
from checkouts import services
from checkouts.hosted.stages import Stage
from checkouts.models import Checkout
from tests.checkouts.making import a_draft, reload
from tests.checkouts.paying import a_pass, followed, headed, orphaned, paid

BLOCK = 1_000
OVER = {Stage.TIME_UP, Stage.EXPIRED, Stage.UNDERPAID}  # whose time was over when they were made


def in_stage(caller: Caller, stage: Stage, **draft: Any) -> Checkout:
    """A checkout whose page is in this stage now: 49.99 USDC on Base unless `draft` says else."""
    over = {"expires_in_seconds": -30} if stage in OVER else {}
    checkout = services.create(caller, a_draft(**{**over, **draft}))
    _STEPS[stage](caller, checkout)
    return reload(checkout)


def arrived(checkout: Checkout, amount: int | None = None, **how: Any) -> str:
    """Something reached the checkout, and was judged. Returns the hash."""
    tx_hash = paid(checkout, amount, **how)
    a_pass()
    return tx_hash


def at_head(checkout: Checkout, number: int) -> None:
    headed(number, checkout.chain, checkout.scope)
    a_pass()


def _nothing(caller: Caller, checkout: Checkout) -> None:
    pass


def _part(caller: Caller, checkout: Checkout) -> None:
    in_time = min(timezone.now(), checkout.expires_at - timedelta(seconds=5))
    arrived(checkout, checkout.amount_atomic // 5, block_time=in_time)


def _detected(caller: Caller, checkout: Checkout) -> None:
    headed(BLOCK, checkout.chain, checkout.scope)
    arrived(checkout)


def _undone(caller: Caller, checkout: Checkout) -> None:
    headed(BLOCK, checkout.chain, checkout.scope)
    orphaned(arrived(checkout))
    a_pass()


def _confirming(caller: Caller, checkout: Checkout) -> None:
    _detected(caller, checkout)
    at_head(checkout, BLOCK + 3)


def _confirmed(caller: Caller, checkout: Checkout) -> str:
    headed(BLOCK + checkout.required_confirmations, checkout.chain, checkout.scope)
    return arrived(checkout, is_final=True)


def _reversed(caller: Caller, checkout: Checkout) -> None:
    orphaned(_confirmed(caller, checkout))
    a_pass()


def _expired(caller: Caller, checkout: Checkout) -> None:
    followed(timezone.now(), checkout.chain, checkout.scope)
    a_pass()


def _underpaid(caller: Caller, checkout: Checkout) -> None:
    _part(caller, checkout)
    _expired(caller, checkout)


def _canceled(caller: Caller, checkout: Checkout) -> None:
    services.cancel(caller, checkout.id)


def _failed(caller: Caller, checkout: Checkout) -> None:
    services.fail(caller, checkout.id, reason="a word between us")


_STEPS: dict[Stage, Callable[[Caller, Checkout], object]] = {
    Stage.PAYING: _nothing,
    Stage.PART: _part,
    Stage.UNDONE: _undone,
    Stage.TIME_UP: _nothing,
    Stage.DETECTED: _detected,
    Stage.CONFIRMING: _confirming,
    Stage.CONFIRMED: _confirmed,
    Stage.REVERSED: _reversed,
    Stage.EXPIRED: _expired,
    Stage.UNDERPAID: _underpaid,
    Stage.CANCELED: _canceled,
    Stage.FAILED: _failed,
}
