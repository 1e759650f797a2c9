"""What is said of a line of a file: an error refuses the whole import, a warning is confirmed."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one line. `line` is its number in the file; 0 means the file as a whole.

    `code` is the API's own where the create call has one for it; `value` is what the file says
    there, cut short.
    """

    line: int
    code: str
    message: str
    column: str = ""
    value: str = ""
    is_error: bool = True

    @property
    def key(self) -> tuple[int, str]:
        """What a person confirms: this kind of doubt about this line."""
        return self.line, self.code

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
