"""What whoever signs is given: one file per format, each from the same checked lines.

Formats write; `files` says which there are, `packing` checks, writes and records a download.
"""
