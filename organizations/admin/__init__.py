"""Who works here and what calls the API: the organization, its members, its keys."""

from django.contrib import admin
from django.contrib.auth.models import Group

from organizations.admin.keys import ApiKeyAdmin
from organizations.admin.members import MembershipAdmin
from organizations.admin.organization import OrganizationAdmin

__all__ = ["ApiKeyAdmin", "MembershipAdmin", "OrganizationAdmin"]

admin.site.unregister(Group)  # Roles say who may what; groups of django.contrib.auth say nothing.
