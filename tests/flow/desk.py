"""A person in the admin over HTTP, logged in as a browser logs in."""

import re
import subprocess
import sys

import requests

from tests.flow.company import PATIENCE_S, ROOT, Company

PASSWORD = "the words that open the desk"
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Desk:
    """An operator of the company's in the admin."""

    def __init__(self, company: Company, email: str) -> None:
        self.base, self._session = company.site.url, requests.Session()
        command = [sys.executable, str(ROOT / "manage.py"), "create_staff", email]
        command += ["--organization", company.id, "--role", "operator", "--password-stdin"]
        subprocess.run(
            command,
            env=company.site.environment,
            input=PASSWORD,
            stdout=subprocess.DEVNULL,
            text=True,
            check=True,
            timeout=PATIENCE_S,
        )
        log_in = "/admin/login/?next=/admin/"
        self.post(log_in, log_in, username=email, password=PASSWORD)

    def page(self, path: str) -> str:
        answer = self._session.get(f"{self.base}{path}", timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, seen_on: str, path: str, **fields: str) -> str:
        """Send a form of the page `seen_on`; the page that it leads to."""
        token = CSRF.search(self.page(seen_on))
        assert token is not None, seen_on
        answer = self._session.post(
            f"{self.base}{path}",
            {"csrfmiddlewaretoken": token[1], **fields},
            headers={"Referer": f"{self.base}{seen_on}"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        return answer.text
