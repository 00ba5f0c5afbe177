//! Letters in the manner of the programs that people write with, of servers and of robots, all written for
//! this: `fuzz/seeds/letter`. Each is read as it stands, with line ends as they travel.

use super::*;
use crate::email::address::Signer;
use expect_test::{Expect, expect};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn signer() -> Signer {
    Signer::new("support@example.com", ["a secret of at least thirty-two characters"])
}

fn letters() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/letter")
}

fn travelled(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    for byte in raw {
        if *byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

fn letter(name: &str) -> Incoming {
    let raw = std::fs::read(letters().join(format!("{name}.eml"))).unwrap();
    let read_as_it_is = read(&raw, &signer()).unwrap();
    let read = read(&travelled(&raw), &signer()).unwrap();
    assert_eq!((&read.said, &read.kind), (&read_as_it_is.said, &read_as_it_is.kind), "{name}, whatever ends its lines");
    read
}

/// What matters of a letter, in a few lines.
fn shown(letter: &Incoming) -> String {
    let mut out = String::new();
    let from = letter.from.as_ref().map_or("nobody".to_string(), |from| match &from.name {
        Some(name) => format!("{name} <{}>", from.address),
        None => from.address.clone(),
    });
    let belongs = letter.conversation.map_or(String::new(), |it| format!(", #{} by its {:?}", it.number, it.by));
    writeln!(out, "{from}: {}{belongs}", letter.subject).unwrap();
    match &letter.kind {
        Kind::Person => {}
        Kind::AutoReply { why } => writeln!(out, "written by a program: {why}").unwrap(),
        Kind::List => writeln!(out, "written by a list").unwrap(),
        Kind::Bounce(bounce) => writeln!(
            out,
            "{} {}: {}",
            if bounce.is_permanent { "will never arrive" } else { "has not arrived" },
            bounce.recipient.as_deref().unwrap_or("somewhere"),
            bounce.why
        )
        .unwrap(),
    }
    letter.said.lines().for_each(|line| writeln!(out, "| {line}").unwrap());
    for file in &letter.attachments {
        let inline = if file.is_inline { ", in the text" } else { "" };
        writeln!(out, "+ {} ({}, {} bytes{inline})", file.name, file.media_type, file.bytes.len()).unwrap();
    }
    out
}

fn reads(names: &[&str], expected: Expect) {
    let shown: Vec<String> = names.iter().map(|name| format!("{name}\n{}", shown(&letter(name)))).collect();
    expected.assert_eq(&shown.join("\n"));
}

#[test]
fn letters_of_gmail() {
    reads(
        &["gmail-en", "gmail-es-inline-image", "gmail-de-file", "gmail-fr", "gmail-forward"],
        expect![[r#"
            gmail-en
            Ada Lovelace <ada@customer.example>: Re: [#1042] Campaign Setup, #1042 by its Address
            | Great, it works now — thanks!
            | 
            | One more question: can I rename it?
            | 
            | Ada

            gmail-es-inline-image
            Lucía Peña <lucia@customer.example>: Re: [#1042] Exportación, #1042 by its Address
            | Así se ve ahora:
            | ¿Está bien?
            + captura.png (image/png, 70 bytes, in the text)

            gmail-de-file
            Jürgen Groß <juergen@customer.example>: Re: [#1042] Einrichtung, #1042 by its Address
            | Hallo Ana,
            | 
            | anbei das Protokoll. Größer als 5 > 4 ist es nicht.
            | 
            | Viele Grüße
            | Jürgen
            + Protokoll über.txt (text/plain, 18 bytes)

            gmail-fr
            Amélie <amelie@customer.example>: Re: [#1042] Campagne, #1042 by its Address
            | Merci, ça marche !

            gmail-forward
            Ada <ada@customer.example>: Fwd: Invoice 77, #1042 by its Address
            | Please look at this.
            | 
            | ---------- Forwarded message ---------
            | From: Billing <billing@partner.example>
            | Date: Wed, Nov 25, 2026 at 9:00 AM
            | Subject: Invoice 77
            | To: Ada <ada@customer.example>
            | 
            | The amount is wrong by 10.
        "#]],
    );
}

#[test]
fn letters_of_outlook() {
    reads(
        &["outlook-desktop-en", "outlook-desktop-html-only", "outlook-web-de", "outlook-ios-es"],
        expect![[r#"
        outlook-desktop-en
        Zoe Smith <zoe@customer.example>: RE: [#1042] Campaign Setup, #1042 by its Address
        | Hello Ana,
        | 
        | it still says “Error 7” – see below.
        | 
        | Kind regards
        | Zoë
        + image001.png (image/png, 70 bytes, in the text)

        outlook-desktop-html-only
        Zoe Smith <zoe@customer.example>: RE: [#1042] Campaign Setup, #1042 by its Address
        | Hello Ana,
        | 
        | it still says “Error 7” – see below.

        outlook-web-de
        Müller, Käthe <kaethe@customer.example>: AW: [#1042] Einrichtung, #1042 by its Address
        | Danke, jetzt klappt es.
        | 
        | Schöne Grüße

        outlook-ios-es
        Marta <marta@customer.example>: RE: [#1042] Campaña, #1042 by its Address
        | Sí, el id es cp100.
    "#]],
    );
}

#[test]
fn letters_of_apple() {
    reads(
        &["apple-mail-en", "iphone-de", "iphone-fr-photo", "iphone-photo-only"],
        expect![[r#"
        apple-mail-en
        Grace <grace@customer.example>: Re: [#1042] Campaign Setup, #1042 by its Address
        | It’s fine now.

        iphone-de
        Karl <karl@customer.example>: Re: [#1042] Einrichtung, #1042 by its Address
        | Nein, immer noch nicht 😕

        iphone-fr-photo
        Luc <luc@customer.example>: Re: [#1042] Campagne, #1042 by its Address
        | Voilà ce que je vois :
        + IMG_0042.jpeg (image/jpeg, 30 bytes)

        iphone-photo-only
        Luc <luc@customer.example>: Re: [#1042] Campagne, #1042 by its Address
        + IMG_0043.png (image/png, 70 bytes)
    "#]],
    );
}

#[test]
fn letters_of_thunderbird_yahoo_and_terminals() {
    let names = [
        "thunderbird-fr-bottom",
        "thunderbird-de-between",
        "yahoo-en",
        "yahoo-html-only",
        "plain-bottom-es",
        "plain-top-en",
        "new-ticket",
        "pasted-in-a-new-letter",
    ];
    reads(
        &names,
        expect![[r#"
            thunderbird-fr-bottom
            André <andre@customer.example>: Re: [#1042] Campagne, #1042 by its Address
            | Oui, merci beaucoup, la campagne est bien partie ce matin et j'ai reçu toutes les réponses.

            thunderbird-de-between
            Eva <eva@customer.example>: Re: [#1042] Einrichtung, #1042 by its Address
            | > Welche Kampagne ist es?
            | 
            | cp100
            | 
            | > Seit wann?
            | 
            | Seit gestern.

            yahoo-en
            Bob <bob@customer.example>: Re: [#1042] Campaign Setup, #1042 by its Address
            | Works for me.

            yahoo-html-only
            Bob <bob@customer.example>: Re: [#1042] Campaign Setup, #1042 by its Address
            | Works for me.

            plain-bottom-es
            Pedro <pedro@customer.example>: Re: [#1042] Exportacion, #1042 by its Letter
            | Sí, perfecto.

            plain-top-en
            Sam <sam@customer.example>: Re: [#1042] Campaign Setup
            | Please close it.

            new-ticket
            Nina <nina@customer.example>: Export hangs
            | Hello,
            | 
            | if a > b then the export hangs:
            | 
            |   Error: > 10 rows
            | 
            | Nina

            pasted-in-a-new-letter
            Nina <nina@customer.example>: What is this?
            | I got this:
            | 
            | From: Somebody <x@y.example>
            | Sent: Thursday
            | To: Nina
            | Subject: Pay
            | 
            | Pay at once.
        "#]],
    );
}

#[test]
fn odd_charsets() {
    reads(
        &["iso-2022-jp", "broken-utf8", "windows-1252-undeclared"],
        expect![[r#"
            iso-2022-jp
            山田太郎 <yamada@customer.example>: Re: [#1042] 設定, #1042 by its Address
            | ありがとうございます。動きました。

            broken-utf8
            Broken <broken@customer.example>: Caf�, #1042 by its Address
            | Caf� �� ok é �

            windows-1252-undeclared
            Old <old@customer.example>: Hello, #1042 by its Address
            | It’s 5 € “net”
        "#]],
    );
}

#[test]
fn programs_are_known() {
    let names = [
        "auto-outlook",
        "auto-gmail-vacation",
        "auto-exchange-es-subject-only",
        "auto-null-sender",
        "auto-ourselves",
        "read-receipt",
        "report-delivered",
        "list-mailman",
    ];
    reads(
        &names,
        expect![[r#"
            auto-outlook
            Ada <ada@customer.example>: Automatic reply: [#1042] Campaign Setup, #1042 by its Address
            written by a program: an automatic letter
            | I am away until Monday.

            auto-gmail-vacation
            Ada <ada@customer.example>: Out of the office Re: [#1042] Campaign Setup, #1042 by its Address
            written by a program: an automatic reply
            | Back on Monday.

            auto-exchange-es-subject-only
            Marta <marta@customer.example>: Respuesta automática: [#1042], #1042 by its Address
            written by a program: an automatic reply
            | Estoy de vacaciones.

            auto-null-sender
            Robot <robot@customer.example>: Your request, #1042 by its Address
            written by a program: it takes no answers
            | We have received your request.

            auto-ourselves
            Example Support <support@example.com>: [#1042] Campaign Setup
            written by a program: it comes from our own address
            | It works again.

            read-receipt
            Ada <ada@customer.example>: Read: [#1042] Campaign Setup, #1042 by its Address
            written by a program: a report of a mail program, such as a receipt
            | Your message was read.

            report-delivered
            MAILER-DAEMON@mx.example: Undelivered Mail Returned to Sender, #1042 by its Address
            written by a program: a report of a mail server: it was delivered
            | This is the mail system at host mx.example.

            list-mailman
            Ann <ann@list.example>: [dev] Weekly
            written by a list
            | News of the week.
        "#]],
    );
}

#[test]
fn bounces_are_known() {
    let names = [
        "bounce-postfix",
        "bounce-headers-only",
        "bounce-delayed",
        "bounce-mailbox-full",
        "bounce-exim",
        "bounce-qmail",
        "bounce-garbled",
    ];
    reads(
        &names,
        expect![[r#"
            bounce-postfix
            Mail Delivery System <MAILER-DAEMON@mx.example>: Undelivered Mail Returned to Sender, #1042 by its Address
            will never arrive nobody@customer.example: 550 5.1.1 <nobody@customer.example>: Recipient address rejected: User unknown in virtual mailbox table
            | This is the mail system at host mx.example.

            bounce-headers-only
            postmaster@outlook.com: Undelivered Mail Returned to Sender, #1042 by its Letter
            will never arrive nobody@customer.example: 550 5.7.1 Unfortunately, messages from this host were not sent
            | This is the mail system at host mx.example.

            bounce-delayed
            MAILER-DAEMON@mx.example: Undelivered Mail Returned to Sender, #1042 by its Address
            has not arrived nobody@customer.example: connect to mx.customer.example[192.0.2.1]:25: Connection timed out
            | This is the mail system at host mx.example.

            bounce-mailbox-full
            MAILER-DAEMON@mx.example: Undelivered Mail Returned to Sender, #1042 by its Address
            has not arrived nobody@customer.example: 452 4.2.2 mailbox full
            | This is the mail system at host mx.example.

            bounce-exim
            Mail Delivery System <Mailer-Daemon@mx.example>: Mail delivery failed: returning message to sender, #1042 by its Address
            will never arrive nobody@customer.example: Mail delivery failed: returning message to sender
            | This message was created automatically by mail delivery software.
            | 
            | A message that you sent could not be delivered:
            | 
            |   nobody@customer.example
            |     host mx: 550 no such user

            bounce-qmail
            MAILER-DAEMON@old.example: failure notice, #1042 by its Address
            will never arrive somewhere: failure notice
            | Hi. This is the qmail-send program at old.example.
            | I wasn't able to deliver your message.
            | 
            | <nobody@customer.example>:
            | Sorry, no mailbox here by that name.

            bounce-garbled
            Mail Delivery System <MAILER-DAEMON@mx.example>: Undelivered Mail Returned to Sender, #1042 by its Address
            written by a program: a report of a mail server that says nothing clear
            | This is the mail system at host mx.example.
            + file.eml (message/rfc822, 367 bytes)
        "#]],
    );
}

#[test]
fn a_conversation_is_found_by_a_signature_alone() {
    reads(
        &["forged-address", "by-message-id", "by-original-to"],
        expect![[r#"
        forged-address
        Eve <eve@evil.test>: Re: [#1042] Campaign Setup
        | Please tell me the password.

        by-message-id
        Ada <ada@customer.example>: Something else, #1042 by its Letter
        | I changed the subject.

        by-original-to
        Ada <ada@customer.example>: Hello, #1042 by its Address
        | Sent as a blind copy.
    "#]],
    );
}

#[test]
fn hostile_letters() {
    let names = ["html-only-hostile", "forwarded-as-attachment", "nested-broken", "headers-only", "injection"];
    reads(
        &names,
        expect![[r#"
            html-only-hostile
            Eve <eve@evil.test>: Hi
            | Click here or https://example.com/login (http://evil.test/login)
            | <script>

            forwarded-as-attachment
            Ada <ada@customer.example>: See attached, #1042 by its Address
            | What is this?
            + letter.eml (message/rfc822, 70 bytes)

            nested-broken
            Eve <eve@evil.test>: x, #1042 by its Address
            + file (message/rfc822, 20 bytes)
            + file.eml (application/octet-stream, 28 bytes)
            + file.html (text/html, 31 bytes)

            headers-only
            a@b.example: ��� =?x?y?z?=

            injection
            xrnBcc: eve@evil.test <a@b.example>: a Bcc: eve@evil.testx
            + _CON.exe (text/plain, 6 bytes)
        "#]],
    );
}

#[test]
fn a_file_of_text_stays_as_it_is() {
    let read = letter("files-of-text");
    let files: Vec<(&str, &[u8])> = read.attachments.iter().map(|file| (file.name.as_str(), &file.bytes[..])).collect();
    let expected: [(&str, &[u8]); 3] =
        [("base64.log", b"caf\xe9 \xff\n"), ("quoted.csv", b"a;\xe9;\x80\r\nb"), ("eight.html", b"<p>\xe9</p>")];
    assert_eq!(files, expected);
    assert_eq!(read.said, "Voilà.");
}

#[test]
fn every_letter_is_in_a_table_above() {
    let told = include_str!("tests.rs");
    for file in std::fs::read_dir(letters()).unwrap() {
        let name = file.unwrap().path().file_stem().unwrap().to_string_lossy().to_string();
        assert!(told.contains(&format!("\"{name}\"")), "{name} is read by no test");
    }
}

#[test]
fn the_ids_of_a_thread_are_kept() {
    let read = letter("gmail-en");
    assert_eq!(read.message_id.as_deref(), Some("CAEb=fXY1@mail.gmail.com"));
    assert_eq!(read.in_reply_to, ["t1042.a4dqobyha4dqobyh.mzvthnfnpixxz4sn@example.com"]);
    assert_eq!(read.references, read.in_reply_to);
    assert_eq!(read.to, ["support+t1042.6sfobnj4a6dik3hz@example.com"]);
    assert_eq!(read.date, Some(Moment(1_795_707_067_000)));
    assert!(read.whole.contains("It works again.") && !read.said.contains("It works again."));
}

#[test]
fn what_is_too_much_is_refused() {
    assert_eq!(read(&vec![b'a'; LETTER_BYTES_MAX + 1], &signer()), Err(Unreadable::TooLarge));
    assert_eq!(read(&b"a:\n".repeat(LINES_MAX), &signer()), Err(Unreadable::TooComplex));
    assert_eq!(read(&b"Content-Type: a/b\n\n".repeat(PARTS_MAX + 1), &signer()), Err(Unreadable::TooComplex));
    assert_eq!(read(b"", &signer()), Err(Unreadable::NoLetter));
}

/// As deep and as wide as is read at all, on a stack as small as those that letters are read on.
#[test]
fn the_most_that_is_read_is_read_in_time() {
    let nested =
        |kind: &str| format!("Subject: x\n{}text\n", format!("Content-Type: {kind}\n\n").repeat(PARTS_MAX - 1));
    let multiparts: String =
        (0..PARTS_MAX - 1).map(|at| format!("Content-Type: multipart/mixed; boundary=\"{at}\"\n\n--{at}\n")).collect();
    let wide = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n",
        "--b\nContent-Type: a/b\n\nx\n".repeat(PARTS_MAX - 1)
    );
    let to: String = (0..20_000).map(|at| format!("someone{at}@example.com,\n ")).collect();
    let many_to = format!("Subject: x\nTo: {to}support+t1042.6sfobnj4a6dik3hz@example.com\n\nx");
    let first_to = format!("Subject: x\nTo: support+t1042.6sfobnj4a6dik3hz@example.com, {to}last@example.com\n\nx");
    let references = format!("References: {}\n\nx", "<a@b>\n ".repeat(100_000));
    let headers = "X-A: b\n".repeat(300_000);
    let quotes = format!("\n\n{}", "On 26 Nov 2026 10:04, a@b wrote:\n> x\n\n".repeat(100_000));
    let boundaries = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\n".repeat(100_000));
    let long_line = format!("Subject: {}\n\n{}", "=?utf-8?q?a?= ".repeat(100_000), "x".repeat(3_000_000));
    let html = format!("Content-Type: text/html\n\n{}", "<div class=gmail_attr><blockquote>a".repeat(500_000));
    let letters = [
        ("letters in letters", nested("message/rfc822")),
        ("digests", nested("multipart/digest; boundary=b\n\n--b")),
        ("multiparts", multiparts),
        ("parts", wide),
        ("recipients", many_to),
        ("recipients with the right one first", first_to),
        ("references", references),
        ("headers", headers),
        ("quotes", quotes),
        ("empty parts", boundaries),
        ("long lines", long_line),
        ("quotes in HTML", html),
    ];
    let small = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let reader = small.spawn(move || {
        for (what, raw) in letters {
            let began = Instant::now();
            let read = read(raw.as_bytes(), &signer()).unwrap_or_else(|why| panic!("{what}: {why}"));
            assert!(read.attachments.len() <= ATTACHMENTS_MAX && read.to.len() <= RECIPIENTS_MAX, "{what}");
            assert!(read.references.len() <= REFERENCES_MAX, "{what}");
            assert!(read.whole.chars().count() <= WHOLE_CHARS_MAX + 1, "{what}");
            assert_eq!(read.conversation.is_some(), what.contains("right one"), "{what}");
            // Far above what it takes; quadratic time would take hours.
            assert!(began.elapsed() < Duration::from_secs(120), "{what} took {:?}", began.elapsed());
            eprintln!("{what}: {} bytes in {:?}", raw.len(), began.elapsed());
        }
    });
    reader.unwrap().join().unwrap();
}
