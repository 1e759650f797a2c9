"""The audit trail in the admin; Django finds what registers itself here."""

from events.admin import events as events
