"""What the demonstration tells of payouts: some in every state, made by the real services."""
