"""Sends what is due: rounds of feed, claim, hand over, take outcomes, record them.

All database work is done in the caller's thread; the requests run in a thread with its own loop
(webhooks.posting), queues between. An endpoint is a lane: its next delivery is handed over when the
outcome of the one before is committed. That keeps the order, and a killed sender repeats at most
one delivery of each lane. Lanes are many, so one that hangs costs one socket and keeps nobody
waiting. Any number of senders at once do no harm: an endpoint is leased by one of them.
"""

import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from events.services import assign_sequences
from webhooks import claiming, recording
from webhooks.claiming import Lane
from webhooks.feeding import feed
from webhooks.posting import Post, Posting
from webhooks.recording import Entry, Outcome

# In one process one run begins lanes; another that finds it at work has nothing to add.
_begins = threading.Lock()


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds: for one attempt; of a lease; of a run, after which it begins nothing more.

    A lease outlives an attempt by far: it is taken over only from who was killed or stuck.
    """

    deadline_s: float = 10
    lease_s: float = 30
    budget_s: float = 20
    look_s: float = 0.25  # between two looks for news while others are being told
    lanes: int = 200


@dataclass(slots=True)
class Sent:
    """What one run did."""

    owed: int = 0
    delivered: int = 0
    failed: int = 0  # attempts

    @property
    def attempts(self) -> int:
        return self.delivered + self.failed


def deliver(limits: Limits = Limits()) -> Sent:  # frozen
    """Tell every endpoint what is due, until nothing is; return what was done.

    Ends at once where another thread of this process is at it. After its budget it begins nothing
    more, lets another run begin, and waits for what is under way.
    """
    if not _begins.acquire(blocking=False):
        return Sent()
    run = _Run(limits)
    with run.ending():
        try:
            run.go()
        finally:
            _begins.release()
        run.drain()
    return run.sent


class _Run:
    """One sender from its first look to its last outcome."""

    def __init__(self, limits: Limits) -> None:
        self.sent = Sent()
        self._limits = limits
        self._lease = claiming.new_lease()
        self._lanes: dict[str, Lane] = {}
        self._has_room_for_all = True
        self._open = ExitStack()
        self._posting: Posting | None = None

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Whatever happens inside, nothing stays open and no endpoint leased."""
        try:
            with self._open:
                yield
        finally:
            claiming.release(self._lease, self._lanes)

    def go(self) -> None:
        """Tell until nothing is due, or the budget is spent."""
        end = time.monotonic() + self._limits.budget_s
        while time.monotonic() < end:
            self._look()
            if not self._lanes:
                return
            look_at = min(end, time.monotonic() + self._limits.look_s)
            while self._is_occupied and (left_s := look_at - time.monotonic()) > 0:
                self._take(within_s=left_s, goes_on=True)

    def drain(self) -> None:
        """Wait for what is under way, and tell nobody anything more."""
        while self._lanes:
            before = self.sent.attempts
            self._take(within_s=3 * self._limits.deadline_s, goes_on=False)
            assert self.sent.attempts > before, "every attempt ends by its deadline"

    @property
    def _is_occupied(self) -> bool:
        """Whether there is something to wait for, and no endpoint that waits for a free lane."""
        enough = 0 if self._has_room_for_all else self._limits.lanes // 2
        return len(self._lanes) > enough

    def _look(self) -> None:
        """Find what is new and what is due, and begin to tell those who are told by nobody."""
        assign_sequences()
        self.sent.owed += feed()
        room = self._limits.lanes - len(self._lanes)
        lanes = self._claim(room) if room else []
        self._has_room_for_all = len(lanes) < room
        self._lanes.update((lane.endpoint.id, lane) for lane in lanes)
        self._hand_over(lanes)

    def _claim(self, most: int) -> list[Lane]:
        lease_s = self._limits.lease_s
        return claiming.claim(self._lease, most=most, lease_s=lease_s, held=self._lanes)

    def _hand_over(self, lanes: Collection[Lane]) -> None:
        """Send the next delivery of each; a lane without one ends."""
        claiming.read_ahead([lane for lane in lanes if not lane.waiting])
        self._give_back([lane.endpoint.id for lane in lanes if not lane.waiting])
        posts = [
            Post(lane.endpoint, lane.secrets, lane.waiting.popleft())
            for lane in lanes
            if lane.waiting
        ]
        if posts and self._posting is None:
            self._posting = self._open.enter_context(Posting(deadline_s=self._limits.deadline_s))
        if posts and self._posting is not None:
            self._posting.post(posts)

    def _give_back(self, endpoint_ids: Collection[str]) -> None:
        claiming.release(self._lease, endpoint_ids)
        for endpoint_id in endpoint_ids:
            del self._lanes[endpoint_id]

    def _take(self, *, within_s: float, goes_on: bool) -> None:
        """Record the outcomes there are, waiting for the first; then go on where there is more."""
        assert self._posting is not None, "lanes are told by it"
        outcomes = _all_there_are(self._posting.outcomes, within_s)
        if not outcomes:
            return
        entries = [self._entry(outcome, goes_on=goes_on) for outcome in outcomes]
        self._count(outcomes)
        ours = recording.record(self._lease, entries, lease_s=self._limits.lease_s)
        going = [e.outcome.due.endpoint_id for e in entries if e.goes_on]
        for entry in entries:
            if not entry.goes_on:
                del self._lanes[entry.outcome.due.endpoint_id]
        self._give_back([each for each in going if each not in ours])
        self._hand_over([self._lanes[each] for each in going if each in ours])

    def _entry(self, outcome: Outcome, *, goes_on: bool) -> Entry:
        """A lane goes on while its receiver answers at all; else the others have their turn."""
        lane = self._lanes[outcome.due.endpoint_id]
        has_next = bool(lane.waiting)
        goes_on = goes_on and outcome.status_code is not None and (has_next or lane.may_have_more)
        return Entry(outcome, lane.endpoint.updated_at, goes_on, goes_on and has_next)

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        delivered = sum(outcome.is_delivered for outcome in outcomes)
        self.sent.delivered += delivered
        self.sent.failed += len(outcomes) - delivered


def _all_there_are(queue: "SimpleQueue[list[Outcome]]", within_s: float) -> list[Outcome]:
    """Wait for the first outcomes at most so long; take all that are there by then."""
    outcomes: list[Outcome] = []
    with suppress(Empty):
        outcomes += queue.get(timeout=within_s)
        while True:
            outcomes += queue.get_nowait()
    return outcomes
