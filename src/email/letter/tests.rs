//! Whole letters, as they leave and as they are read.

use super::*;
use crate::config::{MailServer, MailTls, Mailbox as Inbox, Secret};
use expect_test::{Expect, expect};
use mail_parser::MessageParser;
use threadline_core::context::zone;
use threadline_core::markup;

/// 2026-11-26T15:05Z.
const AT: Moment = Moment(1_795_705_500_000);

fn email() -> Email {
    let server = || MailServer { host: "localhost".into(), port: 25, tls: MailTls::None, login: None };
    Email {
        address: "support@example.com".into(),
        name: Some("Example Support".into()),
        topic: "other".into(),
        answer_after_mins: 5,
        secrets: vec![Secret::new("a secret of at least thirty-two characters")],
        smtp: server(),
        imap: Inbox { server: server(), name: "INBOX".into() },
        extra_ca: None,
    }
}

fn writer() -> Writer {
    Writer::new(&email())
}

fn said(text: &str) -> Said {
    Said { from: "Ana".into(), at: Moment(AT.0 - 60_000), body: markup::parse(text), files: Vec::new() }
}

fn answer(messages: Vec<Said>) -> Letter {
    Letter {
        to: "ada@customer.example".into(),
        to_name: Some("Ada".into()),
        number: 1042,
        subject: Some("Campaign Setup".into()),
        kind: Kind::Answer { messages },
        language: Language::parse("en-US"),
        zone: zone("America/New_York").unwrap(),
        message_id: writer().signer().message_id(1042, [7; 10]),
        in_reply_to: None,
        references: Vec::new(),
        page: Some("https://chat.example.com/t/1042?key=a&b=c".into()),
        at: AT,
    }
}

fn bytes(letter: &Letter) -> String {
    String::from_utf8(writer().compose(letter).unwrap().bytes).unwrap().replace("\r\n", "\n")
}

/// The plain text, as a reader decodes it.
fn text(letter: &Letter) -> String {
    let sealed = writer().compose(letter).unwrap();
    MessageParser::default().parse(&sealed.bytes).unwrap().body_text(0).unwrap().replace("\r\n", "\n")
}

fn head(letter: &Letter) -> String {
    bytes(letter).split("\n\n").next().unwrap().to_string()
}

fn looks(letter: &Letter, expected: Expect) {
    expected.assert_eq(&bytes(letter));
}

