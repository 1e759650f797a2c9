"""Why an import does not go on."""

from billing.errors import InvalidRequest


class UnreadableFile(InvalidRequest):
    """400: the file as a whole cannot be read, so no line of it is judged."""

    code = "file_unreadable"
    param = "file"


class ImportRefused(InvalidRequest):
    """400: lines are wrong, so nothing of the file was created."""

    code = "import_has_errors"
    param = "file"


class ImportUnconfirmed(InvalidRequest):
    """400: lines are doubtful, and nobody has confirmed what is said of them now."""

    code = "import_not_confirmed"
    param = "file"


class ImportClosed(InvalidRequest):
    """400: the import was done or abandoned before."""

    code = "import_closed"

    def __init__(self, import_id: str, state: str) -> None:
        super().__init__(f"Import {import_id} is {state}. To import more, choose a file anew.")
