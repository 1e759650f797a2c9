"""One record, one line."""

import logging
import sys

from billing.log_lines import LineFormatter


def record(message: str, *arguments: object) -> logging.LogRecord:
    made = logging.LogRecord("payouts.acts", logging.INFO, "f", 1, message, arguments, None)
    made.created = 1795258443.25
    return made


def test_a_line_has_time_level_logger_request_and_message() -> None:
    made = record("payout settled payout=%s confirmations=%d", "po_1", 19)
    made.request_id = "req_1"

    assert LineFormatter().format(made) == (
        "2026-11-21T10:54:03.250Z info payouts.acts request=req_1 "
        "payout settled payout=po_1 confirmations=19"
    )


def test_outside_of_a_request_none_is_named() -> None:
    assert LineFormatter().format(record("ready")) == (
        "2026-11-21T10:54:03.250Z info payouts.acts ready"
    )


def test_nobody_can_forge_a_line() -> None:
    line = LineFormatter().format(record("refused name=%s", "x\n2026 error forged\x1b[0m"))

    assert line.endswith(r"refused name=x\n2026 error forged\x1b[0m")


def test_a_traceback_keeps_its_lines() -> None:
    made = record("job failed")
    try:
        raise RuntimeError("planted")
    except RuntimeError:
        made.exc_info = sys.exc_info()

    assert LineFormatter().format(made).endswith("RuntimeError: planted")
