"""What an organization calls the accounts of its ledger files."""

import re
from collections.abc import Mapping
from dataclasses import fields

from django.db import transaction

from billing.callers import Caller
from billing.errors import InvalidRequest
from events.services import publish
from events.types import EventType
from organizations.answers import organization_json
from organizations.models import Organization
from organizations.roles import ADMINISTER_ORGANIZATION
from reconciliation.ledgers.entries import Accounts
from reconciliation.models import LedgerAccounts

LONGEST_NAME = 120
# How each is called on the page, and what is booked there.
WORDS: Mapping[str, tuple[str, str]] = {
    "wallets": ("Wallets", "Before the chain and the address of each wallet."),
    "payouts": ("Payouts", "What was meant to be paid."),
    "open_differences": ("Open differences", "What came short or beyond, until it is resolved."),
    "differences": ("Resolved differences", "The same, once somebody said what became of it."),
    "suspense": ("Unexpected", "Money that left with no payout behind it, while it is open."),
    "refunds": ("Refunds", "Unexpected money that is to come back."),
    "internal": ("Transfers", "Unexpected money that went to a wallet of your own."),
    "losses": ("Losses", "Unexpected money that was written off."),
}
# What both programs read: https://beancount.github.io/docs/beancount_language_syntax.html#accounts
# hledger takes any of these. Letters are those of ASCII, which every version of both agrees on.
_ACCOUNT = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")


def accounts_of(caller: Caller) -> Accounts:
    """The names to write now: the organization's own, a default for each that it left alone."""
    row = LedgerAccounts.objects.visible_to(caller).first()
    return Accounts(**(row.names if row else {}))


@transaction.atomic
def set_accounts(caller: Caller, names: Mapping[str, str]) -> Accounts:
    """Call the accounts so from now on, an empty name its default; publish organization.updated.

    Two at once: the organization's row is locked, and the second writes over all of the first.
    Raises InsufficientScope, InvalidRequest for what is no name of an account.
    """
    caller.require(ADMINISTER_ORGANIZATION)
    own = {
        field.name: names.get(field.name, "").strip()
        for field in fields(Accounts)
        if names.get(field.name, "").strip() not in ("", field.default)
    }
    for name, account in own.items():
        if len(account) > LONGEST_NAME or not _ACCOUNT.fullmatch(account):
            raise InvalidRequest(
                f"{WORDS[name][0]}: an account is Assets, Liabilities, Equity, Income or Expenses, "
                "then parts behind colons, each of letters, digits and hyphens, beginning with a "
                "capital or a digit.",
                param=name,
            )
    organization = Organization.objects.select_for_update().get(id=caller.organization_id)
    before = accounts_of(caller)
    if Accounts(**own) == before:
        return before
    LedgerAccounts.objects.update_or_create(
        organization=organization, environment=caller.environment, defaults={"names": own}
    )
    told = {**organization_json(organization), "ledger_accounts": own}
    publish(caller, EventType.ORGANIZATION_UPDATED, organization.id, told)
    return Accounts(**own)
