"""The demonstration: an organization with people and a key, and what the apps above tell in it.

Everything is made by the same services that make real things, so what it shows is what they do.
Which steps are done is read from the rows: a run that was killed is taken up by the next.
"""
