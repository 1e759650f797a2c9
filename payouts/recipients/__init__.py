"""The address book: who is paid, where, and who agreed to it. Acts in `acts`, answers here."""

from payouts.recipients.standing import Standing, lookalikes, standing, standings

__all__ = ["Standing", "lookalikes", "standing", "standings"]
