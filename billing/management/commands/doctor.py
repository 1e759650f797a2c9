"""Is everything there that the system needs?"""

from dataclasses import asdict
from typing import Any

from billing.commands import DONE, FAILED, FOUND, JsonCommand, Outcome
from billing.diagnosis import Finding, examine


class Command(JsonCommand):
    help = (
        "Looks at the database, pending migrations, the clock, the broker, secrets, and each node "
        "of each chain; one line each, and what to do where it is red or worth a look. Changes "
        "nothing. Exit status: 0 all is well, 1 something is red, 2 there is no database."
    )

    # Django's own checks would end the command where a person most needs its answer.
    requires_system_checks: list[str] = []

    def run(self, **options: Any) -> Outcome:
        findings = []
        for finding in examine():
            self.progress(f"looked at {finding.thing}")
            findings.append(finding)
        data = {"findings": [asdict(each) | {"is_red": each.is_red} for each in findings]}
        return Outcome(data, [_line(each) for each in findings], _status(findings))


def _status(findings: list[Finding]) -> int:
    if any(each.is_red and each.thing == "database" for each in findings):
        return FAILED
    return FOUND if any(each.is_red for each in findings) else DONE


def _line(finding: Finding) -> str:
    mark = "RED" if finding.is_red else "look" if finding.advice else "ok"
    line = f"{mark:<4} {finding.thing:<12} {finding.says}"
    todo = finding.remedy or finding.advice
    return f"{line}. {todo}" if todo else line
