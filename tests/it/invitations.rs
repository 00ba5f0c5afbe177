//! Invitations as another program reads them: Debian's Python `icalendar` parses each, and a calendar kept
//! by it has the right sessions at the end.

use expect_test::expect;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Stdio};
use threadline::email::invitation::{Invitation, Method, Person};
use threadline_core::calendar::Span;
use threadline_core::ids::{Moment, SessionId};

/// Keeps a calendar as RFC 5546 says: the higher SEQUENCE of a UID wins, and a cancelled event goes.
const KEEPER: &str = r#"
import icalendar, json, sys
kept, seen, shown = {}, {}, []
for text in json.load(sys.stdin):
    calendar = icalendar.Calendar.from_ical(text)
    assert str(calendar["VERSION"]) == "2.0"
    for event in calendar.walk("VEVENT"):
        assert not event.errors, event.errors
        uid, sequence = str(event["UID"]), int(event["SEQUENCE"])
        if sequence <= seen.get(uid, -1):
            continue
        seen[uid] = sequence
        if str(calendar["METHOD"]) == "CANCEL":
            kept.pop(uid, None)
        else:
            kept[uid] = event
        shown.append({
            "method": str(calendar["METHOD"]), "uid": uid, "sequence": sequence, "status": str(event["STATUS"]),
            "start": event.decoded("DTSTART").isoformat(), "end": event.decoded("DTEND").isoformat(),
            "stamp": event.decoded("DTSTAMP").isoformat(), "summary": str(event["SUMMARY"]),
            "description": str(event["DESCRIPTION"]), "location": str(event.get("LOCATION", "")),
            "organizer": [str(event["ORGANIZER"]), event["ORGANIZER"].params.get("CN")],
            "attendee": [str(event["ATTENDEE"]), dict(event["ATTENDEE"].params)],
            "alarms": [str(alarm.decoded("TRIGGER")) for alarm in event.walk("VALARM")],
            "properties": sorted(event.keys()),
        })
json.dump({"shown": shown, "kept": sorted(kept)}, sys.stdout)
"#;

/// 2026-03-09 17:00 UTC.
const NOW: Moment = Moment(1_773_075_600_000);
const MINUTE: i64 = 60_000;

fn invitation(session: u128, revision: u32, method: Method) -> Invitation {
    let opens = NOW.plus_millis((24 * 60 + i64::from(revision) * 15) * MINUTE);
    Invitation {
        session: SessionId(session),
        domain: "example.com".into(),
        method,
        revision,
        span: Span { opens, closes: opens.plus_millis(15 * MINUTE) },
        title: "Screen share about #1042".into(),
        text: "Have ready:\n- your campaign id; and, if you can,\n- the exact error".into(),
        link: Some("https://meet.example.com/r?a=b&c=d".into()),
        organizer: Person { name: Some("Example Support".into()), email: "support@example.com".into() },
        attendee: Person { name: Some("Zoë \"Z\" <Smith>; Dr., B:C".into()), email: "zoe@customer.example".into() },
        alarm_millis: Some(10 * MINUTE),
        at: NOW.plus_millis(i64::from(revision) * MINUTE),
    }
}

