"""Give the batches that stand the digest of what is in them; those that are void keep none.

Done again it changes nothing: only a batch without a digest is looked at.
"""

import hashlib
from typing import Any

from django.db import migrations

BATCH = 500


def fill(apps: Any, schema_editor: Any) -> None:
    batches = apps.get_model("payouts", "PayoutBatch").objects.filter(digest="", voided_at=None)
    items = apps.get_model("payouts", "BatchItem").objects
    while rows := list(batches.order_by("id")[:BATCH]):
        digests: dict[str, list[str]] = {row.id: [] for row in rows}
        found = items.filter(batch_id__in=digests)
        for batch_id, digest in found.values_list("batch_id", "payout__approval_digest"):
            digests[batch_id].append(digest)
        for row in rows:
            text = "|".join(["v1", row.id, *sorted(digests[row.id])])
            row.digest = hashlib.sha256(text.encode()).hexdigest()
            row.save(update_fields=["digest"])


class Migration(migrations.Migration):
    dependencies = [("payouts", "0013_batches_have_a_digest")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
