"""Revenue in the admin; Django finds what registers itself here."""

from revenue.admin import adjustments as adjustments
from revenue.admin import lines as lines
