"""E-mail to those who must act: at once, once a day, or not at all, as each chose.

A choice is claimed under its row's lock for a few minutes, then the mail is sent with no
transaction open, then what was told is written. So two workers send one mail, and who is killed
between the two is followed by another after the claim, who sends it again.
Only live is told of: the sandbox moves no money.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from billing.chains import Environment
from billing.display import zone
from billing.errors import Forbidden
from organizations import mail
from organizations.callers import caller_for_user
from organizations.models import Membership, NoticeChoice
from organizations.noticing import Notices
from reconciliation.waiting import Waiting, waiting_for

logger = logging.getLogger(__name__)

CLAIMED_FOR = timedelta(minutes=5)  # longer than a mail server is waited for
QUIET_FOR = timedelta(minutes=5)  # between two mails at once: what comes meanwhile comes together

TEXT = """\
{organization}: this waits for you in live.

{lines}

{reason} Change that: {account}
"""
WHY = {
    Notices.AT_ONCE: "You are written to when something new waits for you.",
    Notices.DAILY: "You are written to once a day.",
}


def send() -> int:
    """Write to everybody who is due and for whom something waits; returns how many mails.

    Without a mail server (EMAIL_URL) there is nobody to be reached, and nothing is done.
    """
    if not settings.EMAIL_URL:
        return 0
    _give_everybody_a_choice()
    free = NoticeChoice.objects.filter(_is_free(timezone.now())).exclude(how=Notices.NONE)
    return sum(tell(pk) for pk in free.order_by("pk").values_list("pk", flat=True))


def is_due(choice: NoticeChoice, now: datetime) -> bool:
    """Whether it is time to look what waits: once after the hour each day, or at most every five

    minutes. Whoever came today is written to tomorrow.
    """
    if choice.how == Notices.AT_ONCE:
        return choice.told_at is None or choice.told_at <= now - QUIET_FOR
    if choice.how != Notices.DAILY:
        return False
    place = zone(choice.time_zone or choice.membership.organization.time_zone)
    here, last = now.astimezone(place), (choice.told_at or choice.created_at).astimezone(place)
    return here.hour >= choice.hour and last.date() < here.date()


def tell(pk: int) -> bool:
    """Write to one person, if they are due and nobody else is at it; whether a mail went out."""
    now = timezone.now()
    choice = _claimed(pk, now)
    if choice is None:
        return False
    waiting = _waiting(choice.membership)
    names = [name for each in waiting for name in each.ids]
    has_news = bool(set(names) - set(choice.told)) or choice.how == Notices.DAILY
    is_sent = bool(names) and has_news
    if is_sent and not mail.send(choice.membership.user.email, *_mail(choice, waiting)):
        _let_go(choice)  # What was told stays as it was: the next run tries again.
        return False
    # A daily one is done for today even where nothing waits; one at once was not written to.
    told_at = now if is_sent or choice.how == Notices.DAILY else choice.told_at
    _let_go(choice, told=names, told_at=told_at)
    if is_sent:
        logger.info("notice sent user=%s kinds=%d", choice.membership.user_id, len(waiting))
    return is_sent


@transaction.atomic
def _claimed(pk: int, now: datetime) -> NoticeChoice | None:
    """The choice, if it is due and nobody is at it; then it is ours for a while."""
    rows = NoticeChoice.objects.select_for_update(skip_locked=True, of=("self",))
    rows = rows.select_related("membership__user", "membership__organization")
    choice = rows.filter(_is_free(now), pk=pk, membership__user__is_active=True).first()
    if choice is None or not is_due(choice, now):
        return None
    choice.claimed_until = now + CLAIMED_FOR
    choice.save(update_fields=["claimed_until", "updated_at"])
    return choice


def _let_go(choice: NoticeChoice, **told: object) -> None:
    """End the claim, where it is still ours, and write what was told."""
    mine = NoticeChoice.objects.filter(pk=choice.pk, claimed_until=choice.claimed_until)
    mine.update(claimed_until=None, **told)


def _is_free(now: datetime) -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lt=now)


def _waiting(membership: Membership) -> list[Waiting]:
    try:
        caller = caller_for_user(membership.user, membership.organization, Environment.LIVE)
    except Forbidden:  # The membership ended a moment ago: nothing waits for them here.
        return []
    return waiting_for(caller)


def _mail(choice: NoticeChoice, waiting: Sequence[Waiting]) -> tuple[str, str]:
    """Subject and text: counts and links. Amounts and addresses are looked at in the admin."""
    name = choice.membership.organization.name
    subject = f"{name}: {', '.join(each.words for each in waiting)}"
    lines = "\n".join(f"  {each.words}\n  {settings.PUBLIC_URL}{each.path}\n" for each in waiting)
    text = TEXT.format(
        organization=name,
        lines=lines.rstrip(),
        reason=WHY[Notices(choice.how)],
        account=f"{settings.PUBLIC_URL}{reverse('people:account')}",
    )
    return subject, text


def _give_everybody_a_choice() -> None:
    """Who never chose has the default; one row each, so that it can be claimed."""
    without = Membership.objects.filter(notice_choice=None, user__is_active=True)
    fresh = [NoticeChoice(membership=membership) for membership in without]
    NoticeChoice.objects.bulk_create(fresh, ignore_conflicts=True)
