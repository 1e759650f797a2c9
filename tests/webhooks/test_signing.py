"""The headers of a delivery: written out, and by whom they are taken while secrets rotate."""

import base64
import re
from datetime import UTC, datetime

import pytest

from webhooks import secrets, signing

NEW = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"  # the bytes 0 to 23
OLD = "whsec_GBkaGxwdHh8gISIjJCUmJygpKissLS4v"  # the bytes 24 to 47
AT = datetime(2025, 1, 15, 12, tzinfo=UTC)  # 1736942400
BODY = '{"event_id":"evt_1","type":"payout.settled","amount":49.99,"note":"žluťoučký kůň"}'.encode()

# From openssl: dgst -sha256 -hmac whsec_…, and -macopt hexkey:0001… with base64.
NEW_V1 = "f2eb088383967706a0df3493301ccfd7ca258817bedb9b7b045f2634629d7874"
OLD_V1 = "de51f97b3a878dc0c895df1bd674def71ddf53af0d6b41f5e5719267f21efa46"
NEW_STANDARD = "kTRxBoe0aRZOaTnkKdhD3Z9dpbpzzM678oKP3JP2LE0="
OLD_STANDARD = "s9POMVJs10dCPPBuW/xqqcCk+ILyPiavu1X15KubqFI="


def headers(*by: str) -> dict[str, str]:
    return signing.headers("evt_1", BODY, by, AT, event_type="payout.settled")


def test_every_header_of_a_delivery() -> None:
    assert headers(NEW) == {
        "Content-Type": "application/json",
        "User-Agent": "billing/1.0.0 (+webhooks)",
        "X-Billing-Event-Id": "evt_1",
        "X-Billing-Event-Type": "payout.settled",
        "X-Billing-Signature": f"t=1736942400,v1={NEW_V1}",
        "webhook-id": "evt_1",
        "webhook-timestamp": "1736942400",
        "webhook-signature": f"v1,{NEW_STANDARD}",
    }


def test_while_rotating_the_old_secret_signs_last() -> None:
    both = headers(NEW, OLD)

    assert both["X-Billing-Signature"] == f"t=1736942400,v1={NEW_V1},v1={OLD_V1}"
    assert both["webhook-signature"] == f"v1,{NEW_STANDARD} v1,{OLD_STANDARD}"


def test_t_counts_whole_seconds_and_is_new_in_each_attempt() -> None:
    later = AT.replace(minute=5, microsecond=999_999)

    again = signing.headers("evt_1", BODY, [NEW], later, event_type="payout.settled")

    assert again["webhook-timestamp"] == "1736942700"
    assert again["X-Billing-Signature"].startswith("t=1736942700,v1=")
    assert again["X-Billing-Signature"] != headers(NEW)["X-Billing-Signature"]
    assert again["webhook-id"] == "evt_1"


def test_an_empty_body_and_any_byte_can_be_signed() -> None:
    for body in (b"", bytes(range(256))):
        told = signing.headers("evt_1", body, [NEW], AT, event_type="webhook.test")
        assert re.fullmatch(r"t=1736942400,v1=[0-9a-f]{64}", told["X-Billing-Signature"])


def test_a_new_secret_is_24_random_bytes_in_base64() -> None:
    made = {secrets.new_secret() for _ in range(1_000)}

    assert len(made) == 1_000
    for secret in made:
        assert len(secret) == 38
        assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 24


def test_a_kept_secret_can_be_opened_and_not_be_read() -> None:
    kept = secrets.sealed(NEW)

    assert secrets.opened(kept) == secrets.opened(memoryview(kept)) == NEW
    assert b"whsec" not in kept
    assert secrets.sealed(NEW) != kept  # Equal secrets do not look equal.


def test_a_kept_secret_that_was_changed_is_refused() -> None:
    kept = bytearray(secrets.sealed(NEW))
    kept[-1] ^= 1

    with pytest.raises(ValueError, match="MAC"):
        secrets.opened(bytes(kept))
