"""Writing to a person: text alone, each alone, and never with an amount in the subject."""

import logging
import sys
from smtplib import SMTPException

from django.core.mail import EmailMessage, get_connection

logger = logging.getLogger(__name__)


def send(address: str, subject: str, text: str) -> bool:
    """Send one mail; False, and a line in the log, where the mail server did not take it."""
    # The console, where no mail server is configured, is stderr: stdout is for answers of commands.
    connection = get_connection(stream=sys.stderr)
    one_line = " ".join(subject.split())  # A name with a line break in it would be a header.
    try:
        EmailMessage(one_line, text, to=[address], connection=connection).send()
    except (SMTPException, OSError) as error:  # The caller decides whether to try again.
        logger.warning("mail not sent error=%s", type(error).__name__)
        return False
    return True
