"""What the hosted pages show, and who may show them: no view, no act, nothing written."""
