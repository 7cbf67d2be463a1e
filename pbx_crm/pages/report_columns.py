"""What the columns of reports count, said where each of them stands."""

from __future__ import annotations

from pbx_crm.domain.sentence import N_

FUNNEL = {
    "entered": N_("Deals of the cohort that came this far or further, each once."),
    "amount": N_("Their amounts as they are now, in the funnel's currency."),
    "passed": N_("Of those that entered, the ones that came further; who skipped the stage got past it."),
    "passed_share": N_(
        "Of the deals whose fate here is known, passed on or dropped; open ones are left out."
    ),
    "dropped": N_("Lost, and this was the furthest they came."),
    "dropped_share": N_("Of the deals whose fate here is known; with those passed on it makes the whole."),
    "open": N_("Neither lost nor won, and this is the furthest they came, wherever they lie now."),
    "here": N_("Lie in this stage at this moment, be it after a way back."),
    "skipped": N_("Entered without ever lying here: moved from a stage before to one after it."),
    "median": N_("Half of them stayed no longer, all their stays together; who still stays counts so far."),
}
LOSSES = {
    "lost": N_("Deals that lie lost now and were lost on these days, in the stage they lay in before."),
    "share": N_("Of all losses of these days; the small figures say where the true share lies."),
    "amount": N_("Their amounts as they are now, in the funnel's currency."),
    "tries": N_("Calls of ours on the card, answered or not; a deal on average."),
    "talks": N_("Calls on the card that were answered, whoever dialled; a deal on average."),
    "callback": N_("From the end of the first missed call to the first call of ours that reached them."),
    "never": N_("A call of theirs was missed, and no call of ours reached them afterwards."),
}
FORECAST = {
    "won": N_("Deals won in the month so far, with their sum."),
    "wins": N_("Wins still to come in the month, with the bounds that hold four times out of five."),
    "sum": N_("What these wins bring; a deal without an amount is taken at what is usual."),
    "dated": N_("Open deals whose sellers expect them to close in the month, from today on."),
    "all": N_("The amounts of the deals dated so, if every one of them were won."),
    "weighted": N_("Each of these amounts times the chance the deal has to be won within a year."),
}
ORIGINS = {
    "incoming": N_("Incoming calls of the time, each once, also those that still go on."),
    "answered": N_("Incoming calls a person answered; with a seller chosen, those they answered first."),
    "missed": N_("Incoming calls nobody answered; with a seller chosen, those that rang them."),
    "missed_share": N_("Missed of the answered and missed ones, from ten calls on."),
    "made": N_("Deals made in the time, wherever they lie now."),
    "open": N_("Of the deals made in the time, those neither won nor lost until now."),
    "lost": N_("Of the deals made in the time, those that lie lost now."),
    "won": N_("Of the deals made in the time, those that lie won now."),
    "won_share": N_("Won of the won and lost ones, from ten on; open deals are left out."),
    "sum": N_("The amounts of the won ones, each currency by itself."),
    "cost": N_("What was entered for these days; of a month only partly asked for the share of its days."),
    "cost_deal": N_("The cost divided by the deals made."),
    "cost_won": N_("The cost divided by the deals won."),
}
PLAN = {
    "calls": N_("Conversations with clients, whoever dialled, as in calls per seller."),
    "meetings": N_("Tasks of the kind meeting that the seller finished."),
    "deals": N_("Deals that lie won since a day of the period, with whom they belong to now."),
    "sum": N_("The sum of those deals in the company's currency."),
}
