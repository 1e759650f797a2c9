"""Who may approve whose: the whole table of product.md section 4, each cell written out."""

from datetime import UTC, datetime

import pytest

from approvals.facts import Facts
from approvals.rules import self_approval
from billing.callers import ALL_SCOPES, Caller
from billing.chains import Environment

# The actor and, for a key, the person who issued it.
MARA = ("usr_mara", None)
JON = ("usr_jon", None)
MARAS_KEY = ("key_mara_1", "usr_mara")
MARAS_OTHER_KEY = ("key_mara_2", "usr_mara")
JONS_KEY = ("key_jon", "usr_jon")
NOBODYS_KEY = ("key_nobody_1", None)
NOBODYS_OTHER_KEY = ("key_nobody_2", None)
SYSTEM = ("system", None)
Actor = tuple[str, str | None]

# creator, approver, refused in live, refused in live with keys_may_self_approve, in the sandbox
TABLE = [
    (MARA, MARA, True, True, True),
    (MARA, JON, False, False, False),
    (MARA, MARAS_KEY, True, False, False),
    (MARA, JONS_KEY, False, False, False),
    (MARA, NOBODYS_KEY, False, False, False),
    (JON, MARA, False, False, False),
    (JON, JON, True, True, True),
    (JON, MARAS_KEY, False, False, False),
    (JON, JONS_KEY, True, False, False),
    (MARAS_KEY, MARA, True, False, False),
    (MARAS_KEY, JON, False, False, False),
    (MARAS_KEY, MARAS_KEY, True, False, False),
    (MARAS_KEY, MARAS_OTHER_KEY, True, False, False),
    (MARAS_KEY, JONS_KEY, False, False, False),
    (MARAS_KEY, NOBODYS_KEY, False, False, False),
    (NOBODYS_KEY, MARA, False, False, False),
    (NOBODYS_KEY, NOBODYS_KEY, True, False, False),
    (NOBODYS_KEY, NOBODYS_OTHER_KEY, False, False, False),
    (NOBODYS_KEY, MARAS_KEY, False, False, False),
    (SYSTEM, MARA, False, False, False),
    (SYSTEM, MARAS_KEY, False, False, False),
    (SYSTEM, NOBODYS_KEY, False, False, False),
    (SYSTEM, SYSTEM, True, True, True),
]


def facts_of(creator: Actor, environment: str) -> Facts:
    return Facts(
        subject_id="po_1",
        environment=environment,
        chain="base",
        contract="0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        recipient="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        amount_atomic=1,
        due_date=datetime(2025, 1, 15, tzinfo=UTC),
        created_by=creator[0],
        created_by_issuer=creator[1],
    )


def is_refused(creator: Actor, approver: Actor, environment: Environment, *, switch: bool) -> bool:
    caller = Caller(
        organization_id="org_acme",
        environment=environment,
        actor_id=approver[0],
        actor_name="Somebody",
        scopes=ALL_SCOPES,
        issued_by=approver[1],
        keys_may_self_approve=switch,
    )
    return self_approval(caller, facts_of(creator, environment)) is not None


@pytest.mark.parametrize(("creator", "approver", "in_live", "with_switch", "in_sandbox"), TABLE)
def test_nobody_approves_their_own(
    creator: Actor, approver: Actor, in_live: bool, with_switch: bool, in_sandbox: bool
) -> None:
    assert is_refused(creator, approver, Environment.LIVE, switch=False) is in_live
    assert is_refused(creator, approver, Environment.LIVE, switch=True) is with_switch
    assert is_refused(creator, approver, Environment.SANDBOX, switch=False) is in_sandbox
    assert is_refused(creator, approver, Environment.SANDBOX, switch=True) is in_sandbox


def test_an_issuer_written_as_an_empty_text_is_nobody() -> None:
    assert not is_refused(("key_a", ""), ("key_b", None), Environment.LIVE, switch=False)
    assert is_refused(("key_a", ""), ("key_a", None), Environment.LIVE, switch=False)
