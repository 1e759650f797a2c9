"""Benchmarks: each figure beside its floor and its limit, arms interleaved. `make bench`."""
