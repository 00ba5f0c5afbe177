//! Letters between Threadline's own clients and mail servers as Debian has them, exim and dovecot: what is
//! composed arrives, reads the same in another program, and is fetched once, whatever breaks in between.

use crate::house::mail::{BUSY, NOBODY, PASSWORD, Servers, VANISHED};
use crate::house::{Journal, Wire, until};
use expect_test::expect;
use lettre::address::Envelope;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use threadline::clock::Clock;
use threadline::config::{self, Email};
use threadline::email::imap::{self, Arrival, Keep, Mark, fetch_letters};
use threadline::email::letter::{Enclosed, Kind as Says, Letter, Said, Sealed, Writer};
use threadline::email::reading::{Incoming, Kind, read};
use threadline::email::smtp::{self, Outcome, Smtp};
use threadline_core::context::{Language, zone};
use threadline_core::ids::Moment;
use threadline_core::markup;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

mail_plays! {
    a_letter_reads_the_same_in_another_program,
    a_reply_is_fetched_as_it_comes,
    a_letter_is_fetched_once_over_a_restart,
    a_letter_that_cannot_be_kept_stays_unseen,
    a_line_that_breaks_loses_and_doubles_nothing,
    what_becomes_of_a_letter,
    what_cannot_be_delivered_comes_back,
    only_who_is_vouched_for_is_trusted,
    a_letter_that_is_too_large_stays_with_a_flag,
    a_mailbox_that_is_made_anew_is_read_from_the_start,
    check_says_what_is_wrong,
}

/// 2026-11-26T15:05Z.
const AT: Moment = Moment(1_795_705_500_000);
const SECRET: &str = "a secret of at least thirty-two characters";
/// Prints what Python's own parser makes of a letter.
const PARSER: &str = r#"
import sys, json, email
from email import policy
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=policy.default)
def content(p):
    c = p.get_content()
    return c if isinstance(c, str) else c.decode("latin-1")
print(json.dumps({
    "defects": [repr(d) for p in m.walk() for d in p.defects],
    "headers": {k: str(v) for k, v in m.items()},
    "people": {k: [[a.display_name, a.addr_spec] for a in m[k].addresses] for k in ["from", "to", "reply-to"]},
    "parts": [[p.get_content_type(), p.get_content_disposition(), p.get_filename(), content(p)] for p in m.walk() if not p.is_multipart()],
}))
"#;

