"""An operator's shell: management commands in one long-lived process, so that many cost little.

Each line of stdin is a JSON list of words, as after `manage.py`; each line of stdout says what came
of it: {"status": …, "stdout": …, "stderr": …}. Settings are read from the environment, once.
"""

import io
import json
import sys

import django
from django.core.management import call_command
from django.core.management.base import CommandError


def main() -> None:
    django.setup()
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


def run(words: list[str]) -> dict[str, object]:
    """Run one command as `manage.py` would; its exit status is what it would have ended with."""
    out, err = io.StringIO(), io.StringIO()
    status: object = 0
    try:
        call_command(*words, stdout=out, stderr=err)
    except SystemExit as ended:
        status = ended.code
    except CommandError as error:  # What manage.py prints for wrong words.
        status, _ = 2, err.write(str(error))
    return {"status": status, "stdout": out.getvalue(), "stderr": err.getvalue()}


if __name__ == "__main__":
    main()
