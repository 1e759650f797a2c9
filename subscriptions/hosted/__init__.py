"""What a customer's page shows of their subscription: no view, no act, nothing written."""
