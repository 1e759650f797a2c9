"""manage.py import_payouts FILE --organization ORG [--environment E] [--dry-run]"""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import CommandError, CommandParser

from billing.callers import Caller, system
from billing.chains import Environment
from billing.commands import DONE, FOUND, JsonCommand, Outcome
from organizations.queries import organization_named
from payouts.importing import acts
from payouts.importing.checking import Checked, as_report
from payouts.importing.creating import create
from payouts.importing.errors import ImportRefused, ImportUnconfirmed, UnreadableFile
from payouts.importing.reading import MOST_BYTES, MOST_LINES
from payouts.importing.working import work_on
from payouts.models import ImportState, PayoutImport


class Command(JsonCommand):
    help = (
        "Creates a draft for each line of a CSV or XLSX file, up to "
        f"{MOST_LINES:,}, with an event for each; all of them, or none where a line is wrong or "
        "doubtful. People approve the drafts as any other. Exit status: 0 done, or the dry run "
        "found nothing; 1 lines are wrong, or have warnings that nobody confirmed, and nothing "
        "was created; 2 the file could not be read."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV in UTF-8, or XLSX")
        parser.add_argument(
            "--organization", required=True, metavar="ORG", help="its org_… id, or its name"
        )
        parser.add_argument(
            "--environment",
            choices=Environment.values,
            default=Environment.SANDBOX.value,
            help="where the drafts are made; sandbox where not given",
        )
        parser.add_argument(
            "--time-zone",
            type=zone,
            default="UTC",
            metavar="Z",
            help="of due dates without an offset, such as Europe/Berlin; UTC where not given",
        )
        parser.add_argument("--dry-run", action="store_true", help="check the file, write nothing")
        parser.add_argument(
            "--confirm-warnings", action="store_true", help="create the doubtful lines too"
        )

    def run(self, **options: Any) -> Outcome:
        organization = organization_named(options["organization"])
        environment = Environment(options["environment"])
        caller = system(organization.id, environment, "The command import_payouts")
        path: Path = options["file"]
        content = _content(path)
        self.progress(f"checking {path.name} for {organization.name}, {environment} …")
        if options["dry_run"]:
            checked = acts.check_file(caller, content, options["time_zone"])
            return _outcome(_report(checked), options["confirm_warnings"], None)
        imported = acts.start(caller, path.name, content, options["time_zone"])
        return _confirmed(caller, _checked(imported), options["confirm_warnings"])


def zone(name: str) -> ZoneInfo:
    """Read a time zone's name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(name) from error


def _content(path: Path) -> bytes:
    """The file, or so much of it that it is seen to be too large."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def _checked(imported: PayoutImport) -> PayoutImport:
    """Checked here, whatever its length: nobody waits for the worker."""
    work_on(imported.id)
    imported.refresh_from_db()
    if imported.state == ImportState.FAILED:
        raise UnreadableFile(imported.refusal)
    return imported


def _confirmed(caller: Caller, imported: PayoutImport, confirm_warnings: bool) -> Outcome:
    if confirm_warnings:
        acts.confirm_lines(caller, imported.id, None, revision=imported.revision)
    try:
        done = create(caller, imported.id)
    except (ImportRefused, ImportUnconfirmed):  # What was found says of which lines, and why.
        left = acts.abandon(caller, imported.id)
        return _outcome(_kept(left), confirm_warnings, left)
    return _outcome(_kept(done), True, done)


def _report(checked: Checked) -> dict[str, Any]:
    return {
        **as_report(checked),
        "errors": [finding.as_json() for finding in checked.errors],
        "warnings": [finding.as_json() for finding in checked.warnings],
    }


def _kept(imported: PayoutImport) -> dict[str, Any]:
    """The same of an import whose check was kept."""
    found = [each for row in imported.found.all() for each in row.findings]
    return {
        **imported.report,
        "errors": [each for each in found if each["is_error"]],
        "warnings": [each for each in found if not each["is_error"]],
    }


def _outcome(
    report: dict[str, Any], confirm_warnings: bool, imported: PayoutImport | None
) -> Outcome:
    """What was found and done; `imported` is None after a dry run."""
    is_done = imported is not None and imported.state == "done"
    is_good = not report["errors"] and (confirm_warnings or not report["warnings"])
    data = {
        "import_id": imported.id if imported else None,
        "created": report["payouts"] if is_done else 0,
        **report,
    }
    lines = [
        *(_total(each) for each in report["totals"]),
        *(_finding("error", each) for each in report["errors"]),
        *(_finding("warning", each) for each in report["warnings"]),
        _summary(report, imported, is_done=is_done, is_good=is_good),
    ]
    is_fine = is_done or (imported is None and is_good)
    return Outcome(data, lines, DONE if is_fine else FOUND)


def _total(total: dict[str, Any]) -> str:
    return f"{total['amount']} {total['token']} on {total['chain']}: {total['payouts']:,} payouts"


def _finding(kind: str, found: dict[str, Any]) -> str:
    where = f"line {found['line']}" if found["line"] else "file"
    column = f", {found['column']}" if found["column"] else ""
    return f"{kind}: {where}{column}: {found['message']} ({found['code']})"


def _summary(
    report: dict[str, Any], imported: PayoutImport | None, *, is_done: bool, is_good: bool
) -> str:
    if is_done and imported is not None:
        return f"Created {report['payouts']:,} drafts as {imported.id}."
    if is_good:
        return f"{report['lines']:,} lines are good. Nothing was created: this was a dry run."
    if report["errors"]:
        return "Nothing was created. Correct the lines, then try again."
    return "Nothing was created. Look at the warnings, then give --confirm-warnings."
