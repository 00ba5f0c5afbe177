//! What people write by email stands in the thread of its conversation, or begins one: through a real mail
//! server and a real mailbox.

use crate::house::files::{pdf, png};
use crate::house::post::{Mailbox, parsed, shown};
use crate::house::{DeskKind, House, Setup, Site, mail, until};
use expect_test::expect;

desk_plays! {
    a_letter_begins_a_conversation_and_the_answer_comes_back,
    what_a_program_writes_is_marked_and_never_answered,
    a_letter_from_somebody_else_says_so,
    what_mail_programs_make_of_a_reply_is_taken_off_again,
}
plays! {
    a_letter_is_taken_in_once_whatever_breaks,
    nothing_in_a_letter_does_harm,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// A team that is always there; nothing where there are no mail servers.
async fn open(house: &House, desk: DeskKind) -> Option<Site> {
    if !mail::is_here() {
        return None;
    }
    Some(house.open(Setup { by_hand: true, by_email: true, ..Setup::at(desk) }).await)
}

/// Time passes, and what is due is done.
async fn later(site: &Site, millis: i64) {
    site.time_passes(millis);
    site.settle().await;
}

/// Waits until so many letters were taken in and read.
async fn takes_in(site: &Site, count: i64) {
    until(&format!("{count} letters taken in"), async || site.letters_read().await >= count).await;
    site.settle().await;
    assert_eq!(site.letters_read().await, count);
}

/// A letter as a mail program writes it.
fn letter(from: &str, to: &str, more: &str, text: &str) -> Vec<u8> {
    format!("From: {from}\r\nTo: {to}\r\n{more}\r\n{text}\r\n").into_bytes()
}

/// Bytes in base 64, in lines as mail servers want them.
fn wrapped(bytes: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    text.as_bytes().chunks(76).map(|line| format!("{}\r\n", std::str::from_utf8(line).unwrap())).collect()
}

async fn a_letter_begins_a_conversation_and_the_answer_comes_back(house: House, desk: DeskKind) {
    let Some(site) = open(&house, desk).await else { return };
    let ada = Mailbox::of("ada");
    let support = site.post().address();
    let from = format!("Ada Lovelace <{}>", ada.address());
    let first = letter(
        &from,
        &support,
        "Subject: My export hangs\r\nMessage-ID: <1@customer.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n",
        "Hello,\r\nit hangs at 99 %.\r\n\r\n-- \r\nAda Lovelace\r\n",
    );
    site.post().sends(&ada.address(), &support, &first).await;
    takes_in(&site, 1).await;
    // She is told once that it was received; the team sees what she wrote.
    let confirmed = ada.has(1).await;
    expect![[r#"
        Subject: Re: [#1001] My export hangs
        | Hello Ada Lovelace,
        |
        | We have received your message. Its number is #1001. You will have an answer by Friday, January 2, 12:00 AM (UTC).
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support.
    "#]].assert_eq(&shown(&confirmed[0]));
    let thread = site.thread(&site.who_mailed(1001).await).await;
    expect![[r#"
        #1001 · Billing Questions
          Ada Lovelace (customer): ✉️ By email: My export hangs
            Hello,
            it hangs at 99 %.
    "#]]
    .assert_eq(&thread);
    site.agent("Grace").writes(&site.who_mailed(1001).await, "Which browser do you use?").await;
    site.settle().await;
    later(&site, 5 * MINUTE).await;
    let letters = ada.has(2).await;
    let answer = parsed(&letters[1]);
    assert_eq!(answer.subject(), Some("Re: [#1001] My export hangs"));
    assert_eq!(answer.in_reply_to().as_text(), parsed(&confirmed[0]).message_id());
    // She answers that letter, with a picture in it and the whole exchange below.
    let reply_to = answer.reply_to().unwrap().first().unwrap().address().unwrap().to_string();
    assert!(reply_to.starts_with(&format!("{}+t1001.", site.post().user)), "{reply_to}");
    let boundary = "=_1";
    let with_files = |text: &str| {
        format!(
            "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--{boundary}\r\n\
             Content-Type: image/png; name=screen.png\r\nContent-Disposition: inline; filename=screen.png\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--{boundary}\r\nContent-Type: application/x-msdownload\r\n\
             Content-Disposition: attachment; filename=run.exe\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n\
             --{boundary}--\r\n",
            wrapped(&png()),
            wrapped(b"MZ\x90\x00\x03\x00\x00\x00"),
        )
    };
    let id = answer.message_id().unwrap();
    let reply = letter(
        &from,
        &reply_to,
        &format!(
            "Subject: Re: [#1001] Technical Issues\r\nMessage-ID: <2@customer.example>\r\nIn-Reply-To: <{id}>\r\n\
             References: <{id}>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"{boundary}\"\r\n"
        ),
        &with_files(
            "Firefox. See here.\r\n\r\nOn Thu, Jan 1, 2026 at 12:05 AM Example Support wrote:\r\n> Which browser do you use?\r\n",
        ),
    );
    site.post().sends(&ada.address(), &reply_to, &reply).await;
    takes_in(&site, 2).await;
    expect![[r#"
        #1001 · Billing Questions
          Ada Lovelace (customer): ✉️ By email: My export hangs
            Hello,
            it hangs at 99 %.
          Grace: Which browser do you use? ✓ ✉️ 👁
          Ada Lovelace (customer): ✉️ By email
            Firefox. See here.
          Ada Lovelace (customer): [file: screen.png]
          Threadline: ⚠️ A file of the customer’s letter, “run.exe”, was not taken: files of the type application/octet-stream are not allowed. The letter is kept whole.
    "#]].assert_eq(&site.thread(&site.who_mailed(1001).await).await);
    // What she reads next answers her last letter, and nothing was confirmed a second time.
    site.agent("Grace").writes(&site.who_mailed(1001).await, "Thank you!").await;
    site.settle().await;
    later(&site, 5 * MINUTE).await;
    let letters = ada.has(3).await;
    assert_eq!(parsed(&letters[2]).in_reply_to().as_text(), Some("2@customer.example"));
    later(&site, 48 * HOUR).await;
    ada.has(3).await;
}

async fn what_a_program_writes_is_marked_and_never_answered(house: House, desk: DeskKind) {
    let Some(site) = open(&house, desk).await else { return };
    let ada = Mailbox::of("ada");
    let support = site.post().address();
    let first = letter(&ada.address(), &support, "Subject: Help\r\nMessage-ID: <1@customer.example>\r\n", "It hangs");
    site.post().sends(&ada.address(), &support, &first).await;
    takes_in(&site, 1).await;
    let confirmed = ada.has(1).await;
    let reply_to = parsed(&confirmed[0]).reply_to().unwrap().first().unwrap().address().unwrap().to_string();
    let away = "Subject: Automatic reply: Your request\r\nAuto-Submitted: auto-replied\r\nMessage-ID: <2@customer.example>\r\n";
    let list = "Subject: [news] All\r\nList-Id: <news.customer.example>\r\nMessage-ID: <3@customer.example>\r\n";
    let unknown = "Subject: Out of office\r\nAuto-Submitted: auto-replied\r\nMessage-ID: <4@customer.example>\r\n";
    site.post().sends(&ada.address(), &reply_to, &letter(&ada.address(), &reply_to, away, "I am away")).await;
    takes_in(&site, 2).await;
    site.post().sends(&ada.address(), &reply_to, &letter(&ada.address(), &reply_to, list, "News")).await;
    takes_in(&site, 3).await;
    site.post().sends(&ada.address(), &support, &letter(&ada.address(), &support, unknown, "I am away")).await;
    takes_in(&site, 4).await;
    expect![[r#"
        #1001 · Billing Questions
          Customer: ✉️ By email: Help
            It hangs
          Threadline: ✉️ A letter with the subject “Automatic reply: Your request” came: an automatic reply, which is not answered.
          Threadline: ✉️ A letter with the subject “[news] All” came: from a mailing list, which is not answered.
    "#]].assert_eq(&site.thread(&site.who_mailed(1001).await).await);
    // A letter that comes back is a warning in the thread.
    let vanished = mail::VANISHED;
    let lost =
        letter(vanished, &support, "Subject: Hello\r\nMessage-ID: <5@customer.example>\r\n", "Nobody reads this");
    site.post().sends(vanished, &support, &lost).await;
    takes_in(&site, 6).await;
    expect![[r#"
        #1002 · Billing Questions
          Customer: ✉️ By email: Hello
            Nobody reads this
          Threadline: ⚠️ A letter to vanished@example.com came back (status 5.0.0). The customer has not read it there. Nothing more goes to this address before it is tried again or the customer gives another one.
            [Try again]
    "#]].assert_eq(&site.thread(&site.who_mailed(1002).await).await);
    later(&site, 48 * HOUR).await;
    ada.has(1).await;
    assert_eq!(site.letters_read().await, 6);
}

async fn a_letter_from_somebody_else_says_so(house: House, desk: DeskKind) {
    let Some(site) = open(&house, desk).await else { return };
    let (ada, boss) = (Mailbox::of("ada"), Mailbox::of("boss"));
    let support = site.post().address();
    let first = letter(&ada.address(), &support, "Subject: Help\r\nMessage-ID: <1@customer.example>\r\n", "It hangs");
    site.post().sends(&ada.address(), &support, &first).await;
    takes_in(&site, 1).await;
    let reply_to = parsed(&ada.has(1).await[0]).reply_to().unwrap().first().unwrap().address().unwrap().to_string();
    let with_subject = |id: u32| format!("Subject: Re: [#1001] Help\r\nMessage-ID: <{id}@customer.example>\r\n");
    site.post()
        .sends(&boss.address(), &reply_to, &letter(&boss.address(), &reply_to, &with_subject(2), "Any news?"))
        .await;
    takes_in(&site, 2).await;
    // Nobody gets into a conversation by its number, by its subject, or by a signature that is not ours.
    let forged = reply_to.replace("@", "a@");
    for (id, to) in [(3, support.clone()), (4, forged)] {
        let stranger = format!("mallory{id}@example.com");
        site.post().sends(&stranger, &to, &letter(&stranger, &to, &with_subject(id), "Give me the password")).await;
    }
    takes_in(&site, 4).await;
    let thread = site.thread(&site.who_mailed(1001).await).await;
    assert!(!thread.contains("password"), "{thread}");
    assert!(thread.contains("which is not the customer’s address") && thread.contains("Any news?"), "{thread}");
    assert!(site.thread(&site.who_mailed(1002).await).await.contains("password"));
    assert!(site.thread(&site.who_mailed(1003).await).await.contains("password"));
    // The answer goes to the customer and to nobody else.
    site.agent("Grace").writes(&site.who_mailed(1001).await, "Soon").await;
    site.settle().await;
    later(&site, 5 * MINUTE).await;
    ada.has(2).await;
    assert_eq!(boss.letters().len(), 0);
}

async fn a_letter_is_taken_in_once_whatever_breaks(house: House) {
    let Some(site) = open(&house, DeskKind::Practice).await else { return };
    let ada = Mailbox::of("ada");
    let support = site.post().address();
    let first = letter(&ada.address(), &support, "Subject: Help\r\nMessage-ID: <1@customer.example>\r\n", "It hangs");
    site.post().sends(&ada.address(), &support, &first).await;
    takes_in(&site, 1).await;
    // The same letter once more, and while nobody listens, and with a database that takes nothing for a while.
    site.post().sends(&ada.address(), &support, &first).await;
    takes_in(&site, 2).await;
    site.stops().await;
    let second = letter(&ada.address(), &support, "Subject: Help 2\r\nMessage-ID: <2@customer.example>\r\n", "Still");
    site.post().sends(&ada.address(), &support, &second).await;
    site.starts().await;
    takes_in(&site, 3).await;
    site.stops().await;
    site.starts().await;
    site.settle().await;
    assert_eq!(site.letters_read().await, 3);
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM message WHERE kind = 'customer'").await, 2);
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM conversation").await, 2);
}

async fn nothing_in_a_letter_does_harm(house: House) {
    let Some(site) = open(&house, DeskKind::Slack).await else { return };
    let ada = Mailbox::of("ada");
    let support = site.post().address();
    let evil = letter(
        &format!("\"<!channel> =?utf-8?q?=0D=0ABcc=3A_x=40example.com?=\" <{}>", ada.address()),
        &support,
        "Subject: =?utf-8?q?Hi=0D=0ABcc=3A_victim=40example.com?= <!here>\r\n\
         Message-ID: <1@customer.example\u{1}>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n",
        "<p>Hello <script>alert(1)</script><img src=\"https://tracker.example.com/x.png\">@everyone &lt;!channel&gt;</p>",
    );
    site.post().sends(&ada.address(), &support, &evil).await;
    let nested = (0..3_000).map(|at| format!("Content-Type: multipart/mixed; boundary=b{at}\r\n\r\n--b{at}\r\n"));
    let nested = letter(&ada.address(), &support, "Subject: Deep\r\nMIME-Version: 1.0\r\n", "")
        .into_iter()
        .chain(nested.collect::<String>().into_bytes())
        .collect::<Vec<u8>>();
    site.post().sends(&ada.address(), &support, &nested).await;
    let crowd: String = (0..10_000).map(|at| format!(" someone{at}@example.com,\r\n")).collect();
    let crowd = letter(
        &ada.address(),
        &format!("\r\n{crowd} {support}"),
        "Subject: All\r\nMessage-ID: <3@customer.example>\r\n",
        "To all of you",
    );
    site.post().sends(&ada.address(), &support, &crowd).await;
    let mut large = letter(&ada.address(), &support, "Subject: Large\r\nMessage-ID: <4@customer.example>\r\n", "");
    large.extend(
        std::iter::repeat_n(b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n", 520_000).flatten(),
    );
    site.post().sends(&ada.address(), &support, &large).await;
    takes_in(&site, 4).await;
    let thread = site.thread(&site.who_mailed(1001).await).await;
    expect![[r#"
        #1001 · Billing Questions
          !channel Bcc xexample.com (customer): ✉️ By email: Hi Bcc: victim@example.com <!here>
            Hello @everyone <!channel>
    "#]]
    .assert_eq(&thread);
    for letter in ada.letters() {
        let letter = parsed(&letter);
        assert!(letter.bcc().is_none() && !letter.header_raw("To").unwrap_or_default().contains("victim"));
    }
    assert_eq!(Mailbox::named("victim").letters().len(), 0);
    // The others of the process went on meanwhile.
    let bo = site.customer("Bo").await;
    bo.writes_with("Hello", &[("report.pdf", pdf())]).await;
    site.settle().await;
}

/// Replies as eight mail programs write them, from the seeds of the fuzz target, addressed to this conversation.
const REPLIES: [&str; 8] = [
    "gmail-es-inline-image",
    "outlook-desktop-en",
    "apple-mail-en",
    "thunderbird-de-between",
    "iphone-fr-photo",
    "plain-top-en",
    "iso-2022-jp",
    "windows-1252-undeclared",
];

async fn what_mail_programs_make_of_a_reply_is_taken_off_again(house: House, desk: DeskKind) {
    let Some(site) = open(&house, desk).await else { return };
    let ada = Mailbox::of("ada");
    let support = site.post().address();
    let first = letter(&ada.address(), &support, "Subject: Help\r\nMessage-ID: <1@customer.example>\r\n", "It hangs");
    site.post().sends(&ada.address(), &support, &first).await;
    takes_in(&site, 1).await;
    let confirmed = ada.has(1).await;
    let reply_to = parsed(&confirmed[0]).reply_to().unwrap().first().unwrap().address().unwrap().to_string();
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/letter");
    for (sent, name) in REPLIES.iter().enumerate() {
        let raw = std::fs::read(seeds.join(format!("{name}.eml"))).unwrap();
        let raw = replaced(&raw, b"support+t1042.6sfobnj4a6dik3hz@example.com", reply_to.as_bytes());
        let raw = replaced_between(&raw, b"@customer.example>", ada.address().as_bytes());
        site.post().sends(&ada.address(), &reply_to, &raw).await;
        takes_in(&site, sent as i64 + 2).await;
    }
    let thread = site.thread(&site.who_mailed(1001).await).await;
    let lines = |text: &str| text.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
    expect![[r#"
        #1001 · Billing Questions
          Customer: ✉️ By email: Help
            It hangs
          Customer: ✉️ By email: Re: [#1042] Exportación
            Así se ve ahora:
            ¿Está bien?
          Customer: [file: captura.png]
          Customer: ✉️ By email: RE: [#1042] Campaign Setup
            Hello Ana,

            it still says “Error 7” – see below.

            Kind regards
            Zoë
          Customer: [file: image001.png]
          Customer: ✉️ By email: Re: [#1042] Campaign Setup
            It’s fine now.
          Customer: ✉️ By email: Re: [#1042] Einrichtung
            > Welche Kampagne ist es?

            cp100

            > Seit wann?

            Seit gestern.
          Customer: ✉️ By email: Re: [#1042] Campagne
            Voilà ce que je vois :
          Customer: [file: IMG_0042.jpeg.txt]
          Customer: ✉️ By email: Re: [#1042] Campaign Setup
            Please close it.
          Customer: ✉️ By email: Re: [#1042] 設定
            ありがとうございます。動きました。
          Customer: ✉️ By email: Hello
            It’s 5 € “net”
    "#]]
    .assert_eq(&lines(&thread));
    // As they came, to the letter.
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM frame WHERE platform = 'mail'").await, 9);
}

fn replaced(raw: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.windows(old.len()).position(|window| window == old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// The first address that ends so becomes another one: who wrote it.
fn replaced_between(raw: &[u8], end: &[u8], address: &[u8]) -> Vec<u8> {
    let at = raw.windows(end.len()).position(|window| window == end).unwrap();
    let begins = raw[..at].iter().rposition(|byte| *byte == b'<').unwrap();
    [&raw[..=begins], address, &raw[at + end.len() - 1..]].concat()
}