/// Nothing where there is no such library, which is said.
pub fn kept_by_python(texts: &[String]) -> Option<Value> {
    // The one of the system, which has Debian's packages, first.
    for python in ["/usr/bin/python3", "python3"] {
        let has_it = Command::new(python).args(["-c", "import icalendar"]).stderr(Stdio::null()).status();
        if !has_it.is_ok_and(|status| status.success()) {
            continue;
        }
        let child = Command::new(python).args(["-c", KEEPER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        child.stdin.take().unwrap().write_all(&serde_json::to_vec(texts).unwrap()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "Python cannot read it");
        return Some(serde_json::from_slice(&output.stdout).unwrap());
    }
    crate::house::is_installed(
        false,
        "PYTHON ICALENDAR NOT FOUND: no other program reads our invitations; install python3-icalendar",
    );
    None
}

#[test]
fn a_calendar_follows_a_session_over_a_move_to_its_end() {
    let request = invitation(1, 0, Method::Request).text();
    expect![[r#"
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Threadline//Threadline//EN
        CALSCALE:GREGORIAN
        METHOD:REQUEST
        BEGIN:VEVENT
        DESCRIPTION:Have ready:\n- your campaign id\; and\, if you can\,\n- the exa
         ct error
        DTEND:20260310T171500Z
        DTSTAMP:20260309T170000Z
        DTSTART:20260310T170000Z
        LOCATION:https://meet.example.com/r?a=b&c=d
        ORGANIZER;CN=Example Support:mailto:support@example.com
        SEQUENCE:0
        STATUS:CONFIRMED
        SUMMARY:Screen share about #1042
        TRANSP:OPAQUE
        UID:ses_00000000000000000000000001@example.com
        URL:https://meet.example.com/r?a=b&c=d
        ATTENDEE;CN="Zoë 'Z' <Smith>; Dr., B:C";CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTE
         D;ROLE=REQ-PARTICIPANT;RSVP=FALSE:mailto:zoe@customer.example
        BEGIN:VALARM
        ACTION:DISPLAY
        DESCRIPTION:Screen share about #1042
        DTSTAMP:20260309T170000Z
        TRIGGER:-PT600S
        UID:alarm-ses_00000000000000000000000001@example.com
        END:VALARM
        END:VEVENT
        END:VCALENDAR
    "#]]
    .assert_eq(&request.replace("\r\n", "\n"));
    assert!(request.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])));
    let moved = invitation(1, 1, Method::Request).text();
    let cancelled = invitation(1, 2, Method::Cancel).text();
    let other = invitation(2, 0, Method::Request).text();
    // Letters overtake one another: what is older than what is known changes nothing.
    let Some(kept) = kept_by_python(&[request.clone(), other, moved, cancelled, request]) else { return };
    assert_eq!(kept["kept"], serde_json::json!(["ses_00000000000000000000000002@example.com"]));
    expect![[r#"
        {
          "alarms": [
            "-1 day, 23:50:00"
          ],
          "attendee": [
            "mailto:zoe@customer.example",
            {
              "CN": "Zoë 'Z' <Smith>; Dr., B:C",
              "CUTYPE": "INDIVIDUAL",
              "PARTSTAT": "ACCEPTED",
              "ROLE": "REQ-PARTICIPANT",
              "RSVP": "FALSE"
            }
          ],
          "description": "Have ready:\n- your campaign id; and, if you can,\n- the exact error",
          "end": "2026-03-10T17:15:00+00:00",
          "location": "https://meet.example.com/r?a=b&c=d",
          "method": "REQUEST",
          "organizer": [
            "mailto:support@example.com",
            "Example Support"
          ],
          "properties": [
            "ATTENDEE",
            "DESCRIPTION",
            "DTEND",
            "DTSTAMP",
            "DTSTART",
            "LOCATION",
            "ORGANIZER",
            "SEQUENCE",
            "STATUS",
            "SUMMARY",
            "TRANSP",
            "UID",
            "URL"
          ],
          "sequence": 0,
          "stamp": "2026-03-09T17:00:00+00:00",
          "start": "2026-03-10T17:00:00+00:00",
          "status": "CONFIRMED",
          "summary": "Screen share about #1042",
          "uid": "ses_00000000000000000000000001@example.com"
        }"#]]
    .assert_eq(&format!("{:#}", kept["shown"][0]));
    let told = kept["shown"].as_array().unwrap().iter();
    let told: Vec<String> = told
        .map(|it| format!("{} {} {} {} {}", it["uid"], it["sequence"], it["method"], it["status"], it["start"]))
        .collect();
    expect![[r#"
        "ses_00000000000000000000000001@example.com" 0 "REQUEST" "CONFIRMED" "2026-03-10T17:00:00+00:00"
        "ses_00000000000000000000000002@example.com" 0 "REQUEST" "CONFIRMED" "2026-03-10T17:00:00+00:00"
        "ses_00000000000000000000000001@example.com" 1 "REQUEST" "CONFIRMED" "2026-03-10T17:15:00+00:00"
        "ses_00000000000000000000000001@example.com" 2 "CANCEL" "CANCELLED" "2026-03-10T17:30:00+00:00""#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn nothing_that_somebody_calls_himself_becomes_a_property() {
    let evil = "x\r\nATTENDEE:mailto:other@customer.example\r\nX-EVIL:1\u{2028}\u{0}\";PARTSTAT=DECLINED:mailto:a";
    let mut invitation = invitation(1, 0, Method::Request);
    for text in [&mut invitation.title, &mut invitation.text, &mut invitation.attendee.email] {
        *text = evil.into();
    }
    invitation.organizer.email = evil.into();
    invitation.link = Some(evil.into());
    (invitation.attendee.name, invitation.organizer.name) = (Some(evil.into()), Some(evil.into()));
    let text = invitation.text();
    let unfolded = text.replace("\r\n ", "");
    let names: Vec<&str> = unfolded.lines().map(|line| line.split([':', ';']).next().unwrap()).collect();
    expect!["BEGIN VERSION PRODID CALSCALE METHOD BEGIN DESCRIPTION DTEND DTSTAMP DTSTART LOCATION ORGANIZER SEQUENCE STATUS SUMMARY TRANSP UID URL ATTENDEE BEGIN ACTION DESCRIPTION DTSTAMP TRIGGER UID END END END"].assert_eq(&names.join(" "));
    let Some(kept) = kept_by_python(&[text]) else { return };
    let shown = &kept["shown"][0];
    assert_eq!(shown["attendee"][1]["PARTSTAT"], "ACCEPTED");
    assert!(!shown["properties"].to_string().contains("X-EVIL"), "{shown:#}");
    let long = Invitation { title: "ä".repeat(9_000), ..self::invitation(1, 0, Method::Request) }.text();
    assert!(long.len() < 20_000 && long.split("\r\n").all(|line| line.len() <= 75));
}
