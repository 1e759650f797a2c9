import django.contrib.postgres.fields
import django.utils.timezone
from django.db import migrations, models

import billing.models


class Migration(migrations.Migration):
    replaces = [
        ("chainwatch", "0001_initial"),
        ("chainwatch", "0002_following"),
        ("chainwatch", "0003_fill_finality"),
        ("chainwatch", "0004_index_sandbox_blocks"),
        ("chainwatch", "0005_resting_addresses"),
        ("chainwatch", "0006_sandbox_chains_in_use"),
        ("chainwatch", "0007_balances"),
        ("chainwatch", "0008_address_facts"),
    ]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AddressFacts",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("address", models.CharField(max_length=64)),
                ("has_code", models.BooleanField()),
                ("node", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain", "address"), name="one_row_of_address_facts"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Balance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("address", models.CharField(max_length=64)),
                ("asset", models.CharField(max_length=64)),
                ("amount_atomic", models.DecimalField(decimal_places=0, max_digits=78)),
                ("block_number", models.BigIntegerField()),
                ("node", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain", "address", "asset"),
                        name="one_balance_per_address_and_asset",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gte", 0)),
                        name="balance_is_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChainHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("scope", models.CharField(blank=True, default="", max_length=40)),
                ("number", models.BigIntegerField(default=0)),
                ("block_hash", models.CharField(blank=True, default="", max_length=80)),
                ("block_time", models.DateTimeField(null=True)),
                ("safe_number", models.BigIntegerField(null=True)),
                ("finalized_number", models.BigIntegerField(null=True)),
                ("node", models.CharField(blank=True, default="", max_length=200)),
                ("read_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True, default="")),
                ("failed_at", models.DateTimeField(null=True)),
                ("http_requests", models.BigIntegerField(default=0)),
                ("rpc_calls", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain", "scope"), name="one_head_per_chain_and_scope"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChainNode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("head_number", models.BigIntegerField(null=True)),
                ("head_time", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(default=0)),
                ("failed_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True, default="")),
                ("rests_until", models.DateTimeField(null=True)),
                ("day", models.DateField(null=True)),
                ("requests_today", models.BigIntegerField(default=0)),
                ("calls_today", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain", "name"), name="one_row_per_chain_and_node"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Block",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("scope", models.CharField(blank=True, default="", max_length=40)),
                ("number", models.BigIntegerField()),
                ("block_hash", models.CharField(max_length=80)),
                ("parent_hash", models.CharField(blank=True, default="", max_length=80)),
                ("block_time", models.DateTimeField()),
                ("orphaned_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("orphaned_at__isnull", True)),
                        fields=("chain", "scope", "number"),
                        name="one_standing_block_per_height",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("scope", models.CharField(blank=True, default="", max_length=40)),
                ("next_block", models.BigIntegerField(null=True)),
                ("block_time", models.DateTimeField(null=True)),
                ("span", models.IntegerField(default=100)),
                ("version", models.BigIntegerField(default=0)),
                ("moved_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain", "scope"), name="one_cursor_per_chain_and_scope"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RestingCursor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("next_block", models.BigIntegerField(null=True)),
                ("since", models.DateTimeField(null=True)),
                ("until_block", models.BigIntegerField(null=True)),
                ("after_id", models.BigIntegerField(default=0)),
                ("block_time", models.DateTimeField(null=True)),
                ("span", models.IntegerField(default=100)),
                ("version", models.BigIntegerField(default=0)),
                ("moved_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("chain",), name="one_resting_cursor_per_chain"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("next_block__isnull", False), ("since__isnull", False), _connector="OR"
                        ),
                        name="resting_cursor_begins_somewhere",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxChain",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("scope", models.CharField(max_length=40)),
                ("blocks_ahead", models.BigIntegerField(default=0)),
                (
                    "forks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "remade",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                ("used_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["chain", "used_at"], name="sandbox_chain_used")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scope", "chain"), name="one_sandbox_chain_per_scope_and_chain"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxTransaction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("scope", models.CharField(max_length=40)),
                ("tx_hash", models.CharField(max_length=255)),
                ("key", models.CharField(blank=True, default="", max_length=40)),
                ("block_number", models.BigIntegerField()),
                ("first_ordinal", models.IntegerField()),
                ("succeeded", models.BooleanField(default=True)),
                ("sender", models.CharField(blank=True, default="", max_length=64)),
                ("nonce", models.BigIntegerField(null=True)),
                ("transfers", models.JSONField(default=list)),
                ("broadcast_at", models.DateTimeField()),
                ("dropped_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["scope", "chain", "block_number"], name="sandbox_by_block")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scope", "chain", "tx_hash", "key"),
                        name="one_sandbox_transaction_per_key",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WatchedAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("scope", models.CharField(blank=True, default="", max_length=40)),
                ("address", models.CharField(max_length=64)),
                ("is_outgoing", models.BooleanField(default=False)),
                ("is_incoming", models.BooleanField(default=False)),
                ("watched_at", models.DateTimeField()),
                ("rests_since", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("is_outgoing", True), ("is_incoming", True), _connector="OR"
                        ),
                        fields=["chain", "scope"],
                        name="watched_live",
                    ),
                    models.Index(
                        condition=models.Q(("rests_since__isnull", False)),
                        fields=["chain", "scope", "id"],
                        name="watched_resting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain", "scope", "address"), name="one_watch_per_address"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WatchedTransaction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("scope", models.CharField(blank=True, default="", max_length=40)),
                ("tx_hash", models.CharField(max_length=255)),
                ("key", models.CharField(blank=True, default="", max_length=40)),
                ("watched_at", models.DateTimeField()),
                ("watch_until", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("block_number", models.BigIntegerField(null=True)),
                ("block_hash", models.CharField(max_length=80, null=True)),
                ("block_time", models.DateTimeField(null=True)),
                ("succeeded", models.BooleanField(null=True)),
                ("sender", models.CharField(blank=True, default="", max_length=64)),
                ("nonce", models.BigIntegerField(null=True)),
                ("nonce_asked_at", models.DateTimeField(null=True)),
                ("superseded_at", models.DateTimeField(null=True)),
                ("replaced_by", models.CharField(blank=True, default="", max_length=255)),
                ("found_at", models.DateTimeField(null=True)),
                (
                    "finality",
                    models.CharField(
                        choices=[
                            ("confirmations", "Confirmations"),
                            ("safe", "Safe"),
                            ("finalized", "Finalized"),
                            ("solidified", "Solidified"),
                        ],
                        default="confirmations",
                        max_length=16,
                    ),
                ),
                ("seen_at", models.DateTimeField(null=True)),
                ("final_at", models.DateTimeField(null=True)),
                ("finalized_at", models.DateTimeField(null=True)),
                ("orphaned_at", models.DateTimeField(null=True)),
                ("absent_block_time", models.DateTimeField(null=True)),
                ("node", models.CharField(blank=True, default="", max_length=200)),
                ("changed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("block_hash__isnull", True)),
                        fields=["chain", "scope", "watch_until"],
                        name="watched_unseen",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("block_hash__isnull", False), ("final_at__isnull", True)
                        ),
                        fields=["chain", "scope", "block_number"],
                        name="watched_not_final",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("final_at__isnull", False), ("finalized_at__isnull", True)
                        ),
                        fields=["chain", "scope", "block_number"],
                        name="watched_not_finalized",
                    ),
                    models.Index(fields=["chain", "changed_at"], name="watched_news"),
                    models.Index(fields=["tx_hash"], name="watched_by_hash"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain", "scope", "tx_hash", "key"),
                        name="one_watch_per_transaction",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "id",
                    billing.models.IdField(
                        "tr", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("scope", models.CharField(blank=True, default="", max_length=40)),
                ("tx_hash", models.CharField(max_length=255)),
                ("key", models.CharField(blank=True, default="", max_length=40)),
                ("ordinal", models.IntegerField()),
                ("log_index", models.BigIntegerField()),
                ("contract", models.CharField(max_length=64)),
                ("from_address", models.CharField(max_length=64)),
                ("to_address", models.CharField(max_length=64)),
                ("amount_atomic", models.DecimalField(decimal_places=0, max_digits=78)),
                ("block_number", models.BigIntegerField()),
                ("block_hash", models.CharField(max_length=80)),
                ("block_time", models.DateTimeField()),
                ("node", models.CharField(max_length=200)),
                ("seen_at", models.DateTimeField()),
                ("orphaned_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["chain", "scope", "tx_hash"], name="transfer_by_hash"),
                    models.Index(
                        fields=["chain", "scope", "from_address", "block_time"],
                        name="transfer_by_sender",
                    ),
                    models.Index(
                        fields=["chain", "scope", "to_address", "block_time"],
                        name="transfer_by_recipient",
                    ),
                    models.Index(
                        condition=models.Q(("orphaned_at__isnull", False)),
                        fields=["orphaned_at"],
                        name="transfer_orphaned",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("orphaned_at__isnull", True)),
                        fields=("chain", "scope", "block_hash", "tx_hash", "key", "ordinal"),
                        name="one_standing_sighting_per_block_and_log",
                    )
                ],
            },
        ),
    ]
