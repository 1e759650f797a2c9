"""docs/errors.md has every code there is, and none that is not."""

from payouts.states import OUTCOME_OF, FailureCode
from tests.docs.error_codes import codes_in_source
from tests.docs.pages import ERRORS, first_cells


def test_every_code_in_the_source_stands_in_the_table_and_the_other_way_round() -> None:
    documented = first_cells(ERRORS, "## Codes")

    assert sorted(documented) == sorted(codes_in_source())


def test_the_search_for_codes_finds_those_of_each_kind() -> None:
    found = codes_in_source()

    assert {"payout_not_draft", "wallet_not_found", "self_approval", "invalid_chain"} <= found


def test_every_failure_stands_in_the_table_with_its_outcome() -> None:
    rows = [line for line in ERRORS.read_text().splitlines() if line.startswith("| `")]

    for code in FailureCode:
        assert any(row.startswith(f"| `{code}` | `{OUTCOME_OF[code]}` |") for row in rows), code
    assert sorted(first_cells(ERRORS, "## Why a payout failed")) == sorted(FailureCode.values)
