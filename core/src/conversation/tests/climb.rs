//! The ladder in a conversation: what is told to whom, and what ends it.

use super::play::*;
use super::*;
use crate::availability::Promise;
use crate::calendar::Calendar;
use crate::ladder::{Call, Ladder, Step, Tier, When};
use crate::ticket::{Policy, Terms, Timetable};
use crate::verb::Verb;
use std::sync::Arc;

const MINUTE: i64 = 60_000;

/// Agents after two minutes, leads after five, engineering when an hour is over, then the executives.
fn play() -> Play {
    let mut play = Play::new();
    let after = |minutes, tier| Step { when: When::After(Promise::Minutes(minutes)), tier };
    let left = Step { when: When::Left(0), tier: 1 };
    play.rules.ladder = Arc::new(Ladder::new(vec![after(2, 0), left, after(60, 2), after(120, 3)]));
    let tier = |name: &str, calls: &[&str]| Tier {
        name: name.into(),
        calls: calls.iter().map(|name| Call::Named(name.to_string())).collect(),
    };
    let agents = Tier { name: "agents".into(), calls: vec![Call::Holder, Call::Named("desk/all".into())] };
    let tiers = vec![agents, tier("leads", &["desk/Lea"]), tier("engineering", &[]), tier("the CEO", &["desk/Cem"])];
    play.rules.tiers = tiers.into();
    let policy = Policy { respond_within: Some(Promise::Minutes(5)), ..Policy::answering_within(Promise::Days(1)) };
    let terms = Terms { calendar: Calendar::always_open(), policy };
    play.rules.timetable = Arc::new(Timetable::new(Default::default(), terms));
    play.rules.hold_millis = 0;
    play.now = Moment(1_767_225_600_000);
    play
}

/// When the next step is due, in minutes after the play began.
fn due(play: &Play) -> Option<i64> {
    play.dialogue.head.climb.due.map(|due| (due.0 - 1_767_225_600_000) / MINUTE)
}

fn at(play: &mut Play, minutes: i64) {
    play.now = Moment(1_767_225_600_000 + minutes * MINUTE);
}

/// Whom the last thing that the bot said calls.
fn called(play: &Play) -> Vec<String> {
    play.dialogue.messages.iter().max_by_key(|message| message.seq).map(|last| last.calls.clone()).unwrap_or_default()
}

