"""What a story must end in, by a reckoning of its own: tick by tick, without a table.

The calendar comes first, then what people ask for; then `move`, the rules: of what time and money
have brought about, the first that fits is written down, until nothing does.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.subscriptions.stories import Story

DAY = timedelta(days=1)
DAYS = {"daily": 1, "weekly": 7}
MONTHS = {"monthly": 1, "yearly": 12}
NEVER = datetime.max.replace(tzinfo=UTC)
OPEN_DAYS = (3, 4, 3)  # attempts open on days 0, 3 and 7; the last one for three days
AHEAD, GRACE = 3 * DAY, 7 * DAY


@dataclass
class Asked:
    """The renewal of one period."""

    start: datetime
    end: datetime
    status: str = "pending"
    tried: int = 0
    opened: datetime = NEVER
    closes: datetime = NEVER
    is_paid: bool = False  # the money has come, and nobody has looked yet
    is_open: bool = True


@dataclass
class Books:
    """One subscription as it should stand, and its renewals, oldest first."""

    story: Story
    status: str = ""
    ends: bool = False
    period: tuple[datetime, datetime] = (NEVER, NEVER)
    renewals: list[Asked] = field(default_factory=list)

    # --- The calendar ---

    def later(self, moment: datetime, *, days: int = 0, months: int = 0) -> datetime:
        zone = ZoneInfo(self.story.zone)
        wall = moment.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
        year, month = wall.year + (wall.month - 1 + months) // 12, (wall.month - 1 + months) % 12
        day = min(wall.day, monthrange(year, month + 1)[1])
        wall = wall.replace(year=year, month=month + 1, day=day)
        return wall.replace(tzinfo=zone).astimezone(UTC)

    def nth(self, n: int) -> datetime:
        each, n = self.story.interval, n * self.story.count
        return self.later(self.anchor, days=n * DAYS.get(each, 0), months=n * MONTHS.get(each, 0))

    # --- What people ask for; what is refused changes nothing ---

    def begin(self, now: datetime) -> None:
        self.number, self.trial_end = 0, self.later(now, days=self.story.trial_days)
        self.anchor = self.trial_end
        is_trial = self.trial_end > now
        self.status = "trialing" if is_trial else "active"
        self.period = (now, self.trial_end if is_trial else self.nth(1))
        self.look(now)

    def act(self, word: str, now: datetime) -> None:
        last = self.last
        if self.status in ("canceled", "expired"):
            return
        if word == "cancel" and not self.ends:
            self.ends = True
            if last and last.start >= self.period[1]:
                self.close(last, "skipped", now)
        elif word == "cancel_immediately":
            self.cancel("skipped", now)
        elif word == "pause" and self.status != "paused":
            self.status = "paused"
            if last:
                self.close(last, "skipped", now)
        elif word == "resume" and self.status == "paused":
            self.anchor, self.number, self.status = now, 0, "active"
            self.period = (now, self.nth(1))
            self.ask(self.make(), now)
        self.look(now)

    # --- What time and money bring about ---

    def look(self, now: datetime) -> None:
        while self.move(now):
            pass

    def move(self, now: datetime) -> bool:
        """Write down the first thing that has come about by now; whether there was one."""
        last, runs = self.last, self.status in ("trialing", "active", "past_due")
        is_due = last is not None and last.status == "failed" and now >= last.start
        if last and last.is_paid:
            self.period = (last.start, last.end)
            self.status = "active" if self.status == "past_due" else self.status
            self.close(last, "paid", now)
        elif last and last.status == "checkout_created" and now > last.closes:
            last.status = "failed"
        elif self.status == "canceled" and now >= max(self.canceled_at, self.period[1]) + GRACE:
            self.status = "expired"
        elif self.ends and (runs or self.status == "paused") and now >= self.period[1]:
            self.cancel("skipped", now)
        elif last and is_due and last.tried == len(OPEN_DAYS):
            self.cancel("failed", now)
        elif last and is_due:
            self.status = "past_due"
            self.ask(last, now)
        elif self.status == "trialing" and not last and self.number and now >= self.trial_end:
            self.status = "active"
        elif runs and not (last or self.ends) and now >= self.makes_at:
            self.ask(self.make(), now)
        else:
            return False
        return True

    @property
    def last(self) -> Asked | None:
        """The renewal that is still open."""
        return self.renewals[-1] if self.renewals and self.renewals[-1].is_open else None

    @property
    def makes_at(self) -> datetime:
        return max(self.nth(self.number) - AHEAD, self.period[0])

    def make(self) -> Asked:
        self.renewals.append(Asked(self.nth(self.number), self.nth(self.number + 1)))
        self.number += 1
        return self.renewals[-1]

    def ask(self, renewal: Asked, now: datetime) -> None:
        since = now if renewal.tried else max(now, renewal.start)
        renewal.closes = since + OPEN_DAYS[renewal.tried] * DAY
        renewal.status, renewal.opened, renewal.tried = "checkout_created", now, renewal.tried + 1

    def close(self, renewal: Asked, status: str, now: datetime) -> None:
        """It is over; a current period that it was to pay, and did not, is over with it."""
        renewal.status, renewal.is_open = status, False
        if status != "paid" and renewal.start == self.period[0]:
            self.period = (self.period[0], max(self.period[0], now))

    def cancel(self, renewal_status: str, now: datetime) -> None:
        if last := self.last:
            self.close(last, renewal_status, now)
        self.status, self.canceled_at = "canceled", now
