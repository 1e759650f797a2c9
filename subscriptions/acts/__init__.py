"""The acts on subscriptions and renewals, one module for each."""