#[test]
fn an_answer() {
    looks(
        &answer(vec![said("It works *again*.\nPlease try https://example.com/x")]),
        expect![[r#"
        From: "Example Support" <support@example.com>
        Reply-To: "Example Support" <support+t1042.6sfobnj4a6dik3hz@example.com>
        To: Ada <ada@customer.example>
        Subject: [#1042] Campaign Setup
        Date: Thu, 26 Nov 2026 15:05:00 +0000
        Message-ID: <t1042.a4dqobyha4dqobyh.mzvthnfnpixxz4sn@example.com>
        X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply
        MIME-Version: 1.0
        Content-Type: multipart/alternative;
         boundary="=_both_t1042a4dqobyha4dqobyhmzv"

        --=_both_t1042a4dqobyha4dqobyhmzv
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        Hello Ada,

        Ana wrote on Thursday, November 26, 10:04 AM (New York time):

        It works again.
        Please try https://example.com/x

        To answer, just reply to this email.

        --=20
        #1042
        The whole conversation: https://chat.example.com/t/1042?key=3Da&b=3Dc
        You get this email because you wrote to Example Support.

        --=_both_t1042a4dqobyha4dqobyhmzv
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        <!DOCTYPE html>
        <html lang=3D"en">
        <head>
        <meta http-equiv=3D"Content-Type" content=3D"text/html; charset=3Dutf-8">
        <meta name=3D"viewport" content=3D"width=3Ddevice-width, initial-scale=3D1">
        <title>[#1042] Campaign Setup</title>
        </head>
        <body style=3D"margin:0;padding:0">
        <table role=3D"presentation" width=3D"100%" cellpadding=3D"0" cellspacing=
        =3D"0" border=3D"0">
        <tr><td align=3D"left" style=3D"padding:16px">
        <table role=3D"presentation" width=3D"600" cellpadding=3D"0" cellspacing=3D=
        "0" border=3D"0" style=3D"width:100%;max-width:600px">
        <tr><td style=3D"font-family:Arial,Helvetica,sans-serif;font-size:16px;line=
        -height:24px;color:#1f1f1f">
        <p style=3D"margin:0 0 12px 0">Hello Ada,</p>
        <p style=3D"margin:0 0 4px 0;font-family:Arial,Helvetica,sans-serif;font-si=
        ze:13px;line-height:20px;color:#666666">Ana wrote on Thursday, November 26,=
         10:04 AM (New York time):</p>
        <p style=3D"margin:0 0 12px 0">It works <b>again</b>.<br>
        Please try <a href=3D"https://example.com/x" style=3D"color:#0b57d0">https:=
        //example.com/x</a></p>
        <p style=3D"margin:0 0 12px 0">To answer, just reply to this email.</p>
        </td></tr>
        <tr><td style=3D"padding:12px 0 0 0;border-top:1px solid #dddddd;font-famil=
        y:Arial,Helvetica,sans-serif;font-size:13px;line-height:20px;color:#666666">
        #1042<br>
        <a href=3D"https://chat.example.com/t/1042?key=3Da&amp;b=3Dc" style=3D"colo=
        r:#0b57d0">The whole conversation</a><br>
        You get this email because you wrote to Example Support.
        </td></tr>
        </table>
        </td></tr>
        </table>
        </body>
        </html>

        --=_both_t1042a4dqobyha4dqobyhmzv--
    "#]],
    );
}

#[test]
fn an_answer_to_a_letter_with_a_file() {
    let file =
        Enclosed { name: "Grüße.txt".into(), media_type: "text/plain".into(), bytes: Some(b"Hello\n".to_vec()) };
    let with_file = Said { files: vec![file], ..said("¿Está mejor así?") };
    let letter = Letter {
        language: Language::parse("es-ES"),
        zone: zone("Europe/Madrid").unwrap(),
        in_reply_to: Some("<b@customer.example>".into()),
        references: vec!["<a@customer.example>".into(), "b@customer.example".into()],
        subject: Some("RE: Aw: [#1042] Re[2]: Exportación".into()),
        page: None,
        ..answer(vec![said("Mire:"), with_file])
    };
    looks(
        &letter,
        expect![[r#"
        From: "Example Support" <support@example.com>
        Reply-To: "Example Support" <support+t1042.6sfobnj4a6dik3hz@example.com>
        To: Ada <ada@customer.example>
        Subject: Re: [#1042] =?utf-8?b?RXhwb3J0YWNpw7Nu?=
        Date: Thu, 26 Nov 2026 15:05:00 +0000
        Message-ID: <t1042.a4dqobyha4dqobyh.mzvthnfnpixxz4sn@example.com>
        References: <a@customer.example> <b@customer.example>
        In-Reply-To: <b@customer.example>
        X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="=_all_t1042a4dqobyha4dqobyhmzv"

        --=_all_t1042a4dqobyha4dqobyhmzv
        Content-Type: multipart/alternative;
         boundary="=_both_t1042a4dqobyha4dqobyhmzv"

        --=_both_t1042a4dqobyha4dqobyhmzv
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        Hola, Ada:

        Ana escribi=C3=B3 el jueves 26 de noviembre, 16:04 (hora de Madrid):

        Mire:

        Ana escribi=C3=B3 el jueves 26 de noviembre, 16:04 (hora de Madrid):

        =C2=BFEst=C3=A1 mejor as=C3=AD?

        Adjunto: Gr=C3=BC=C3=9Fe.txt

        Para contestar, responda a este correo.

        --=20
        #1042
        Recibe este correo porque escribi=C3=B3 a Example Support.

        --=_both_t1042a4dqobyha4dqobyhmzv
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        <!DOCTYPE html>
        <html lang=3D"es">
        <head>
        <meta http-equiv=3D"Content-Type" content=3D"text/html; charset=3Dutf-8">
        <meta name=3D"viewport" content=3D"width=3Ddevice-width, initial-scale=3D1">
        <title>Re: [#1042] Exportaci=C3=B3n</title>
        </head>
        <body style=3D"margin:0;padding:0">
        <table role=3D"presentation" width=3D"100%" cellpadding=3D"0" cellspacing=
        =3D"0" border=3D"0">
        <tr><td align=3D"left" style=3D"padding:16px">
        <table role=3D"presentation" width=3D"600" cellpadding=3D"0" cellspacing=3D=
        "0" border=3D"0" style=3D"width:100%;max-width:600px">
        <tr><td style=3D"font-family:Arial,Helvetica,sans-serif;font-size:16px;line=
        -height:24px;color:#1f1f1f">
        <p style=3D"margin:0 0 12px 0">Hola, Ada:</p>
        <p style=3D"margin:0 0 4px 0;font-family:Arial,Helvetica,sans-serif;font-si=
        ze:13px;line-height:20px;color:#666666">Ana escribi=C3=B3 el jueves 26 de n=
        oviembre, 16:04 (hora de Madrid):</p>
        <p style=3D"margin:0 0 12px 0">Mire:</p>
        <p style=3D"margin:0 0 4px 0;font-family:Arial,Helvetica,sans-serif;font-si=
        ze:13px;line-height:20px;color:#666666">Ana escribi=C3=B3 el jueves 26 de n=
        oviembre, 16:04 (hora de Madrid):</p>
        <p style=3D"margin:0 0 12px 0">=C2=BFEst=C3=A1 mejor as=C3=AD?</p>
        <p style=3D"margin:0 0 12px 0">Adjunto: Gr=C3=BC=C3=9Fe.txt</p>
        <p style=3D"margin:0 0 12px 0">Para contestar, responda a este correo.</p>
        </td></tr>
        <tr><td style=3D"padding:12px 0 0 0;border-top:1px solid #dddddd;font-famil=
        y:Arial,Helvetica,sans-serif;font-size:13px;line-height:20px;color:#666666">
        #1042<br>
        Recibe este correo porque escribi=C3=B3 a Example Support.
        </td></tr>
        </table>
        </td></tr>
        </table>
        </body>
        </html>

        --=_both_t1042a4dqobyha4dqobyhmzv--
        --=_all_t1042a4dqobyha4dqobyhmzv
        Content-Disposition: attachment;
         filename*0*=utf-8''Gr%C3%BC%C3%9Fe.txt
        Content-Type: text/plain
        Content-Transfer-Encoding: base64

        SGVsbG8K
        --=_all_t1042a4dqobyha4dqobyhmzv--
    "#]],
    );
}

#[test]
fn a_ticket_was_received() {
    let missing = vec![
        Missing { label: "Campaign ID".into(), help: Some("For example cp100; we use the id, not the name.".into()) },
        Missing { label: "The exact error".into(), help: None },
    ];
    let kind = Kind::TicketReceived { answer_by: Some(Moment(AT.0 + 5 * 86_400_000)), missing };
    let letter = Letter { kind, to_name: None, ..answer(Vec::new()) };
    expect![[r#"
        Hello,

        We have received your message. Its number is #1042. You will have an answer by Tuesday, December 1, 10:05 AM (New York time).

        To be able to help, we still need:

        - Campaign ID: For example cp100; we use the id, not the name.
        - The exact error

        Just reply to this email with it.

        -- 
        #1042
        The whole conversation: https://chat.example.com/t/1042?key=a&b=c
        You get this email because you wrote to Example Support.
    "#]].assert_eq(&text(&letter));
    assert!(head(&letter).contains("\nAuto-Submitted: auto-generated\n"), "{}", head(&letter));
    let kind = Kind::TicketReceived { answer_by: None, missing: Vec::new() };
    let spanish = Letter { kind, language: Language::parse("es"), in_reply_to: Some("a@b".into()), ..letter };
    expect![[r#"
        Hola:

        Hemos recibido su mensaje. Su número es el #1042. Le responderemos en cuanto podamos.

        Para contestar, responda a este correo.

        -- 
        #1042
        La conversación completa: https://chat.example.com/t/1042?key=a&b=c
        Recibe este correo porque escribió a Example Support.
    "#]]
    .assert_eq(&text(&spanish));
    assert!(head(&spanish).contains("\nAuto-Submitted: auto-replied\n"), "{}", head(&spanish));
}

#[test]
fn what_a_person_wrote_is_not_called_automatic() {
    let head = head(&answer(vec![said("Hello")]));
    assert!(!head.contains("Auto-Submitted"), "{head}");
    assert!(head.contains("\nX-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\n"), "{head}");
}

#[test]
fn the_envelope_names_the_conversation() {
    let sealed = writer().compose(&answer(vec![said("Hello")])).unwrap();
    let from = sealed.envelope.from().unwrap().to_string();
    assert_eq!(writer().signer().conversation_at(&from), Some(1042));
    assert_eq!(sealed.envelope.to().iter().map(ToString::to_string).collect::<Vec<_>>(), ["ada@customer.example"]);
}

#[test]
fn an_address_that_is_none_is_told() {
    for to in ["", "ada", "ada@", "a b@example.com", "ada@example.com\r\nBcc: eve@evil.test", "<ada@example.com>"] {
        let letter = Letter { to: to.into(), ..answer(vec![said("Hello")]) };
        assert_eq!(writer().compose(&letter).unwrap_err(), Unwritable::NoAddress, "{to:?}");
    }
}

/// Every field a stranger can fill, with what would be a header of its own.
#[test]
fn nothing_gets_out_of_its_place() {
    let evil = "x\r\nBcc: eve@evil.test\r\n\r\n<script>alert(1)</script>\u{202e}\0\n.\r\n=?utf-8?q?=0D=0ABcc:_eve?=";
    let file = Enclosed { name: evil.into(), media_type: evil.into(), bytes: Some(b"--=_all\r\n.\r\n".to_vec()) };
    let letter = Letter {
        to_name: Some(evil.replace('@', "(at)")),
        subject: Some(evil.into()),
        in_reply_to: Some(format!("<{evil}@x>")),
        references: vec![evil.into(), format!("<a@b> {evil}"), "good@b".into()],
        page: Some(format!("javascript:{evil}")),
        ..answer(vec![Said { from: evil.into(), files: vec![file], ..said(evil) }])
    };
    let raw = bytes(&letter);
    assert!(writer().compose(&Letter { message_id: evil.into(), ..letter }).is_err());
    assert!(!raw.contains('\u{202e}') && !raw.contains('\0'), "{raw}");
    assert!(raw.is_ascii() && raw.lines().all(|line| line.len() <= 998), "{raw}");
    let parsed = MessageParser::default().parse(raw.as_bytes()).unwrap();
    let names = parsed.parts.iter().map(|part| part.headers.iter().map(|header| header.name()).collect::<Vec<_>>());
    expect![[r#"
        From, Reply-To, To, Subject, Date, Message-ID, References, X-Auto-Response-Suppress, MIME-Version, Content-Type
        Content-Type
        Content-Type, Content-Transfer-Encoding
        Content-Type, Content-Transfer-Encoding
        Content-Disposition, Content-Type, Content-Transfer-Encoding"#]]
    .assert_eq(&names.map(|names| names.join(", ")).collect::<Vec<_>>().join("\n"));
    let html = parsed.body_html(0).unwrap();
    assert!(!html.contains("<script") && !html.contains("javascript") && !html.contains("href"), "{html}");
    assert_eq!(parsed.references().as_text(), Some("good@b"));
    assert!(parsed.bcc().is_none() && parsed.attachment_count() == 1);
    expect!["Re: [#1042] x Bcc: eve@evil.test <script>alert(1)</script> . = ?utf-8?q?=0D=0ABcc:_eve?="]
        .assert_eq(parsed.subject().unwrap());
    expect!["x Bcc: eve(at)evil.test <script>alert(1)</script> . = ?utf-8?q?=0D=0ABcc:_eve?="]
        .assert_eq(parsed.to().unwrap().first().unwrap().name().unwrap());
}

#[test]
fn old_references_make_room() {
    let references = (0..50).map(|at| format!("{at}@x")).collect();
    let letter = Letter { references, in_reply_to: Some("50@x".into()), ..answer(vec![said("Hello")]) };
    let sealed = writer().compose(&letter).unwrap();
    let parsed = MessageParser::default().parse(&sealed.bytes).unwrap();
    let ids = parsed.references().as_text_list().unwrap();
    assert_eq!((ids.len(), ids[0].as_ref(), ids[1].as_ref(), ids[19].as_ref()), (20, "0@x", "32@x", "50@x"));
    assert!(sealed.bytes.split(|b| *b == b'\n').all(|line| line.len() <= 998));
}

#[test]
fn nobody_is_greeted_by_a_link() {
    for name in ["Win at https://evil.example", "www.evil.example", "a@evil.example"] {
        let letter = Letter { to_name: Some(name.into()), ..answer(vec![said("Hello")]) };
        assert!(!bytes(&letter).contains("evil"), "{}", bytes(&letter));
    }
}

#[test]
fn what_is_too_large_is_named() {
    let file =
        |name: &str, bytes| Enclosed { name: name.into(), media_type: "application/zip".into(), bytes: Some(bytes) };
    let large = vec![file("first.zip", vec![0; FILES_BYTES_MAX]), file("second.zip", vec![0; 1])];
    let letter = answer(vec![Said { files: large, ..said("Here") }]);
    let sealed = writer().compose(&letter).unwrap();
    let parsed = MessageParser::default().parse(&sealed.bytes).unwrap();
    assert_eq!(parsed.attachment_count(), 1);
    assert!(text(&letter).contains("Too large for an email, and on the page of the conversation: second.zip"));
    assert!(sealed.bytes.len() < 20_000_000, "{}", sealed.bytes.len());
}
