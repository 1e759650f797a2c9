"""The payouts of the demonstration: how far each comes, and the acts that lead there."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from chainwatch import sandbox
from organizations.demonstration.cast import Cast
from payouts import services, simulation
from payouts.demonstration.controls import agree
from payouts.demonstration.payees import (
    BRIGHTSIDE,
    HETZEL,
    KOWALSKI,
    LINDQVIST,
    MARCHETTI,
    NORTHWIND,
    OYELARAN,
    TANAKA,
    TREASURY,
    UNREGISTERED,
    VEGA,
    ZHOU,
    Payee,
)
from payouts.models import PayoutIntent, Status
from wallets import services as wallets


@dataclass(frozen=True, slots=True)
class Story:
    """One payout. `ending` takes a draft to where the story leaves it."""

    number: int
    payee: Payee
    amount: str
    due_in_days: int
    ending: "Ending"

    @property
    def external_id(self) -> str:
        """Unique per organization by a constraint: a story is never told twice."""
        return f"demo-{self.number:02d}"


Ending = Callable[[Cast, str], None]


def play(cast: Cast) -> None:
    """Set up what was agreed, tell every story, each in one transaction: whole or not at all."""
    _register_treasury(cast.admin)
    agree(cast)
    payouts = PayoutIntent.objects.visible_to(cast.preparer)
    told = set(payouts.exclude(external_id=None).values_list("external_id", flat=True))
    for story in STORIES:
        if story.external_id not in told:
            with transaction.atomic():
                story.ending(cast, _created(cast.preparer, story).id)


def _register_treasury(admin: Caller) -> None:
    known = wallets.own_addresses(admin.organization_id, admin.environment)
    for chain, address in TREASURY.items():
        if (chain.value, address) not in known:
            name = f"Treasury on {chain.label}"
            draft = wallets.NewWallet(chain=chain.value, address=address, name=name, is_source=True)
            wallets.create(admin, draft)


def _created(preparer: Caller, story: Story) -> PayoutIntent:
    invoice = 2040 + story.number
    return services.create(
        preparer,
        services.NewPayout(
            recipient_address=story.payee.address,
            chain=story.payee.chain.value,
            token=story.payee.token.value,
            amount=Decimal(story.amount),
            description=f"{story.payee.name}, invoice {invoice}",
            reference_type="invoice",
            reference_id=f"INV-{invoice}",
            due_date=timezone.now() + timedelta(days=story.due_in_days),
            external_id=story.external_id,
        ),
    )


def _stay_draft(cast: Cast, payout_id: str) -> None:
    """Nothing more: somebody will review it."""


def _reject(cast: Cast, payout_id: str) -> None:
    services.reject(cast.approver, payout_id, "The invoice says 420.00. Please check it.")


def _cancel(cast: Cast, payout_id: str) -> None:
    services.cancel(cast.preparer, payout_id, reason="The supplier withdrew the invoice.")


def _approve(cast: Cast, payout_id: str) -> None:
    services.approve(cast.approver, payout_id)


def _hand_over_with_the_one_before(cast: Cast, payout_id: str) -> None:
    """Two payouts in one batch, waiting for whoever signs."""
    _approve(cast, payout_id)
    payouts = PayoutIntent.objects.visible_to(cast.admin).filter(status=Status.APPROVED)
    services.hand_over(
        cast.admin, list(payouts.order_by("external_id").values_list("id", flat=True))
    )


def _simulated(outcome: str) -> Ending:
    def ending(cast: Cast, payout_id: str) -> None:
        _approve(cast, payout_id)
        simulation.simulate(cast.admin, payout_id, outcome)

    return ending


def _execute_unseen(cast: Cast, payout_id: str) -> None:
    """A hash that no block shows yet: unknown is not failed."""
    _approve(cast, payout_id)
    services.execute(cast.admin, payout_id, _made_up_hash(), mines_itself=False)


def _execute_from_elsewhere(cast: Cast, payout_id: str) -> None:
    """Paid from a wallet that is not registered: it stays verifying until a person looks."""
    _approve(cast, payout_id)
    tx_hash = _made_up_hash()
    payout = services.execute(cast.admin, payout_id, tx_hash, mines_itself=False)
    transfer = sandbox.PlannedTransfer(
        contract=payout.contract,
        from_address=UNREGISTERED,
        to_address=payout.recipient_address,
        amount_atomic=payout.amount_atomic,
    )
    place = (payout.scope, payout.chain, tx_hash, payout.watch_key)
    sandbox.broadcast(*place, transfers=[transfer], at=timezone.now())


def _pay_twice(cast: Cast, payout_id: str) -> None:
    """A replacement that was sent although the first transaction still went through."""
    _approve(cast, payout_id)
    services.execute(cast.admin, payout_id, _made_up_hash())
    services.replace_hash(cast.admin, payout_id, _made_up_hash(), "Sent again with a higher fee.")
    simulation.simulate(cast.admin, payout_id, "settle")


def _made_up_hash() -> str:
    return f"0x{secrets.token_hex(32)}"


STORIES = (
    Story(1, NORTHWIND, "12500", -20, _simulated("settle")),
    Story(2, LINDQVIST, "3480.50", -18, _pay_twice),
    Story(3, OYELARAN, "940", -15, _simulated("settle")),
    Story(4, MARCHETTI, "7200", -12, _simulated("settle")),
    Story(5, TANAKA, "18250.75", -9, _simulated("wrong_amount")),
    Story(6, BRIGHTSIDE, "615.20", -8, _simulated("revert")),
    Story(7, KOWALSKI, "2999.99", -7, _simulated("wrong_recipient")),
    Story(8, VEGA, "410", -5, _cancel),
    Story(9, HETZEL, "1860", -1, _execute_unseen),
    Story(10, ZHOU, "5400", -1, _execute_from_elsewhere),
    Story(11, NORTHWIND, "11800", 1, _approve),
    Story(12, LINDQVIST, "2750", 2, _hand_over_with_the_one_before),
    Story(13, MARCHETTI, "6400", 3, _approve),
    Story(14, BRIGHTSIDE, "480", 4, _reject),
    Story(15, OYELARAN, "1120", 5, _stay_draft),
    Story(16, TANAKA, "22400", 7, _stay_draft),
    Story(17, VEGA, "395.99", 9, _stay_draft),
)
