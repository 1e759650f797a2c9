"""What a story must end in, by a reckoning of its own: tick by tick, without a table."""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.subscriptions.stories import Story

DAYS = {"daily": 1, "weekly": 7}
NEVER = datetime.max.replace(tzinfo=UTC)
OPEN_DAYS = (3, 4, 3)  # attempts open on days 0, 3 and 7; the last one for three days


@dataclass
class Books:
    """One subscription as it should stand, and its renewals, oldest first."""

    story: Story
    status: str = ""
    ends: bool = False
    period: tuple[datetime, datetime] = (NEVER, NEVER)
    renewals: list[dict[str, Any]] = field(default_factory=list)

    def begin(self, now: datetime) -> None:
        trial = self.story.trial_days
        self.anchor = now
        self.anchor = self.trial_end = self.later(now, days=trial) if trial else now
        self.status, self.number = ("trialing" if trial else "active"), 0
        self.period = (now, self.anchor if trial else self.nth(1))
        self.look(now)

    def later(self, moment: datetime, *, days: int = 0, months: int = 0) -> datetime:
        zone = ZoneInfo(self.story.zone)
        wall = moment.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
        year, month = wall.year + (wall.month - 1 + months) // 12, (wall.month - 1 + months) % 12
        day = min(wall.day, monthrange(year, month + 1)[1])
        wall = wall.replace(year=year, month=month + 1, day=day)
        return wall.replace(tzinfo=zone).astimezone(UTC)

    def nth(self, n: int) -> datetime:
        each, n = self.story.interval, n * self.story.count
        if each in DAYS:
            return self.later(self.anchor, days=n * DAYS[each])
        return self.later(self.anchor, months=n * (12 if each == "yearly" else 1))

    @property
    def last(self) -> dict[str, Any] | None:
        """The renewal that is still open."""
        return self.renewals[-1] if self.renewals and self.renewals[-1]["open"] else None

    def close(self, status: str, now: datetime) -> None:
        """The open renewal ends; a current period that it was to pay ends with it."""
        if (last := self.last) is not None:
            last.update(status=status, open=False)
            if status != "paid" and last["start"] == self.period[0]:
                self.period = (self.period[0], max(self.period[0], now))

    def ask(self, now: datetime) -> None:
        last = self.renewals[-1]
        days = timedelta(days=OPEN_DAYS[last["tried"]])
        closes = (max(now, last["start"]) if last["tried"] == 0 else now) + days
        last.update(status="checkout_created", tried=last["tried"] + 1, closes=closes, opened=now)

    def cancel(self, now: datetime, status: str = "skipped") -> None:
        self.close(status, now)
        self.status, self.canceled_at = "canceled", now

    def look(self, now: datetime) -> None:
        """Everything that time and money have brought about by now."""
        last, runs = self.last, self.status in ("trialing", "active", "past_due")
        if last and last["paid"]:
            self.period = (last["start"], last["end"])
            self.close("paid", now)
            self.status = "active" if self.status == "past_due" else self.status
        elif last and last["status"] == "checkout_created" and last["closes"] < now:
            last["status"] = "failed"
        elif self.status == "canceled" and now >= self.grace_end():
            self.status = "expired"
            return
        elif self.ends and self.status not in ("canceled", "expired") and now >= self.period[1]:
            self.cancel(now)
        elif last and last["status"] == "failed" and now >= last["start"] and last["tried"] == 3:
            self.cancel(now, "failed")
        elif last and last["status"] == "failed" and now >= last["start"]:
            self.status = "past_due"
            self.ask(now)
            return
        elif self.status == "trialing" and not last and self.number and now >= self.trial_end:
            self.status = "active"
        elif runs and not last and not self.ends and now >= self.asks_at():
            start, end = self.nth(self.number), self.nth(self.number + 1)
            self.renewals.append({"start": start, "end": end, "tried": 0, "open": True})
            self.renewals[-1]["paid"], self.number = False, self.number + 1
            self.ask(now)
        else:
            return
        self.look(now)

    def asks_at(self) -> datetime:
        return max(self.nth(self.number) - timedelta(days=3), self.period[0])

    def grace_end(self) -> datetime:
        return max(self.canceled_at, self.period[1]) + timedelta(days=7)

    def act(self, word: str, now: datetime) -> None:
        """What a person asks for; what is refused changes nothing."""
        if self.status in ("canceled", "expired"):
            return
        if word == "cancel" and not self.ends:
            self.ends = True
            if self.last and self.last["start"] >= self.period[1]:
                self.close("skipped", now)
        elif word == "cancel_immediately":
            self.cancel(now)
        elif word == "pause" and self.status != "paused":
            self.close("skipped", now)
            self.status = "paused"
        elif word == "resume" and self.status == "paused":
            self.anchor, self.number, self.status = now, 0, "active"
            self.period = (now, self.nth(1))
            self.renewals.append({"start": now, "end": self.nth(1), "tried": 0, "open": True})
            self.renewals[-1]["paid"], self.number = False, 1
            self.ask(now)
        self.look(now)
