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

    def __init__(self, lines_wrong: int) -> None:
        what = "1 line is wrong" if lines_wrong == 1 else f"{lines_wrong:,} lines are wrong"
        super().__init__(
            f"{what}, so nothing was created. Correct them here, or correct the file and choose it "
            "anew."
        )


class ImportUnconfirmed(InvalidRequest):
    """400: lines are doubtful, and nobody has confirmed what is said of them now."""

    code = "import_not_confirmed"
    param = "file"

    def __init__(self, lines: int) -> None:
        what = "1 line has a warning" if lines == 1 else f"{lines:,} lines have warnings"
        super().__init__(
            f"{what} that nobody has confirmed, so nothing was created. Look at what is said now, "
            "then confirm it, or correct the lines."
        )


class ImportChanged(InvalidRequest):
    """400: what is said of the import is no longer what the person looked at."""

    code = "import_changed"

    def __init__(self, import_id: str) -> None:
        super().__init__(
            f"Import {import_id} was edited or checked again meanwhile, so nothing was kept of "
            "this. Look at it as it is now, then try again."
        )


class ImportClosed(InvalidRequest):
    """400: the import is not at the point where this can be done."""

    code = "import_closed"

    def __init__(self, import_id: str, state: str) -> None:
        what = {
            "read": "is still being checked. Wait until that is done",
            "importing": "was confirmed, and its drafts are being created",
        }.get(state, f"is {state}. To import more, choose a file anew")
        super().__init__(f"Import {import_id} {what}.")