#[test]
fn it_climbs_to_the_top_each_step_once() {
    let mut play = play();
    assert_eq!(due(&play), None);
    play.step(wrote("a", "My export hangs"));
    play.step(opened("T1"));
    play.step(did(GRACE, "d1", Verb::Claim));
    assert_eq!(due(&play), Some(2));
    play.on(Event::StepDue);
    at(&mut play, 2);
    play.on(Event::StepDue);
    assert_eq!(called(&play), ["desk/Grace", "desk/all"]);
    play.on(Event::StepDue);
    assert_eq!(due(&play), Some(5));
    at(&mut play, 7);
    play.on(Event::StepDue);
    assert_eq!((called(&play), due(&play)), (vec!["desk/Lea".to_string()], Some(60)));
    // Nobody is in engineering: it says so, and the next one is told at once.
    at(&mut play, 60);
    play.on(Event::StepDue);
    assert_eq!((called(&play), due(&play)), (vec!["desk/Cem".to_string()], None));
    play.check(expect![[r#"
        a step is due
            nothing
        a step is due
            post 4 “⏰ The customer has waited for an answer since Thu 1 Jan 00:00 (UTC). For agents: please answer, or say that you take care.”
        a step is due
            nothing
        a step is due
            post 5 “⏰ The customer has waited for an answer since Thu 1 Jan 00:00 (UTC). For leads: please answer, or say that you take care.”
        a step is due
            post 6 “⏰ The customer has waited for an answer since Thu 1 Jan 00:00 (UTC). For the CEO: please answer, or say that you take care. There was nobody to tell in engineering.”
        ---
        r1 Ada: My export hangs
    "#]]);
}

#[test]
fn what_was_due_while_nobody_was_there_is_told_in_one_go() {
    let mut play = play();
    play.step(wrote("a", "My export hangs"));
    play.step(opened("T1"));
    at(&mut play, 10_000);
    play.step(Event::StepDue);
    assert_eq!(called(&play), ["desk/all", "desk/Lea", "desk/Cem"]);
    assert_eq!((play.dialogue.head.climb.taken, due(&play)), (4, None));
}

#[test]
fn an_answer_ends_it_and_an_assignment_does_not() {
    let mut play = play();
    play.step(wrote("a", "My export hangs"));
    play.step(opened("T1"));
    at(&mut play, 2);
    play.step(Event::StepDue);
    play.step(did(GRACE, "d1", Verb::Claim));
    play.step(says(GRACE, 80, "// let me see"));
    assert_eq!(due(&play), Some(5));
    play.step(says(GRACE, 90, "Which browser?"));
    assert_eq!((due(&play), play.dialogue.head.climb.taken), (None, 0));
    // The next question begins anew; what he adds to it does not.
    at(&mut play, 30);
    play.step(wrote("b", "All of them"));
    assert_eq!(due(&play), Some(32));
    at(&mut play, 31);
    play.step(wrote("c", "Hello?"));
    assert_eq!(due(&play), Some(32));
    play.step(did(GRACE, "d2", Verb::Resolve { silently: true }));
    assert_eq!(due(&play), None);
    play.step(did(GRACE, "d3", Verb::Reopen));
    assert_eq!(due(&play), Some(33));
}

#[test]
fn who_takes_care_or_puts_it_off_has_quiet_for_so_long() {
    let mut play = play();
    let snooze = |minutes| Verb::Snooze { within: Promise::Minutes(minutes), reason: "waits for a part".into() };
    play.on(did(GRACE, "d0", Verb::Ack(None)));
    play.step(wrote("a", "My export hangs"));
    play.step(opened("T1"));
    play.on(did(GRACE, "d1", Verb::Ack(None)));
    assert_eq!(due(&play), Some(30));
    play.on(did(GRACE, "d2", snooze(90)));
    assert_eq!(due(&play), Some(90));
    // Whoever asks for help has not taken care of it.
    play.on(did(GRACE, "d3", Verb::Escalate("I cannot see it".into())));
    assert_eq!((called(&play), due(&play)), (vec!["desk/Lea".to_string()], Some(60)));
    play.check(expect![[r#"
        Grace did, d0: Ack(None)
            tell desk/Grace of 1: NothingWaits
        Grace did, d1: Ack(None)
            post 4 “Grace takes care of it until Thu 1 Jan 00:30 (UTC). Nobody else is told before.”
        Grace did, d2: Snooze { within: Minutes(90), reason: "waits for a part" }
            post 6 “Grace has put it off until Thu 1 Jan 01:30 (UTC): waits for a part. Nobody is told before.”
        Grace did, d3: Escalate("I cannot see it")
            post 8 “🆘 Grace asks leads for help: I cannot see it
        The customer has waited since Thu 1 Jan 00:00 (UTC).”
        ---
        r1 Ada: My export hangs
    "#]]);
}

#[test]
fn who_asks_for_help_names_a_tier_or_has_the_next() {
    let asks = |play: &mut Play, words: &str| {
        let key = format!("e{}", play.dialogue.head.last_seq);
        play.on(did(GRACE, &key, Verb::Escalate(words.into())));
        called(play)
    };
    let mut play = play();
    play.step(wrote("a", "My export hangs"));
    play.step(opened("T1"));
    assert_eq!(asks(&mut play, "The CEO: they threaten to leave"), ["desk/Cem"]);
    asks(&mut play, "");
    asks(&mut play, "engineering it is down");
    assert_eq!(asks(&mut play, "leads"), ["desk/Lea"]);
    // While nobody waits it is heard as well.
    play.step(says(GRACE, 90, "One moment"));
    assert_eq!(asks(&mut play, "leadership is not a tier"), ["desk/Lea"]);
    play.step(did(GRACE, "d1", Verb::Resolve { silently: true }));
    asks(&mut play, "");
    play.rules.tiers = Arc::new([]);
    play.step(did(GRACE, "d2", Verb::Reopen));
    asks(&mut play, "");
    play.check(expect![[r#"
        Grace did, e1: Escalate("The CEO: they threaten to leave")
            post 3 “🆘 Grace asks the CEO for help: they threaten to leave
        The customer has waited since Thu 1 Jan 00:00 (UTC).”
        Grace did, e3: Escalate("")
            tell desk/Grace of 4: AtTheTop
        Grace did, e4: Escalate("engineering it is down")
            tell desk/Grace of 5: NobodyInTier { tier: "engineering" }
        Grace did, e5: Escalate("leads")
            post 7 “🆘 Grace asks leads for help.
        The customer has waited since Thu 1 Jan 00:00 (UTC).”
        Grace did, e8: Escalate("leadership is not a tier")
            post 10 “🆘 Grace asks leads for help: leadership is not a tier”
        Grace did, e12: Escalate("")
            tell desk/Grace of 13: ResolvedAlready { by: "Grace" }
        Grace did, e15: Escalate("")
            tell desk/Grace of 16: NoTiers
        ---
        r1 Ada: My export hangs
        r2 Grace: One moment
    "#]]);
}

#[test]
fn who_is_in_no_tier_at_all_is_passed_over_to_the_top() {
    let mut play = play();
    let tier = |name: &str| Tier { name: name.into(), calls: vec![] };
    play.rules.tiers = vec![tier("agents"), tier("leads"), tier("engineering"), tier("the CEO")].into();
    play.step(wrote("a", "My export hangs"));
    play.step(opened("T1"));
    at(&mut play, 2);
    play.on(Event::StepDue);
    assert_eq!((play.dialogue.head.climb.taken, due(&play)), (4, None));
    play.check(expect![[r#"
        a step is due
            post 2 “⏰ The customer has waited for an answer since Thu 1 Jan 00:00 (UTC). There was nobody to tell in agents and leads and engineering and the CEO.”
        ---
        r1 Ada: My export hangs
    "#]]);
}

#[test]
fn a_reminder_is_said_once_where_there_is_something_to_say() {
    let reminded = |key: &str, only_late| Event::Reminded { key: key.into(), only_late, is_late: only_late };
    let mut play = play();
    play.on(reminded("r0", false));
    play.step(wrote("a", "My export hangs"));
    play.step(opened("T1"));
    play.on(reminded("r1", false));
    play.on(reminded("r1", false));
    play.on(reminded("r2", true));
    at(&mut play, 5);
    play.step(did(GRACE, "d1", Verb::Claim));
    play.on(reminded("r3", true));
    assert_eq!(called(&play), ["desk/Grace"]);
    // Nobody is reminded of what somebody takes care of, or has answered.
    play.step(did(GRACE, "d2", Verb::Ack(None)));
    play.on(reminded("r4", true));
    play.step(says(GRACE, 90, "Which browser?"));
    play.on(reminded("r5", false));
    play.check(expect![[r#"
        reminded, r0
            nothing
        reminded, r1
            post 2 “⏰ Reminder: the customer has waited for an answer since Thu 1 Jan 00:00 (UTC).”
        reminded, r1
            nothing
        reminded, r2
            nothing
        reminded, r3
            post 5 “⏰ Reminder: the customer has waited for an answer since Thu 1 Jan 00:00 (UTC), and was promised one by now. (This reminder comes late.)”
        reminded, r4
            nothing
        reminded, r5
            nothing
        ---
        r1 Ada: My export hangs
        r2 Grace: Which browser?
    "#]]);
}
