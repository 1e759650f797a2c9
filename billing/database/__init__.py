"""The embedded PostgreSQL of a machine where DATABASE_URL is unset: place, holding, keeper."""
