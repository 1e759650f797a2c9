"""Pages of a person about themselves: the log-in in its two steps, and their account."""
