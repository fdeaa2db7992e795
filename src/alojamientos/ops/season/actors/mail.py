"""Guests who write mails: they ask, hold, pay, cancel; some mails come twice, some are absences."""

import random
from datetime import timedelta
from email.message import EmailMessage

from alojamientos.ops.season.actors.paying import pay
from alojamientos.ops.season.plan import MailPlan, mail_guests
from alojamientos.ops.season.season import Season
from alojamientos.ops.simulator.dialog import Said, Wish, read
from alojamientos.ops.simulator.guest import Astray, DatesTaken, Unanswered
from alojamientos.ops.simulator.mail_guest import MailGuest, text_of
from alojamientos.ops.simulator.scenarios import Ending

_PATIENCE = timedelta(hours=12)  # a guest who has no answer by then has none
_MOST_MAILS = 5  # about one payment


def actors(season: Season) -> None:
    """Send every guest of the season on their way."""
    for plan in mail_guests(seed=season.seed, days=season.days):
        season.agenda.spawn(_Guest(season, plan).live())


class _Guest:
    def __init__(self, season: Season, plan: MailPlan) -> None:
        self._season = season
        self._plan = plan
        settings = season.stack.settings
        self._guest = MailGuest(
            address=plan.email,
            name=plan.name,
            lodging=settings.guest_mail.mail_sender,
            smtp_port=settings.mail.port,
            sink_url=season.post.url,
            deadline_s=_PATIENCE.total_seconds(),
            on_line=lambda _line: None,
            http=season.post.http,
            now=season.clock.now,
            wait=season.post.wait,
        )

    async def live(self) -> None:
        season, plan = self._season, self._plan
        await season.agenda.until(season.at(plan.arrives))
        today = season.today()
        wish = Wish(
            check_in=today + timedelta(days=plan.days_ahead),
            check_out=today + timedelta(days=plan.days_ahead + plan.nights),
            guests=plan.guests,
        )
        try:
            outcome = await self._play(wish)
        except DatesTaken:
            outcome = "dates taken"
        except (Unanswered, Astray) as error:
            excuse = season.excuses(plan.email, self._guest.code)
            outcome = excuse or type(error).__name__.lower()
            if excuse is None:
                season.note(f"{plan.email} ({plan.scenario.name}): {error.message}")
        season.counts[f"mail: {outcome}"] += 1

    async def _play(self, wish: Wish) -> str:
        plan, guest, season = self._plan, self._guest, self._season
        today = season.today()
        opening = random.Random(plan.words_seed).choice(plan.scenario.openings)
        words = "\n".join(opening).format(stay=wish.words(today=today), guests=wish.guests)
        if plan.twice:
            season.counts["mail sent twice"] += 1
        mail = await guest.write(words, subject="Consulta", twice=plan.twice)
        if plan.scenario.ending is Ending.ANSWERED:
            await self._maybe_away(mail)
            return "answered"
        preference = await guest.hold(mail, wish, today=today, twice=plan.twice)
        if plan.scenario.ending is Ending.ABANDONED:
            await self._maybe_away(guest.got[-1])
            return "held and forgotten"
        cancels = plan.scenario.ending is Ending.CANCELLED
        if cancels and plan.cancels_after is None:
            await guest.cancel(guest.got[-1], wish, today=today)
            return "cancelled unpaid"
        await season.sleep(plan.pays_after)
        await pay(season, preference, pays=plan.pays)
        confirmation = await self._heard(wish)
        if confirmation is None:
            return f"not confirmed, payment {plan.pays}"
        await self._maybe_away(confirmation)
        if not cancels or plan.cancels_after is None:
            return "confirmed"
        await season.sleep(plan.cancels_after)
        await guest.cancel(confirmation, wish, today=season.today())
        return "cancelled after paying"

    async def _heard(self, wish: Wish) -> EmailMessage | None:
        """Read what becomes of the payment; return the confirmation, None when there is none."""
        for _ in range(_MOST_MAILS):
            mail = await self._guest.listen()
            text = text_of(mail)
            if read({"text": text}, wish, today=self._season.today()).said is Said.CONFIRMED:
                return mail
            if "devol" in text.lower() or "reintegr" in text.lower():
                return None
        return None

    async def _maybe_away(self, mail: EmailMessage) -> None:
        if self._plan.away:
            self._season.counts["mail answered by an absence"] += 1
            await self._guest.be_away(mail)
