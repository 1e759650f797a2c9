"""manage.py verify_audit [--organization ORG] [--environment E] [--from-head FILE] …"""

from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db.models import Q

from billing.chains import Environment
from billing.commands import DONE, FOUND, JsonCommand, Outcome
from events import heads, sealing, verifying
from events.diagnosing import What
from events.heads import Receipt
from events.models import SealHead
from events.stored import Place
from events.verifying import Report

Receipts = dict[tuple[str, str], dict[int, Receipt]]


class Command(JsonCommand):
    help = (
        "Recomputes the sealed chain of every event, names the first broken link of each "
        "organization and environment, and compares with the heads noted in AUDIT_HEAD_FILE and in "
        "the file you give. Changes nothing, but with --sign-anew, which after a change of "
        "SECRET_KEY signs the heads of chains that hold. Exit status: 0 whole, 1 something was "
        "changed, removed or is not sealed, 2 could not run."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="ORG", help="its org_… id, or its name")
        parser.add_argument("--environment", choices=Environment.values)
        parser.add_argument(
            "--from-head",
            metavar="FILE",
            type=Path,
            help="heads noted earlier, as --print-head prints them: the chain must go through each",
        )
        only = parser.add_mutually_exclusive_group()
        only.add_argument(
            "--print-head",
            action="store_true",
            help="print the heads, one line each, and verify nothing: keep them elsewhere",
        )
        only.add_argument(
            "--sign-anew",
            action="store_true",
            help="SECRET_KEY was changed: sign the heads of chains that hold with the new one",
        )

    def run(self, **options: Any) -> Outcome:
        organization_id = _organization_id(options["organization"])
        places = verifying.places(organization_id, options["environment"])
        if options["print_head"]:
            return _printed(places)
        receipts = _receipts(options["from_head"])
        reports = []
        for place in places:
            self.progress(f"{place.organization_id} {place.environment} …")
            reports.append(self.verified(place, receipts, sign_anew=options["sign_anew"]))
        gone = [] if organization_id else _gone(receipts)
        is_whole = not gone and all(report.first_broken is None for report in reports)
        data = {
            "is_whole": is_whole,
            "reports": [asdict(report) for report in reports],
            "organizations_gone": gone,
        }
        lines = [line for report in reports for line in _lines(report)]
        lines += [f"{one}  BROKEN  heads were noted of it, and it is gone" for one in gone]
        return Outcome(data, lines, DONE if is_whole else FOUND)

    def verified(self, place: Place, receipts: Receipts, *, sign_anew: bool) -> Report:
        noted = receipts.get(place.key, {})
        report = verifying.verify(place, noted)
        broken = report.first_broken
        if not sign_anew or broken is None or broken.what != What.ANOTHER_KEY:
            return report
        sealing.sign_anew(place, sequence=report.sealed, digest=report.digest)
        self.progress(f"{place.organization_id} {place.environment}: signed with the new key")
        return verifying.verify(place, noted)


def _organization_id(named: str | None) -> str | None:
    if named is None:
        return None
    organizations: Any = apps.get_model("organizations", "Organization")
    found = list(organizations.objects.filter(Q(pk=named) | Q(name=named))[:2])
    if len(found) != 1:
        many = "Several organizations are" if found else "No organization is"
        raise CommandError(f"{many} called {named}. Give its org_… id.")
    return str(found[0].pk)


def _printed(places: list[Place]) -> Outcome:
    wanted = {place.key for place in places}
    rows = SealHead.objects.order_by("organization_id", "environment")
    noted = [heads.receipt_of(row) for row in rows]
    noted = [one for one in noted if (one.organization_id, one.environment) in wanted]
    return Outcome({"heads": [asdict(one) for one in noted]}, [heads.line_of(one) for one in noted])


def _receipts(given: Path | None) -> Receipts:
    """Every head noted in the file that was given, and in our own where there is one."""
    files = [settings.AUDIT_HEAD_FILE] if settings.AUDIT_HEAD_FILE.exists() else []
    found: Receipts = defaultdict(dict)
    for file in [*files, given]:
        for one in heads.read(file) if file else ():
            found[one.organization_id, one.environment][one.sequence] = one
    return found


def _gone(receipts: Receipts) -> list[str]:
    """Organizations of which heads were noted, and that are no more."""
    there = {place.organization_id for place in verifying.places(None, None)}
    return sorted({organization_id for organization_id, _ in receipts} - there)


def _lines(report: Report) -> list[str]:
    where = f"{report.organization_id} {report.environment}"
    broken = report.first_broken
    if broken is not None:
        event = f" ({broken.event_id})" if broken.event_id else ""
        return [f"{where}  BROKEN  {broken.what} at {broken.sequence:,}{event}: {broken.detail}"]
    if report.begun_at is None:
        return [f"{where}  nothing sealed yet" if report.unsealed else f"{where}  no events"]
    waiting = f", {report.unsealed:,} wait" if report.unsealed else ""
    return [
        f"{where}  whole  {report.sealed:,} events sealed since {report.begun_at:%Y-%m-%d}"
        f"{waiting}, {report.receipts:,} noted heads agree, head {report.digest[:12]}…"
    ]
