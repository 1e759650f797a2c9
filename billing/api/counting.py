"""Counting calls across processes: in Redis for many machines, in a mapped file for one."""

import fcntl
import hashlib
import logging
import mmap
import os
import struct
import threading
from pathlib import Path
from typing import Protocol

logger = logging.getLogger(__name__)


class Counter(Protocol):
    """Counts hits of somebody in a numbered window of time."""

    def hit(self, who: str, window: int, window_s: int) -> int:
        """Count one more and return how many there now are in this window."""


class RedisCounter:
    """INCR of one key per caller and window; Redis forgets it after the window."""

    def __init__(self, url: str) -> None:
        # Imported here: a process without REDIS_URL never loads the client.
        import redis

        self._unreachable = redis.RedisError
        self._client = redis.Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2)

    def hit(self, who: str, window: int, window_s: int) -> int:
        name = f"rate:{who}:{window}"
        try:
            pipeline = self._client.pipeline(transaction=False)
            pipeline.incr(name)
            pipeline.expire(name, window_s + 1)
            calls, _ = pipeline.execute()
        except self._unreachable as error:
            # A limit protects us from haste; without Redis it is better to serve than to refuse.
            logger.warning("rate limit not counted error=%s", error)
            return 1
        return int(calls)


_SLOT = struct.Struct("<16sqq")  # fingerprint of who, window, calls
_SLOTS = 65_536
_PROBES = 8


class FileCounter:
    """A hash table in a file of 2 MiB that every worker of this machine maps into memory.

    A slot whose window has passed is free again, so the table never fills in practice. Where all
    probed slots are taken by others in this very window, the first is taken over: one caller then
    has a few calls too many, which a limit can bear.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread_lock = threading.Lock()
        self._opened_by = 0

    def hit(self, who: str, window: int, window_s: int) -> int:
        fingerprint = hashlib.blake2b(f"{window_s} {who}".encode(), digest_size=16).digest()
        with self._thread_lock:
            if (
                self._opened_by != os.getpid()
            ):  # a lock taken before a fork is shared with the child
                self._open()
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                return self._count(fingerprint, window)
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._file, _SLOTS * _SLOT.size)
        self._table = mmap.mmap(self._file, _SLOTS * _SLOT.size)
        self._opened_by = os.getpid()

    def _count(self, fingerprint: bytes, window: int) -> int:
        first = int.from_bytes(fingerprint[:4], "little")
        free = first % _SLOTS
        for probe in range(_PROBES):
            place = (first + probe) % _SLOTS
            name, its_window, calls = _SLOT.unpack_from(self._table, place * _SLOT.size)
            if its_window == window and name == fingerprint:
                _SLOT.pack_into(self._table, place * _SLOT.size, name, window, calls + 1)
                return int(calls) + 1
        for probe in range(_PROBES):
            place = (first + probe) % _SLOTS
            if _SLOT.unpack_from(self._table, place * _SLOT.size)[1] < window:
                free = place
                break
        _SLOT.pack_into(self._table, free * _SLOT.size, fingerprint, window, 1)
        return 1
