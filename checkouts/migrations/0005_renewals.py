"""For which renewal of which subscription a checkout was made: two columns that never change.

The chapter of subscriptions is a floor above and alone knows the rows; here they are opaque. The
trigger of migration 0002 holds them with all else that was asked.
"""

from django.db import migrations, models

FORWARDS = """
CREATE OR REPLACE FUNCTION checkouts_refuse_illegal_edges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'checkout % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'pending' THEN
            RAISE EXCEPTION 'checkout % must begin as pending, not as %', NEW.id, NEW.status
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;

    IF (NEW.id, NEW.organization_id, NEW.environment, NEW.created_at, NEW.payment_method_id,
        NEW.deposit_address_id, NEW.address, NEW.chain, NEW.token, NEW.contract,
        NEW.amount_requested_atomic, NEW.amount_atomic, NEW.tolerance_atomic,
        NEW.required_confirmations, NEW.expires_at, NEW.clock_ahead, NEW.purpose,
        NEW.payment_link_id, NEW.subscription_id, NEW.renewal_id)
       IS DISTINCT FROM
       (OLD.id, OLD.organization_id, OLD.environment, OLD.created_at, OLD.payment_method_id,
        OLD.deposit_address_id, OLD.address, OLD.chain, OLD.token, OLD.contract,
        OLD.amount_requested_atomic, OLD.amount_atomic, OLD.tolerance_atomic,
        OLD.required_confirmations, OLD.expires_at, OLD.clock_ahead, OLD.purpose,
        OLD.payment_link_id, OLD.subscription_id, OLD.renewal_id) THEN
        RAISE EXCEPTION 'what checkout % asks for never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;

    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) NOT IN (
        'pending>detected', 'pending>expired', 'pending>failed',
        'detected>pending', 'detected>confirming',
        'confirming>pending', 'confirming>confirmed',
        'expired>detected') THEN
        RAISE EXCEPTION 'checkout % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
"""

BACKWARDS = """
CREATE OR REPLACE FUNCTION checkouts_refuse_illegal_edges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'checkout % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'pending' THEN
            RAISE EXCEPTION 'checkout % must begin as pending, not as %', NEW.id, NEW.status
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;

    IF (NEW.id, NEW.organization_id, NEW.environment, NEW.created_at, NEW.payment_method_id,
        NEW.deposit_address_id, NEW.address, NEW.chain, NEW.token, NEW.contract,
        NEW.amount_requested_atomic, NEW.amount_atomic, NEW.tolerance_atomic,
        NEW.required_confirmations, NEW.expires_at, NEW.clock_ahead, NEW.purpose,
        NEW.payment_link_id)
       IS DISTINCT FROM
       (OLD.id, OLD.organization_id, OLD.environment, OLD.created_at, OLD.payment_method_id,
        OLD.deposit_address_id, OLD.address, OLD.chain, OLD.token, OLD.contract,
        OLD.amount_requested_atomic, OLD.amount_atomic, OLD.tolerance_atomic,
        OLD.required_confirmations, OLD.expires_at, OLD.clock_ahead, OLD.purpose,
        OLD.payment_link_id) THEN
        RAISE EXCEPTION 'what checkout % asks for never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;

    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) NOT IN (
        'pending>detected', 'pending>expired', 'pending>failed',
        'detected>pending', 'detected>confirming',
        'confirming>pending', 'confirming>confirmed',
        'expired>detected') THEN
        RAISE EXCEPTION 'checkout % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("checkouts", "0004_index_what_is_unusual")]

    operations = [
        migrations.AddField(
            model_name="checkout",
            name="renewal_id",
            field=models.CharField(blank=True, editable=False, max_length=40, null=True),
        ),
        migrations.AddField(
            model_name="checkout",
            name="subscription_id",
            field=models.CharField(blank=True, editable=False, max_length=40, null=True),
        ),
        migrations.AddConstraint(
            model_name="checkout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("purpose", "renewal"),
                    ("renewal_id__isnull", False),
                    ("subscription_id__isnull", False),
                )
                | models.Q(
                    ("purpose", "one_time"),
                    ("renewal_id__isnull", True),
                    ("subscription_id__isnull", True),
                ),
                name="checkout_renewal_fits_its_purpose",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
