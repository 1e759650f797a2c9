"""The acts on checkouts, one module for each."""
