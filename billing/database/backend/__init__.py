"""Django database backend: PostgreSQL as Django knows it, on the embedded server. See `base`."""
