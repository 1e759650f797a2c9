"""Importing 10,000 payouts from a file beside COPY of the same rows into the same tables."""

import itertools
import time
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from psycopg import sql

from payouts.importing import acts
from payouts.importing.creating import create
from payouts.importing.working import check_now
from payouts.models import PayoutImport
from tests.bench.arms import interleaved, ratio
from tests.bench.figures import Figure
from tests.bench.payouts import RECIPIENT
from tests.bench.place import Tenant, new_tenant

LINES, ROUNDS = 10_000, 5
_UTC = ZoneInfo("UTC")
_FILES = itertools.count(1)


def run() -> list[Figure]:
    answers = interleaved({"import": _importing, "copy": _copying}, ROUNDS)
    ours, rival = (min(answers[arm]) for arm in ("import", "copy"))
    workload, beside = f"import of {LINES:,} payouts", f"COPY into both tables {rival:.2f} s"
    return [
        Figure(workload, "confirm", ours, "s", beside),
        Figure(workload, "against COPY", ratio(answers, "import", "copy"), "×", beside, 4.0),
    ]


def _importing() -> float:
    """Read, check again, insert and commit: all that the worker does once it is confirmed."""
    tenant = new_tenant("Imports")
    imported = _checked(tenant)
    begun = time.perf_counter()
    create(tenant.caller, imported.id)
    return time.perf_counter() - begun


def _checked(tenant: Tenant) -> PayoutImport:
    """An uploaded file, as the worker checks it."""
    imported = acts.start(tenant.caller, "may.csv", _file(), _UTC)
    check_now(imported)
    return imported


def _copying() -> float:
    """The rows of an import, told under new ids by COPY from texts that are ready."""
    tenant = new_tenant("Copied")
    create(tenant.caller, _checked(tenant).id)
    tables = {table: _texts(table, tenant) for table in ("payouts_payoutintent", "events_event")}
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for table, rows in tables.items():
            into = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
            with cursor.copy(into) as copy:
                copy.write(rows)
    return time.perf_counter() - begun


def _texts(table: str, tenant: Tenant) -> bytes:
    """What COPY tells of the tenant's rows, each under an id that is new."""
    whose = sql.SQL("COPY (SELECT * FROM {} WHERE organization_id = {}) TO STDOUT").format(
        sql.Identifier(table), sql.Literal(tenant.caller.organization_id)
    )
    with connection.cursor() as cursor, cursor.copy(whose) as copy:
        text = b"".join(bytes(piece) for piece in copy).decode()
    for prefix in ("po", "evt", "ext"):
        text = text.replace(f"{prefix}_", f"{prefix}_{next(_FILES):x}")
    return text.encode()


def _file() -> bytes:
    """Every line with its own amount, invoice and external id, as a month of a company has them."""
    file = next(_FILES)
    titles = "recipient_address,chain,token,amount,reference_type,reference_id,external_id"
    rows = (
        f"{RECIPIENT['arbitrum']},arbitrum,USDC,{100 + n}.25,invoice,inv_{file}_{n},ext_{file}_{n}"
        for n in range(LINES)
    )
    return "\n".join([titles, *rows]).encode()
