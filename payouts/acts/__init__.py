"""The acts on payouts, one file per act; payouts.services is their door."""