/// How a play reaches the servers.
#[derive(Clone, Debug)]
struct Ways {
    smtp: (u16, &'static str),
    imap: (u16, &'static str),
    password: &'static str,
    trusts: bool,
}

impl Ways {
    fn usual(servers: &Servers) -> Ways {
        Ways { smtp: (servers.smtp, "starttls"), imap: (servers.imaps, "implicit"), password: PASSWORD, trusts: true }
    }
}

/// The configuration of somebody whose letters come in at `user@example.com`, read as an operator's is.
fn email(servers: &Servers, user: &str, ways: &Ways) -> Email {
    let config = config::load(
        None,
        None,
        &|name| secret(name, ways),
        &|path| match path.to_str() {
            Some("ca.pem") => Ok(servers.ca.clone()),
            Some(_) | None => Ok(toml(user, ways)),
        },
        &|_| Ok(Vec::new()),
    );
    config.unwrap().email.unwrap()
}

fn toml(user: &str, ways: &Ways) -> String {
    let Ways { smtp, imap, trusts, .. } = ways;
    let ca = if *trusts { "ca_file = 'ca.pem'" } else { "" };
    let server =
        |(port, tls): (u16, &str)| format!("host = 'localhost'\nport = {port}\ntls = '{tls}'\nuser = '{user}'");
    format!(
        "[email]\naddress = '{user}@example.com'\nname = 'Example Support'\n{ca}\n[email.smtp]\n{}\n[email.imap]\n{}\n",
        server(*smtp),
        server(*imap),
    )
}

fn secret(name: &str, ways: &Ways) -> Option<String> {
    match name {
        "THREADLINE_EMAIL_SECRET" => Some(SECRET.to_string()),
        "THREADLINE_SMTP_PASSWORD" | "THREADLINE_IMAP_PASSWORD" => Some(ways.password.to_string()),
        _ => None,
    }
}

/// A letter as somebody else sends it.
fn raw(from: &str, to: &str, text: &str) -> Sealed {
    let bytes = format!(
        "From: {from}\r\nTo: {to}\r\nSubject: Hello\r\nMessage-ID: <{}@customer.example>\r\n\r\n{text}\r\n",
        text.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>()
    );
    let envelope = Envelope::new(Some(from.parse().unwrap()), vec![to.parse().unwrap()]).unwrap();
    Sealed { envelope, bytes: bytes.into_bytes() }
}

async fn sends(email: &Email, letter: &Sealed) {
    assert_eq!(Smtp::new(email).unwrap().send(letter).await, Outcome::Sent);
}

/// Somebody who fetches letters, and what he has got.
struct Fetcher {
    got: Arc<Mutex<Vec<(Mark, Arrival)>>>,
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Fetcher {
    fn begins(email: &Email) -> Fetcher {
        Fetcher::keeping(email, |_, _| Ok(()))
    }

    /// One who asks before he keeps a letter: which, and how many he has got.
    fn keeping(email: &Email, may: impl Fn(&Arrival, usize) -> anyhow::Result<()> + Send + Sync + 'static) -> Fetcher {
        let got: Arc<Mutex<Vec<(Mark, Arrival)>>> = Arc::default();
        let (kept, may) = (got.clone(), Arc::new(may));
        let keep: Keep = Arc::new(move |mark, arrival| {
            let (kept, may) = (kept.clone(), may.clone());
            Box::pin(async move {
                let mut kept = kept.lock().unwrap();
                let outcome = may(&arrival, kept.len());
                if outcome.is_ok() {
                    kept.push((mark, arrival));
                }
                outcome
            })
        });
        let (email, stop) = (email.clone(), CancellationToken::new());
        let of_task = stop.clone();
        let task = tokio::spawn(async move { fetch_letters(&email, keep, of_task).await });
        Fetcher { got, stop, task }
    }

    async fn has(&self, count: usize) {
        until("letters that are fetched", async || self.got.lock().unwrap().len() >= count).await;
    }

    /// Stops, and says what was fetched: the text of each letter.
    async fn stops(self) -> Vec<String> {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
        self.got.lock().unwrap().iter().map(|(_, arrival)| text(arrival)).collect()
    }
}

fn text(arrival: &Arrival) -> String {
    match arrival {
        Arrival::Letter { raw } => {
            String::from_utf8_lossy(raw).split_once("\r\n\r\n").map_or("", |(_, text)| text).trim().to_string()
        }
        Arrival::TooLarge { bytes, .. } => format!("{} MB", bytes / 1024 / 1024),
    }
}

fn bytes(arrival: &Arrival) -> &[u8] {
    match arrival {
        Arrival::Letter { raw } => raw,
        Arrival::TooLarge { head, .. } => head,
    }
}

fn understood(email: &Email, arrival: &Arrival) -> Incoming {
    read(bytes(arrival), Writer::new(email).signer()).unwrap()
}

async fn a_letter_reads_the_same_in_another_program(servers: &'static Servers, _: Journal) {
    let email = email(servers, "python", &Ways::usual(servers));
    let writer = Writer::new(&email);
    let said = Said {
        from: "Ana Peña".into(),
        at: AT,
        body: markup::parse("¿Funciona *ahora*?\n.\n> sí\nhttps://example.com/x?a=b&c=d"),
        files: vec![Enclosed {
            name: "Größe \"1\".txt".into(),
            media_type: "text/plain".into(),
            bytes: Some(b"caf\xe9\r\n.\r\n\0".to_vec()),
        }],
    };
    let letter = Letter {
        to: "python@example.com".into(),
        to_name: Some("Zoë \"Z\" <Smith>, Dr.".into()),
        number: 1042,
        subject: Some(format!("Exportación {}", "muy larga ".repeat(12))),
        kind: Says::Answer { messages: vec![said] },
        language: Language::parse("es"),
        zone: zone("Europe/Madrid").unwrap(),
        message_id: writer.signer().message_id(1042, [7; 10]),
        in_reply_to: Some("<b@customer.example>".into()),
        references: vec!["a@customer.example".into()],
        page: Some("https://chat.example.com/t/1042".into()),
        at: AT,
    };
    let sealed = writer.compose(&letter).unwrap();
    let fetcher = Fetcher::begins(&email);
    sends(&email, &sealed).await;
    fetcher.has(1).await;
    let (_, arrival) = fetcher.got.lock().unwrap()[0].clone();
    fetcher.stops().await;
    let Some(parsed) = parsed_by_python(bytes(&arrival)) else { return };
    assert_eq!(parsed["defects"], serde_json::json!([]));
    expect![[r#"
        {
          "from": [
            [
              "Example Support",
              "python@example.com"
            ]
          ],
          "reply-to": [
            [
              "Example Support",
              "python+t1042.6sfobnj4a6dik3hz@example.com"
            ]
          ],
          "to": [
            [
              "Zoë \"Z\" <Smith>, Dr.",
              "python@example.com"
            ]
          ]
        }"#]]
    .assert_eq(&format!("{:#}", parsed["people"]));
    let headers = ["Subject", "Date", "Message-ID", "In-Reply-To", "References", "Return-Path", "Auto-Submitted"];
    let headers: Vec<String> = headers.iter().map(|name| format!("{name}: {}", parsed["headers"][name])).collect();
    expect![[r#"
        Subject: "Re: [#1042] Exportación muy larga muy larga muy larga muy larga muy larga muy larga muy larga muy larga muy larga muy larga muy larg…"
        Date: "Thu, 26 Nov 2026 15:05:00 +0000"
        Message-ID: "<t1042.a4dqobyha4dqobyh.mzvthnfnpixxz4sn@example.com>"
        In-Reply-To: "<b@customer.example>"
        References: "<a@customer.example> <b@customer.example>"
        Return-Path: "<python+t1042.6sfobnj4a6dik3hz@example.com>"
        Auto-Submitted: null"#]].assert_eq(&headers.join("\n"));
    let parts = parsed["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 3);
    expect![[r#"
        Hola, Zoë "Z" <Smith>, Dr.:

        Ana Peña escribió el jueves 26 de noviembre, 16:05 (hora de Madrid):

        ¿Funciona ahora?
        .

        > sí

        https://example.com/x?a=b&c=d

        Adjunto: Größe _1_.txt

        Para contestar, responda a este correo.

        -- 
        #1042
        La conversación completa: https://chat.example.com/t/1042
        Recibe este correo porque escribió a Example Support.
    "#]]
    .assert_eq(&parts[0][3].as_str().unwrap().replace("\r\n", "\n"));
    assert_eq!((parts[1][0].as_str(), parts[2][0].as_str()), (Some("text/html"), Some("text/plain")));
    assert!(parts[1][3].as_str().unwrap().contains("<b>ahora</b>"), "{}", parts[1][3]);
    assert_eq!((parts[2][1].as_str(), parts[2][2].as_str()), (Some("attachment"), Some("Größe _1_.txt")));
    assert_eq!(bytes_of_file(&arrival, &email), b"caf\xe9\r\n.\r\n\0");
}

/// The file's bytes, as our own reader has them.
fn bytes_of_file(arrival: &Arrival, email: &Email) -> Vec<u8> {
    understood(email, arrival).attachments[0].bytes.clone()
}

/// Nothing where there is no Python, which is said.
fn parsed_by_python(raw: &[u8]) -> Option<Value> {
    let child = Command::new("python3").args(["-c", PARSER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        crate::house::is_installed(false, "PYTHON NOT FOUND: no other program reads our letters; install python3");
        return None;
    };
    child.stdin.take().unwrap().write_all(raw).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "Python cannot read it");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

async fn a_reply_is_fetched_as_it_comes(servers: &'static Servers, _: Journal) {
    let email = email(servers, "waits", &Ways { imap: (servers.imap, "starttls"), ..Ways::usual(servers) });
    let reply_to = Writer::new(&email).signer().reply_address(1042);
    let fetcher = Fetcher::begins(&email);
    for count in 1..=3 {
        sends(&email, &raw("ada@customer.example", &reply_to, &format!("letter {count}"))).await;
        fetcher.has(count).await;
    }
    let (_, last) = fetcher.got.lock().unwrap()[2].clone();
    assert_eq!(fetcher.stops().await, ["letter 1", "letter 2", "letter 3"]);
    let understood = understood(&email, &last);
    assert_eq!(understood.conversation.map(|it| it.number), Some(1042));
    assert_eq!((understood.said.as_str(), understood.kind), ("letter 3", Kind::Person));
}

async fn a_letter_is_fetched_once_over_a_restart(servers: &'static Servers, _: Journal) {
    let email = email(servers, "restarts", &Ways::usual(servers));
    let fetcher = Fetcher::begins(&email);
    sends(&email, &raw("ada@customer.example", "restarts@example.com", "before")).await;
    fetcher.has(1).await;
    assert_eq!(fetcher.stops().await, ["before"]);
    sends(&email, &raw("ada@customer.example", "restarts@example.com", "meanwhile")).await;
    let fetcher = Fetcher::begins(&email);
    fetcher.has(1).await;
    sends(&email, &raw("ada@customer.example", "restarts@example.com", "after")).await;
    fetcher.has(2).await;
    assert_eq!(fetcher.stops().await, ["meanwhile", "after"]);
}

async fn a_letter_that_cannot_be_kept_stays_unseen(servers: &'static Servers, journal: Journal) {
    let email = email(servers, "full", &Ways::usual(servers));
    for letter in ["first", "second"] {
        sends(&email, &raw("ada@customer.example", "full@example.com", letter)).await;
    }
    let refuses_first = |arrival: &Arrival, _: usize| match text(arrival).as_str() {
        "first" => Err(anyhow::anyhow!("the disk is full")),
        _ => Ok(()),
    };
    let fetcher = Fetcher::keeping(&email, refuses_first);
    fetcher.has(1).await;
    assert_eq!(fetcher.stops().await, ["second"]);
    assert_eq!(journal.count("a letter cannot be kept; it stays unseen, and is tried again"), 1);
    let fetcher = Fetcher::begins(&email);
    fetcher.has(1).await;
    assert_eq!(fetcher.stops().await, ["first"]);
}

/// The line breaks after a letter was kept and before it is marked; then the server is gone for a while.
async fn a_line_that_breaks_loses_and_doubles_nothing(servers: &'static Servers, journal: Journal) {
    let wire = Arc::new(Wire::lay().await);
    let through = |port: u16| vec![format!("127.0.0.1:{port}")];
    wire.leads_to(through(servers.imaps));
    let port = wire.address.rsplit_once(':').unwrap().1.parse().unwrap();
    let email = email(servers, "breaks", &Ways { imap: (port, "implicit"), ..Ways::usual(servers) });
    sends(&email, &raw("ada@customer.example", "breaks@example.com", "one")).await;
    let cut = wire.clone();
    let fetcher = Fetcher::keeping(&email, move |_, before| {
        if before == 0 {
            cut.leads_to(Vec::new());
            cut.is_cut();
        }
        Ok(())
    });
    until("a line in the log", async || journal.count("letters cannot be fetched") == 1).await;
    sends(&email, &raw("ada@customer.example", "breaks@example.com", "two")).await;
    wire.leads_to(through(servers.imaps));
    fetcher.has(3).await;
    let marks: Vec<Mark> = fetcher.got.lock().unwrap().iter().map(|(mark, _)| *mark).collect();
    assert_eq!(fetcher.stops().await, ["one", "one", "two"]);
    assert!(marks[0] == marks[1] && marks[1] != marks[2], "{marks:?} tell what is the same");
    assert_eq!(journal.count("letters cannot be fetched"), 1);
    assert_eq!(journal.count("letters are fetched again"), 1);
}

async fn what_becomes_of_a_letter(servers: &'static Servers, _: Journal) {
    let ways = Ways::usual(servers);
    let email = |ways: &Ways| email(servers, "outcomes", ways);
    let smtp = Smtp::new(&email(&ways)).unwrap();
    let to = |to: &str| raw("support@example.com", to, "x");
    assert_eq!(smtp.send(&to("outcomes@example.com")).await, Outcome::Sent);
    let Outcome::Never { why } = smtp.send(&to(NOBODY)).await else { panic!("refused for good") };
    expect!["550 no such user as (an address)"].assert_eq(&why);
    let Outcome::Later { why } = smtp.send(&to(BUSY)).await else { panic!("refused for now") };
    expect!["451 come back later"].assert_eq(&why);
    // The connection that was refused on is still good.
    assert_eq!(smtp.send(&to("outcomes@example.com")).await, Outcome::Sent);
    let encrypted = Ways { smtp: (servers.smtps, "implicit"), ..ways.clone() };
    assert_eq!(Smtp::new(&email(&encrypted)).unwrap().send(&to("outcomes@example.com")).await, Outcome::Sent);

    let wrong = Ways { password: "wrong", ..ways.clone() };
    let Outcome::Later { why } = Smtp::new(&email(&wrong)).unwrap().send(&to("outcomes@example.com")).await else {
        panic!("a wrong password is not the letter's fault")
    };
    expect!["535 Incorrect authentication data"].assert_eq(&why);
    let wire = Wire::lay().await;
    let port = wire.address.rsplit_once(':').unwrap().1.parse().unwrap();
    let gone = Ways { smtp: (port, "starttls"), ..ways };
    let smtp = Smtp::new(&email(&gone)).unwrap();
    let Outcome::Later { why } = smtp.send(&to("outcomes@example.com")).await else { panic!("nobody answers") };
    assert!(why.starts_with("it cannot be reached, or hung up"), "{why}");
    wire.leads_to(vec![format!("127.0.0.1:{}", servers.smtp)]);
    assert_eq!(smtp.send(&to("outcomes@example.com")).await, Outcome::Sent);
}

/// exim takes the letter, finds that it cannot deliver it, and writes to where it came from.
async fn what_cannot_be_delivered_comes_back(servers: &'static Servers, _: Journal) {
    let email = email(servers, "bounces", &Ways::usual(servers));
    let writer = Writer::new(&email);
    let letter = Letter {
        to: VANISHED.into(),
        to_name: None,
        number: 77,
        subject: None,
        kind: Says::TicketReceived { answer_by: None, missing: Vec::new() },
        language: None,
        zone: zone("UTC").unwrap(),
        message_id: writer.signer().message_id(77, [1; 10]),
        in_reply_to: None,
        references: Vec::new(),
        page: None,
        at: AT,
    };
    let fetcher = Fetcher::begins(&email);
    sends(&email, &writer.compose(&letter).unwrap()).await;
    fetcher.has(1).await;
    let (_, arrival) = fetcher.got.lock().unwrap()[0].clone();
    fetcher.stops().await;
    let understood = understood(&email, &arrival);
    assert_eq!(understood.conversation.map(|it| it.number), Some(77));
    let Kind::Bounce(bounce) = understood.kind else { panic!("{:?} is no bounce", understood.kind) };
    assert_eq!(bounce.letter.as_deref(), Some(letter.message_id.as_str()));
    assert_eq!((bounce.recipient.as_deref(), bounce.is_permanent), (Some(VANISHED), true));
    assert_eq!(bounce.why, "status 5.0.0");
}

async fn only_who_is_vouched_for_is_trusted(servers: &'static Servers, _: Journal) {
    for (smtp, imap) in [
        ((servers.smtp, "starttls"), (servers.imap, "starttls")),
        ((servers.smtps, "implicit"), (servers.imaps, "implicit")),
    ] {
        let email = email(servers, "strangers", &Ways { smtp, imap, trusts: false, ..Ways::usual(servers) });
        let letter = raw("support@example.com", "strangers@example.com", "x");
        let Outcome::Later { why } = Smtp::new(&email).unwrap().send(&letter).await else { panic!("nobody vouches") };
        assert!(why.contains("certificate"), "{why}");
        let why = imap::check(&email).await.unwrap_err();
        assert!(why.contains("it cannot be encrypted") && why.contains("certificate"), "{why}");
    }
}

async fn a_letter_that_is_too_large_stays_with_a_flag(servers: &'static Servers, journal: Journal) {
    let email = email(servers, "large", &Ways::usual(servers));
    let large = format!("{}\r\n", "x".repeat(70)).repeat(31 * 1024 * 1024 / 72);
    sends(&email, &raw("ada@customer.example", "large@example.com", &large)).await;
    let fetcher = Fetcher::begins(&email);
    fetcher.has(1).await;
    sends(&email, &raw("ada@customer.example", "large@example.com", "small")).await;
    fetcher.has(2).await;
    let (_, arrival) = fetcher.got.lock().unwrap()[0].clone();
    assert!(String::from_utf8_lossy(bytes(&arrival)).contains("Subject: Hello"), "its head comes along");
    assert_eq!(fetcher.stops().await, ["31 MB", "small"]);
    assert_eq!(journal.count("a letter is too large; it stays in the mailbox, with a flag"), 1);
    // It was told once, and stays.
    sends(&email, &raw("ada@customer.example", "large@example.com", "another")).await;
    let fetcher = Fetcher::begins(&email);
    fetcher.has(1).await;
    assert_eq!(fetcher.stops().await, ["another"]);
}

async fn a_mailbox_that_is_made_anew_is_read_from_the_start(servers: &'static Servers, journal: Journal) {
    let wire = Wire::lay().await;
    wire.leads_to(vec![format!("127.0.0.1:{}", servers.imaps)]);
    let port = wire.address.rsplit_once(':').unwrap().1.parse().unwrap();
    let email = email(servers, "anew", &Ways { imap: (port, "implicit"), ..Ways::usual(servers) });
    sends(&email, &raw("ada@customer.example", "anew@example.com", "old")).await;
    let fetcher = Fetcher::begins(&email);
    fetcher.has(1).await;
    let (old, _) = fetcher.got.lock().unwrap()[0];
    wire.leads_to(Vec::new());
    wire.is_cut();
    // Whoever still looks into it looks into the old one; the new one has the number of another second.
    std::fs::rename(servers.mailbox("anew"), servers.mailbox("anew.old")).unwrap();
    until("another second", async || Clock::Real.now().0 / 1_000 > i64::from(old.uid_validity)).await;
    sends(&email, &raw("ada@customer.example", "anew@example.com", "new")).await;
    wire.leads_to(vec![format!("127.0.0.1:{}", servers.imaps)]);
    fetcher.has(2).await;
    let (new, _) = fetcher.got.lock().unwrap()[1];
    assert_eq!(fetcher.stops().await, ["old", "new"]);
    assert!(old.uid == new.uid && old.uid_validity != new.uid_validity, "{old:?} and {new:?} are not the same");
    assert_eq!(journal.count("the mailbox was made anew"), 1);
}

async fn check_says_what_is_wrong(servers: &'static Servers, _: Journal) {
    let ports = |said: String| {
        [(servers.smtp, "SMTP"), (servers.imaps, "IMAPS")]
            .iter()
            .fold(said, |said, (port, name)| said.replace(&port.to_string(), name))
    };
    let right = Ways::usual(servers);
    let wrong = Ways { password: "wrong", ..right.clone() };
    let mut said = Vec::new();
    for ways in [&right, &wrong] {
        let email = email(servers, "checks", ways);
        for found in [smtp::check(&email).await, imap::check(&email).await] {
            said.push(ports(format!("{found:?}")));
        }
    }
    let mut nowhere = email(servers, "checks", &right);
    nowhere.imap.name = "Nowhere".to_string();
    // dovecot says how long it took to find nothing.
    said.push(ports(format!("{:?}", imap::check(&nowhere).await)).split(" (0.").next().unwrap().to_string());
    expect![[r#"
        Ok("localhost:SMTP lets us in")
        Ok("localhost:IMAPS lets us in to INBOX")
        Err("localhost:SMTP: 535 Incorrect authentication data")
        Err("localhost:IMAPS: it does not let us in: [AUTHENTICATIONFAILED] Authentication failed.")
        Err("localhost:IMAPS: the mailbox \"Nowhere\" cannot be opened: Mailbox doesn't exist: Nowhere"#]]
    .assert_eq(&said.join("\n"));

    let folder = std::env::temp_dir().join(format!("threadline-it-check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let program = |ways: &Ways| checked_by_the_program(&folder, servers, ways);
    let (fine, text) = program(&right);
    assert!(fine && text.contains("✓ letters that go out: localhost"), "{text}");
    let (fine, text) = program(&wrong);
    assert!(!fine && text.contains("✗ letters that come in: localhost"), "{text}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// `threadline check`: whether it found nothing wrong, and what it said.
fn checked_by_the_program(folder: &Path, servers: &Servers, ways: &Ways) -> (bool, String) {
    std::fs::write(folder.join("threadline.toml"), toml("checks", ways)).unwrap();
    std::fs::write(folder.join("ca.pem"), &servers.ca).unwrap();
    let names = ["THREADLINE_EMAIL_SECRET", "THREADLINE_SMTP_PASSWORD", "THREADLINE_IMAP_PASSWORD"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadline"));
    command.arg("check").current_dir(folder).envs(names.map(|name| (name, secret(name, ways).unwrap())));
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}
