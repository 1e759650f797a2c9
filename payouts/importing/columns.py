"""The columns of a file: which there are, and what its first line says of where they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from payouts.importing.errors import UnreadableFile

RECIPIENT = "recipient"
ADDRESS = "recipient_address"
METADATA = "metadata."
COLUMNS = {
    ADDRESS: "Whom to pay: an address, checked strictly for its chain.",
    RECIPIENT: "In its place: somebody of your address book, by name or by id (rcp_…).",
    "chain": "tron, arbitrum or base.",
    "token": "USDT or USDC.",
    "amount": "In token units: digits and a point, at most six decimals, no separators.",
    "currency": "USD, the only one; the column may be left out.",
    "reference_type": "invoice, subscription, checkout or manual; empty means manual.",
    "reference_id": "Your invoice number, up to 255 characters.",
    "description": "For people, up to 512 characters.",
    "due_date": "2025-01-15, 2025-01-15 12:00, or with its offset 2025-01-15T12:00:00Z.",
    "external_id": "Your own id, unique among your payouts: a second one is refused.",
    "retry_of": "The payout (po_…) that this one tries again.",
    "metadata.department": "Any name of your own after the point: up to 20 such columns.",
}
_KNOWN = frozenset(COLUMNS) - {"metadata.department"}
# In words, for whoever fills a file: a line needs whom, where, and how much of what.
NEEDED = {
    ADDRESS: "this one, or recipient",
    RECIPIENT: "this one, or recipient_address",
    "chain": "yes",
    "token": "yes",
    "amount": "yes",
}
_NEEDED = ("chain", "token", "amount")
MOST_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Header:
    """What each column holds, in the file's order; "" for one without a title."""

    names: tuple[str, ...]


def header_of(titles: Sequence[str]) -> Header:
    """Read the first line. Case, and spaces for underscores, make no difference.

    Raises UnreadableFile for a title that nobody knows, one that is there twice, one missing.
    """
    names = [_name(title) for title in titles]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise UnreadableFile(f"The file has more than {MOST_COLUMNS} columns. Remove some.")
    for name in names:
        if name and name not in _KNOWN and not _is_metadata(name):
            raise UnreadableFile(
                f'There is no column "{name[:60]}". Its first line must name columns among: '
                f"{', '.join(sorted(_KNOWN))}, and metadata.<name>."
            )
        if name and names.count(name) > 1:
            raise UnreadableFile(f'The column "{name[:60]}" is there twice. Keep one of them.')
    missing = [name for name in _NEEDED if name not in names]
    if not {ADDRESS, RECIPIENT} & set(names):
        missing.insert(0, f"{ADDRESS} (or {RECIPIENT})")
    if missing:
        raise UnreadableFile(f"The first line names no column {', '.join(missing)}. Add it.")
    return Header(tuple(names))


def knows(titles: Sequence[str]) -> int:
    """How many of these titles are columns: the separator that makes most is the file's own."""
    return sum(name in _KNOWN or _is_metadata(name) for name in map(_name, titles))


def _name(title: str) -> str:
    """The name as it is known; what follows `metadata.` keeps its case."""
    text = title.strip()
    if text.lower().startswith(METADATA):
        return METADATA + text[len(METADATA) :].strip()
    return text.lower().replace(" ", "_").replace("-", "_")


def _is_metadata(name: str) -> bool:
    return name.startswith(METADATA) and len(name) > len(METADATA)
