"""Jobs of the beat."""

import dataclasses

from celery import shared_task

from billing.locks import advisory_lock
from payouts import contracts, services, source_balances, verifying
from payouts import outflows as leaving
from payouts.importing import working


@shared_task
def verify() -> dict[str, int]:
    """Turn what the chains said into the states of payouts."""
    with advisory_lock("payouts verify") as is_ours:
        return dataclasses.asdict(verifying.verify()) if is_ours else {}


@shared_task
def outflows() -> dict[str, int]:
    """Match what left source wallets without a hash, and raise the alarm for what nobody meant."""
    with advisory_lock("payouts outflows") as is_ours:
        return dataclasses.asdict(leaving.find()) if is_ours else {}


@shared_task
def ask_contracts() -> dict[str, int]:
    """Ask the chains whether recipients are contracts, before anybody pays them."""
    with advisory_lock("payouts contracts") as is_ours:
        return {"asked": contracts.ask()} if is_ours else {}


@shared_task
def lapse() -> dict[str, int]:
    """Take back approvals that have become too old, and stop waiting for very old hashes."""
    with advisory_lock("payouts lapse") as is_ours:
        if not is_ours:
            return {}
        return {"lapsed": services.lapse(), "hashes_closed": verifying.close_old_hashes()}


@shared_task
def imports() -> dict[str, int]:
    """Check files that were uploaded and create what was confirmed; each by one worker alone."""
    return {"imports": working.work_due()}


@shared_task
def ask_balances() -> dict[str, str | int]:
    """Ask what source wallets hold: each minute where payouts wait to be signed, else hourly."""
    with advisory_lock("payouts balances") as is_ours:
        return source_balances.summary(source_balances.ask_due()) if is_ours else {}
