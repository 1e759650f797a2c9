"""Drafts from a file: read into lines, check all of them, then insert all of them or none."""
