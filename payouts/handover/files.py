"""Which files a pack has, by name: one per format and chain, split where one signature has limits.

Pure. The same batch has the same files for ever: names and members follow from its payouts alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from billing.chains import Chain
from payouts.handover import calldata, eip681, safe_airdrop, safe_builder, tron
from payouts.handover.lines import Part

PACK = "pack.zip"
MOST_IN_TRANSACTION = 200  # transfers that a Safe carries out at once, well within a block's gas


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write payments down. `is_joint`: what is in a file is signed as one transaction.

    A joint file is all or nothing: once one payout of it was paid, signing it would pay that twice.
    """

    name: str
    extension: str
    label: str
    write: Callable[[Part], bytes]
    is_joint: bool
    is_evm: bool


FORMATS = (
    Format(
        "safe-builder", "json", "Safe Transaction Builder", safe_builder.write,
        is_joint=True, is_evm=True,
    ),
    Format(
        "safe-airdrop", "csv", "Safe CSV Airdrop", safe_airdrop.write, is_joint=True, is_evm=True
    ),
    Format("calldata", "json", "Raw calls", calldata.write, is_joint=True, is_evm=True),
    Format("payment-links", "csv", "Payment links", eip681.write, is_joint=False, is_evm=True),
    Format("transfers", "json", "Tron transfers", tron.write, is_joint=False, is_evm=False),
)  # fmt: skip
MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file of a pack: `count` of the chain's payouts from `first` on, in the order of ids."""

    format: Format
    chain: str
    number: int
    parts: int
    first: int
    count: int

    @property
    def name(self) -> str:
        """Such as `arbitrum-safe-builder-1of2.json`."""
        of = f"-{self.number}of{self.parts}" if self.parts > 1 else ""
        return f"{self.chain}-{self.format.name}{of}.{self.format.extension}"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format.extension]


def files_of(counts: Mapping[str, int]) -> list[File]:
    """Return the files of a batch that has so many payouts on each chain."""
    return [
        file
        for chain in Chain.values
        if counts.get(chain)
        for format_ in FORMATS
        if format_.is_evm == (chain != Chain.TRON)
        for file in _of_format(format_, chain, counts[chain])
    ]


def _of_format(format_: Format, chain: str, count: int) -> list[File]:
    most = MOST_IN_TRANSACTION if format_.is_joint else count
    parts = -(-count // most)
    return [
        File(
            format=format_,
            chain=chain,
            number=place + 1,
            parts=parts,
            first=place * most,
            count=min(most, count - place * most),
        )
        for place in range(parts)
    ]
