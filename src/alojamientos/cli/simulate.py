"""The verbs that play guests, and hosts, against the running stack."""

import typer

from alojamientos.cli import (
    simulate_booking,
    simulate_buttons,
    simulate_ical,
    simulate_mail,
    simulate_season,
    simulate_traffic,
    simulate_voice,
)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.command()(simulate_booking.booking)
app.command()(simulate_voice.voice)
app.command()(simulate_buttons.buttons)
app.command()(simulate_mail.email)
app.command("ical")(simulate_ical.play)
app.command(help=simulate_traffic.HELP)(simulate_traffic.traffic)
app.command()(simulate_season.season)
