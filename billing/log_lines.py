"""One line per record, `time level logger request=… message`, whatever the message holds."""

import logging
from datetime import UTC, datetime


class LineFormatter(logging.Formatter):
    """Control characters are escaped, so that nobody can forge a line; tracebacks keep theirs."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = record.getMessage().encode("unicode_escape").decode("ascii")
        request_id = getattr(record, "request_id", "-")
        request = "" if request_id == "-" else f"request={request_id} "
        where = f"{at.replace('+00:00', 'Z')} {record.levelname.lower()} {record.name}"
        line = f"{where} {request}{message}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
