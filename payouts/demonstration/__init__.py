"""The demonstration: an organization with people, a key, and payouts in every state.

Everything is made by the same services that make real things, so what it shows is what they do.
Which steps are done is read from the rows: a run that was killed is taken up by the next.
"""
