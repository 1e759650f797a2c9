"""manage.py create_staff EMAIL --organization ORG --role ROLE"""

import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.core.validators import validate_email

from billing.commands import JsonCommand, Outcome
from billing.errors import InvalidRequest
from organizations import services
from organizations.models import User
from organizations.queries import organization_named
from organizations.roles import Role


class Command(JsonCommand):
    help = (
        "Creates a person who can log in to the admin, or gives one who exists a role in another "
        "organization. Writes the person, the membership and its event."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument(
            "--organization", metavar="ORG", required=True, help="its org_… id, or its name"
        )
        parser.add_argument("--role", choices=Role.values, required=True)
        parser.add_argument("--name", default="")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from the first line of stdin; without it nobody can log in "
            "until `manage.py changepassword EMAIL`",
        )

    def run(self, **options: Any) -> Outcome:
        email = _valid_email(options["email"])
        user = services.create_staff(
            email,
            organization=organization_named(options["organization"]),
            role=options["role"],
            name=options["name"],
            password=_password(email) if options["password_stdin"] else None,
        )
        return Outcome({"id": user.id, "email": user.email, "role": options["role"]}, [user.id])


def _valid_email(email: str) -> str:
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidRequest(f"No e-mail address: {email}.", param="email") from error
    return email


def _password(email: str) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise InvalidRequest(" ".join(error.messages), param="password") from error
    return password
