//! Working sessions with a customer: which times are free, who takes one, and what becomes of it.
//! Pure: what is taken comes in, and that two never take the same is the store's to see to.

mod life;
mod plan;
#[cfg(test)]
mod tests;

use crate::calendar::{Calendar, NaiveDate, Span, Zone};
use crate::ids::{EngineerName, Moment};
use chrono::{Days, NaiveTime};

pub use life::{Effect, Event, Refused, Session, Side, Stage};
pub use plan::{Ask, Book, Host, OVER_KEPT_MILLIS, Plan, ROOM};

/// Longest stretch ahead that can be booked, in days: the hours of a team are not known for longer.
pub const DAYS_AHEAD_MAX: u32 = 60;

/// How sessions of a topic are booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// When there are sessions at all; holidays and exceptions are left out by it.
    pub calendar: Calendar,
    /// How long one is, in milliseconds.
    pub slot_millis: i64,
    /// How soon one can begin, in milliseconds from now.
    pub lead_millis: i64,
    /// The last day on which one can begin, in days from today as the calendar's zone has it.
    pub days_ahead: u32,
    /// What an engineer has free before and after a session of his, in milliseconds.
    pub buffer_millis: i64,
    /// How long a slot is kept for a customer who has chosen it and is still typing, in milliseconds.
    pub hold_millis: i64,
    /// Until when a customer can move or cancel, in milliseconds before it begins.
    pub change_until_millis: i64,
    /// When the customer is reminded, in milliseconds before it begins.
    pub reminders_millis: Vec<i64>,
}

/// Somebody who takes sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engineer {
    /// As the configuration names him.
    pub name: EngineerName,
    /// His own working hours; none if he has those of the sessions.
    pub hours: Option<Calendar>,
    /// When he is away or has something else to do.
    pub absences: Vec<Span>,
    /// Most sessions that he takes in a day, as the calendar's zone counts days; none for no limit.
    pub a_day_max: Option<u32>,
}

/// A time that an engineer has given away: booked, or held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whose.
    pub engineer: EngineerName,
    /// When.
    pub span: Span,
}

/// A time that can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// When.
    pub span: Span,
    /// Who could take it; of several the one first who should.
    pub engineers: Vec<EngineerName>,
}

impl Terms {
    /// The times that can be booked now, nearest first, each with whoever is free then. `taken` may hold
    /// more than concerns these engineers and these days.
    pub fn free(&self, engineers: &[Engineer], taken: &[Taken], now: Moment) -> Vec<Slot> {
        let slots = self.calendar.slots(now.plus_millis(self.lead_millis), self.last_end(now), self.slot_millis);
        slots
            .map(|span| Slot { span, engineers: self.who(engineers, taken, span) })
            .filter(|slot| !slot.engineers.is_empty())
            .collect()
    }

    /// Who can take a session at this time, the one first who should: who has least to do on that day,
    /// then who has least to do at all, then in the order of the configuration. None where it cannot be
    /// booked now.
    pub fn free_at(&self, engineers: &[Engineer], taken: &[Taken], span: Span, now: Moment) -> Vec<EngineerName> {
        let earliest = now.plus_millis(self.lead_millis);
        let is_slot = span.opens >= earliest
            && span.closes <= self.last_end(now)
            && self.calendar.slots(span.opens, span.closes, self.slot_millis).next() == Some(span);
        if is_slot { self.who(engineers, taken, span) } else { Vec::new() }
    }

    /// When the customer is reminded of a session at this time, in order, if it was booked at that
    /// instant: what would come before it, or at once, is left out.
    pub fn reminders(&self, span: Span, booked_at: Moment) -> Vec<Moment> {
        let mut due: Vec<Moment> = self.reminders_millis.iter().map(|before| span.opens.plus_millis(-before)).collect();
        due.retain(|due| *due > booked_at);
        due.sort_unstable();
        due.dedup();
        due
    }

    /// The end of the last day on which a session can begin.
    fn last_end(&self, now: Moment) -> Moment {
        let today = self.calendar.wall(now).date();
        let after = today.checked_add_days(Days::new(u64::from(self.days_ahead) + 1)).unwrap_or(today);
        // Business of a day can go on past its midnight; what begins after it is of the next day.
        crate::calendar::first_moment(self.calendar.zone(), after.and_time(NaiveTime::MIN))
    }

    fn who(&self, engineers: &[Engineer], taken: &[Taken], span: Span) -> Vec<EngineerName> {
        let day = self.calendar.wall(span.opens).date();
        let is_of_day = |taken: &&Taken| self.calendar.wall(taken.span.opens).date() == day;
        let mut free: Vec<(usize, usize, &EngineerName)> = Vec::new();
        for engineer in engineers {
            let own = || taken.iter().filter(|taken| taken.engineer == engineer.name);
            let on_day = own().filter(is_of_day).count();
            let is_full = engineer.a_day_max.is_some_and(|max| on_day >= max as usize);
            let is_kept = |taken: &Taken| overlap(self.with_buffers(taken.span), span);
            if !is_full && engineer.works_at(span) && !own().any(is_kept) {
                free.push((on_day, own().count(), &engineer.name));
            }
        }
        // Stable: who is named first stays first.
        free.sort_by_key(|(on_day, in_all, _)| (*on_day, *in_all));
        free.into_iter().map(|(_, _, name)| name.clone()).collect()
    }

    fn with_buffers(&self, span: Span) -> Span {
        Span { opens: span.opens.plus_millis(-self.buffer_millis), closes: span.closes.plus_millis(self.buffer_millis) }
    }
}

impl Engineer {
    fn works_at(&self, span: Span) -> bool {
        let in_hours = self.hours.as_ref().is_none_or(|hours| {
            hours.is_open(span.opens) && hours.next_closing(span.opens).is_none_or(|closes| closes >= span.closes)
        });
        in_hours && !self.absences.iter().any(|absence| overlap(*absence, span))
    }
}

/// What is free, by the days of whoever reads it.
pub fn by_day(slots: &[Slot], zone: Zone) -> Vec<(NaiveDate, Vec<&Slot>)> {
    let mut days: Vec<(NaiveDate, Vec<&Slot>)> = Vec::new();
    for slot in slots {
        let date = crate::calendar::wall_clock(zone, slot.span.opens).date();
        match days.last_mut() {
            Some((day, of_day)) if *day == date => of_day.push(slot),
            Some(_) | None => days.push((date, vec![slot])),
        }
    }
    days
}

/// The days from the first to the last, as this zone has them.
pub fn days(zone: Zone, first: NaiveDate, last: NaiveDate) -> Span {
    let begin = |date: NaiveDate| crate::calendar::first_moment(zone, date.and_time(NaiveTime::MIN));
    Span { opens: begin(first), closes: begin(last.checked_add_days(Days::new(1)).unwrap_or(last)) }
}

/// Which booked sessions an engineer cannot take because of an absence.
pub fn affected<'a>(sessions: &'a [Session], engineer: &EngineerName, absence: Span) -> Vec<&'a Session> {
    let is_affected =
        |session: &&Session| session.is_booked() && session.engineer == *engineer && overlap(session.span, absence);
    sessions.iter().filter(is_affected).collect()
}

fn overlap(a: Span, b: Span) -> bool {
    a.opens < b.closes && b.opens < a.closes
}
