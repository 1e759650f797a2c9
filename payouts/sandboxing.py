"""What payouts do on the simulated chain: which transfers a simulated payer makes."""

from collections.abc import Sequence
from dataclasses import replace

from billing.chains import Chain, Network, Token, network
from chainwatch.sandbox import PlannedTransfer
from payouts.models import PayoutIntent
from wallets import services as wallets

# The payer where no source wallet is registered, and the stranger whom money reaches by mistake.
# Nobody has their keys: they are repeated words (5afe, bad1), checksummed.
PAYER = {
    Chain.TRON: "TJGLXFSYcDmfbRvFjBFXXTVSjb3jncPuez",
    Chain.ARBITRUM: "0x5afe5afE5afE5afE5afE5aFe5aFe5Afe5Afe5AfE",
    Chain.BASE: "0x5afe5afE5afE5afE5afE5aFe5aFe5Afe5Afe5AfE",
}
STRANGER = {
    Chain.TRON: "TT11w23dgwNn2KMJpwkF4hitfLGjVKtHnz",
    Chain.ARBITRUM: "0xbAD1baD1BAd1baD1BAD1BAD1baD1bad1BAD1BAD1",
    Chain.BASE: "0xbAD1baD1BAd1baD1BAD1BAD1baD1bad1BAD1BAD1",
}


def fitting_transfer(payout: PayoutIntent) -> PlannedTransfer:
    """The transfer that pays the payout, from a source wallet where one is registered."""
    sources = wallets.source_addresses(payout.organization_id, payout.environment, payout.chain)
    return PlannedTransfer(
        contract=payout.contract,
        from_address=min(sources, default=PAYER[Chain(payout.chain)]),
        to_address=payout.recipient_address,
        amount_atomic=payout.amount_atomic,
    )


def planned(payout: PayoutIntent, outcome: str) -> Sequence[PlannedTransfer]:
    """The transfers of a transaction that ends the payout so; none where it is reverted."""
    fitting = fitting_transfer(payout)
    if outcome == "revert":
        return ()
    if outcome == "wrong_recipient":
        return (replace(fitting, to_address=STRANGER[Chain(payout.chain)]),)
    if outcome == "wrong_token":
        return (replace(fitting, contract=_another_token(network(payout.chain), payout.token)),)
    if outcome == "wrong_amount":
        # What a token that keeps 0.1 % for itself would deliver.
        fee = max(1, payout.amount_atomic // 1000)
        return (replace(fitting, amount_atomic=payout.amount_atomic - fee),)
    if outcome == "duplicate_log":
        return (fitting, fitting)
    return (fitting,)


def _another_token(row: Network, token: str) -> str:
    """A token of the same name where there is one, the most likely mistake; else the other one."""
    if token == Token.USDC and row.namesakes:
        return next(iter(row.namesakes))
    return next(contract for name, contract in row.contracts.items() if name != token)
