"""The books as plain-text accounting reads them: entries, and how each program writes them."""
