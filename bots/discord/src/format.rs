//! Every sentence that the bot says on Discord by itself, and how everything that it sends looks there.
//!
//! A post is an embed of the bot's own message. So a customer's name stands above his words, Discord
//! unfurls nothing of them (it does so only for addresses in a message's `content`), and the ids of what
//! a post carries stand in the embed's `url`, which Discord shows to nobody while the embed has no title:
//! that is how a post whose answer was lost is found again in its thread. A webhook could wear the
//! customer's name, too, but its posts have no nonce, so that a lost answer could make one stand twice.
//! Everything that people wrote is escaped, every message forbids all mentions, and no link is masked but
//! those that the operator configured.

pub mod card;

use crate::buttons;
use crate::ids::{self, Id};
use serde::Serialize;
use serde_json::Value;
use serenity::builder::{
    CreateActionRow, CreateAllowedMentions, CreateEmbed, CreateEmbedAuthor, CreateMessage, EditMessage,
};
use serenity::model::channel::Nonce;
use serenity::model::timestamp::Timestamp;
use sha2::{Digest, Sha256};
use threadline_core::body::{Block, Body, Span, Style, is_invisible};
use threadline_core::desk::{Letter, Mark, Piece};
use threadline_core::ids::{ConversationId, Moment};

/// How a mention shows to the customer, whoever is mentioned: names of people and roles are internal.
pub const THE_TEAM: &str = "@our team";
/// How a channel shows to the customer: names of channels are internal.
pub const A_CHANNEL: &str = "#channel";
/// What an agent without any name is called.
pub const NAMELESS_AGENT: &str = "Support";
/// What a customer without a usable name is called.
pub const NAMELESS_CUSTOMER: &str = "Customer";
/// Stands in the customer's chat for a message that an agent forwarded without a word of his own.
pub const SHARED_MESSAGE: &str = "(The agent shared a message that cannot be shown here.)";
/// Stands there for a sticker.
pub const A_STICKER: &str = "(sticker)";

/// Longest text of one post, in characters. Escaping doubles it at most, and an embed's description
/// takes 4,096 (docs, "Embed Limits").
pub const POST_CHARS_MAX: usize = 2_000;
/// The description's limit, in UTF-16 units, which is never less than what Discord counts.
const DESCRIPTION_UNITS_MAX: usize = 4_096;
/// Longest name a customer's posts stand under; a longer one is cut.
const NAME_CHARS_MAX: usize = 60;
/// Names under which nobody but Discord should speak.
const RESERVED_NAMES: [&str; 6] = ["everyone", "here", "discord", "clyde", "system", "threadline"];
/// Longest title of a thread (OpenAPI: 100).
const TITLE_CHARS_MAX: usize = 100;
/// A nonce's characters (docs, "Create Message": up to 25).
const NONCE_CHARS: usize = 24;
/// Where the ids of a post stand: a name that leads nowhere (RFC 2606).
const MARKED: &str = "https://threadline.invalid/";

/// A post in a thread.
pub fn letter(thread: Id, letter: &Letter, texts: &[(Piece, String)]) -> Value {
    let joined: Vec<String> = texts.iter().map(|(_, text)| escape(text)).collect();
    let pieces: Vec<Piece> = texts.iter().map(|(piece, _)| *piece).collect();
    let shown = joined.join("\n");
    let mut embeds = Vec::new();
    for part in parts(&shown) {
        let embed = CreateEmbed::new().description(part);
        embeds.push(if embeds.is_empty() { head(embed, letter, &pieces) } else { embed });
    }
    let mut message =
        base().embeds(embeds).nonce(nonce(thread, &marked_post(letter.conversation, &pieces))).enforce_nonce(true);
    if !letter.calls.is_empty() {
        let (words, mentions) = called(&letter.calls);
        message = message.content(words).allowed_mentions(mentions);
    }
    if let Some(seq) = letter.retry_of {
        message = message.components(vec![CreateActionRow::Buttons(vec![buttons::retry(seq)])]);
    }
    json_of(&message)
}

/// A line that mentions people and roles of the team, and nobody else. Nothing but ids gets in; a role's has
/// a `&` before it.
fn called(calls: &[String]) -> (String, CreateAllowedMentions) {
    let (mut users, mut roles, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for call in calls {
        let role = call.rsplit('/').next().and_then(|last| last.strip_prefix('&')).and_then(Id::parse);
        match (role, ids::user(call)) {
            (Some(role), _) => {
                roles.push(role.0);
                words.push(format!("<@&{role}>"));
            }
            (None, Some(user)) => {
                users.push(user.0);
                words.push(format!("<@{user}>"));
            }
            (None, None) => {}
        }
    }
    (words.join(" "), CreateAllowedMentions::new().users(users).roles(roles))
}

/// What a post with files says beside them.
pub fn files(thread: Id, letter: &Letter, pieces: &[Piece], names: &[String]) -> Value {
    let shown = names.iter().map(|name| escape(name)).collect::<Vec<_>>().join("\n");
    let shown = parts(&shown).into_iter().next().unwrap_or_default();
    let embed = head(CreateEmbed::new().description(shown), letter, pieces);
    let nonce = nonce(thread, &marked_post(letter.conversation, pieces));
    json_of(&base().embed(embed).nonce(nonce).enforce_nonce(true))
}

/// Puts whose words they are above them, and the ids of what they are where nobody sees them.
fn head(embed: CreateEmbed, letter: &Letter, pieces: &[Piece]) -> CreateEmbed {
    let embed = match &letter.speaker {
        Some(name) => embed.author(CreateEmbedAuthor::new(speaker(name))).colour(CUSTOMER_COLOUR),
        None => embed,
    };
    embed.url(marked_post(letter.conversation, pieces))
}

/// The bar beside a customer's words.
const CUSTOMER_COLOUR: u32 = 0x2f_80ed;

/// Words for one person, as a message of their own.
pub fn whisper(words: &Body, rows: Vec<CreateActionRow>) -> Value {
    json_of(&whisper_message(words, rows))
}

fn whisper_message(words: &Body, rows: Vec<CreateActionRow>) -> CreateMessage {
    base().embed(told(words)).components(rows)
}

/// Words for one person as an embed; what is longer than one holds is cut.
pub(crate) fn told(words: &Body) -> CreateEmbed {
    CreateEmbed::new().description(parts(&shown(words)).into_iter().next().unwrap_or_default())
}

/// The same where nobody else may read along but everybody can: it names whom it is for.
pub fn aside(person: Id, words: &Body, rows: Vec<CreateActionRow>) -> Value {
    let mentions = CreateAllowedMentions::new().users(vec![person.0]);
    json_of(&whisper_message(words, rows).content(format!("<@{person}>")).allowed_mentions(mentions))
}

/// What one person is told who wrote where the conversation is not any more.
pub fn goes_on_elsewhere(link: Option<&str>) -> Body {
    let words = match link {
        Some(_) => {
            "Nothing was sent to the customer: this conversation goes on in another thread. Send your message there: "
        }
        None => "Nothing was sent to the customer: this is not the thread of the conversation any more.",
    };
    let link = link.map(|link| Span::Link { href: link.into(), text: link.into(), style: Style::default() });
    Body(vec![Block::Paragraph(std::iter::once(Span::plain(words)).chain(link).collect())])
}

/// A card that is not the conversation's, as an edit.
pub fn signpost(number: i64, link: Option<&str>) -> Value {
    let onward = match link {
        Some(link) => format!("another thread: {link}"),
        None => "another thread.".to_string(),
    };
    let words = format!("**#{number}** goes on in {onward}\nNothing that is written here is sent to the customer.");
    let embed = CreateEmbed::new().description(words);
    json_of(&EditMessage::new().embed(embed).components(Vec::new()).allowed_mentions(CreateAllowedMentions::new()))
}

/// The emoji that shows a receipt.
pub fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Received => "✔️",
        Mark::Seen => "👁️",
        Mark::Waiting => "⏳",
        Mark::Emailed => "✉️",
    }
}

/// The name a customer's posts stand under: one line, of bounded length, that is none of Discord's own,
/// and says whose it is: customers may call themselves like us. An embed's author is plain text.
pub fn speaker(name: &str) -> String {
    let bare: String = name.chars().filter(|c| !matches!(c, '@' | '<' | '>' | '#' | ':' | '*' | '`' | '|')).collect();
    let bare = clean_line(&bare, NAME_CHARS_MAX);
    let says_nothing = bare.is_empty() || bare.eq_ignore_ascii_case(NAMELESS_CUSTOMER);
    if says_nothing || RESERVED_NAMES.iter().any(|reserved| bare.eq_ignore_ascii_case(reserved)) {
        return NAMELESS_CUSTOMER.to_string();
    }
    format!("{bare} (customer)")
}

/// A thread's title, which is plain text.
pub fn title(title: &str, customer: Option<&str>) -> String {
    let customer = customer.map(|name| clean_line(name, NAME_CHARS_MAX)).filter(|name| !name.is_empty());
    clean_line(
        &[Some(title.to_string()), customer].into_iter().flatten().collect::<Vec<_>>().join(" · "),
        TITLE_CHARS_MAX,
    )
}

/// The conversation whose card this message is.
pub fn card_of(message: &Value) -> Option<ConversationId> {
    marked(message)?.strip_prefix("card/")?.parse().ok()
}

/// The pieces that this message of ours carries; empty for one that carries none.
pub fn pieces_of(message: &Value) -> Vec<Piece> {
    let Some(parts) = marked(message).and_then(|path| path.strip_prefix("post/")) else { return Vec::new() };
    let piece = |text: &str| {
        let (message, index) = text.split_once('-')?;
        Some(Piece { message: message.parse().ok()?, index: index.parse().ok()? })
    };
    parts.split('/').skip(1).filter_map(piece).collect()
}

fn marked(message: &Value) -> Option<&str> {
    message["embeds"][0]["url"].as_str()?.strip_prefix(MARKED)
}

fn marked_card(conversation: ConversationId) -> String {
    format!("{MARKED}card/{conversation}")
}

fn marked_post(conversation: ConversationId, pieces: &[Piece]) -> String {
    let pieces: String = pieces.iter().map(|piece| format!("/{}-{}", piece.message, piece.index)).collect();
    format!("{MARKED}post/{conversation}{pieces}")
}

/// What makes it the same post when it is sent again: Discord answers with the first one then, for a few
/// minutes. It goes by the bot and not by the thread (docs, "Create Message": `enforce_nonce`), and the same
/// may have to stand in another thread, so the thread is part of it.
fn nonce(thread: Id, what: &str) -> Nonce {
    let hash = Sha256::digest(format!("{thread} {what}"));
    let text: String = hash.iter().take(NONCE_CHARS / 2).map(|byte| format!("{byte:02x}")).collect();
    Nonce::String(text)
}

/// What every message of ours has: it mentions nobody.
fn base() -> CreateMessage {
    CreateMessage::new().allowed_mentions(CreateAllowedMentions::new())
}

/// Serenity's builders always make JSON.
pub(crate) fn json_of(built: &impl Serialize) -> Value {
    serde_json::to_value(built).unwrap_or_default()
}

/// A body in Discord's markdown: what the bot tells people in words that are partly code, lists or quotes.
pub fn shown(body: &Body) -> String {
    let blocks = body.0.iter().map(|block| match block {
        Block::Paragraph(all) => spans(all),
        Block::Quote(all) => spans(all).lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n"),
        // Nothing inside can end it.
        Block::Code(code) => format!("```\n{}\n```", code.replace("```", "`\u{200b}`\u{200b}`")),
        Block::List { ordered, indent, start, items } => {
            let line = |(at, item): (usize, &Vec<Span>)| {
                let mark = if *ordered { format!("{}.", *start as usize + at) } else { "-".to_string() };
                format!("{}{mark} {}", "  ".repeat((*indent).into()), spans(item))
            };
            items.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
        }
    });
    blocks.collect::<Vec<_>>().join("\n")
}

fn spans(all: &[Span]) -> String {
    let mut out = String::new();
    for span in all {
        match span {
            Span::Text { text, style } if style.code => {
                let text = text.replace('`', "'").replace('\n', " ");
                out.push_str(&if text.trim().is_empty() { text } else { format!("`{text}`") });
            }
            Span::Text { text, style } => out.push_str(&styled(&escape(text), *style)),
            Span::Link { href, text, .. } if href == text => out.push_str(&format!("<{}>", address(href))),
            Span::Link { href, text, style } => out.push_str(&styled(&link(href, text), *style)),
        }
    }
    out
}

/// A link under words.
fn link(href: &str, text: &str) -> String {
    format!("[{}](<{}>)", escape(text), address(href))
}

/// An address that nothing ends but its end.
fn address(href: &str) -> String {
    href.replace('<', "%3C").replace('>', "%3E").replace(')', "%29").replace('(', "%28").replace('\\', "%5C")
}

fn styled(text: &str, style: Style) -> String {
    // A mark beside a blank is none.
    let words = text.trim();
    if words.is_empty() {
        return text.to_string();
    }
    let (before, after) = (&text[..text.len() - text.trim_start().len()], &text[text.trim_end().len()..]);
    let marks = [(style.bold, "**"), (style.italic, "*"), (style.strike, "~~")];
    let marks: String = marks.into_iter().filter(|(on, _)| *on).map(|(_, mark)| mark).collect();
    let back: String = marks.chars().rev().collect();
    format!("{before}{marks}{words}{back}{after}")
}

/// A moment, which Discord shows in the reader's own time and language.
pub fn moment(before: &str, at: Moment) -> String {
    format!(" {before} <t:{}:f>", at.0.div_euclid(1_000))
}

/// A date in words, for who is not on Discord; none for one that no calendar has.
pub fn date(unix_seconds: i64) -> Option<String> {
    let at = Timestamp::from_unix_timestamp(unix_seconds).ok()?.to_string();
    Some(format!("{} {} UTC", at.get(..10)?, at.get(11..16)?))
}

/// Text that Discord shows as it is: each character that its markdown could take for a mark stands
/// behind a `\`, and `@everyone` is no word any more. At most twice as long.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '#' | '-' | '+' | '[' | ']' | '(' | ')' | '<' | ':' | '.'
            | '/' => {
                out.push('\\');
                out.push(c);
            }
            '@' => out.push_str("@\u{200b}"),
            c => out.push(c),
        }
    }
    out
}

/// One line without control or invisible characters at its ends or inside, cut to a bound.
pub fn clean_line(text: &str, chars_max: usize) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|c| !is_invisible(*c) || *c == '\u{200d}' || *c == '\u{fe0f}').collect();
        if word.chars().all(is_invisible) {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    cut(&line, chars_max)
}

/// The text, or as much of it as so many characters hold, and an ellipsis.
fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_string();
    }
    text.chars().take(chars_max.saturating_sub(1)).collect::<String>() + "…"
}

/// Marked-up text in parts that a description holds. A `\` never loses what it stands before.
fn parts(shown: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let (mut units, mut is_escape) = (0, false);
    for c in shown.chars() {
        let len = c.len_utf16();
        let whole = if c == '\\' && !is_escape { len + 2 } else { len };
        if units + whole > DESCRIPTION_UNITS_MAX && !is_escape {
            all.push(String::new());
            units = 0;
        }
        is_escape = c == '\\' && !is_escape;
        units += len;
        if let Some(last) = all.last_mut() {
            last.push(c);
        }
    }
    // Discord takes no blank description.
    all.iter_mut().filter(|part| part.trim().is_empty()).for_each(|part| *part = "\u{200b}".to_string());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use threadline_core::desk::Content;
    use threadline_core::ids::MessageId;
    use threadline_core::markup;

    fn check(value: &Value, expected: Expect) {
        expected.assert_eq(&format!("{value:#}\n").replace('\u{200b}', "‧"));
    }

    fn a_letter(texts: &[&str]) -> Letter {
        let part = |(index, text): (usize, &&str)| {
            (Piece { message: MessageId(index as u128 + 1), index: 0 }, (*text).to_string())
        };
        Letter {
            conversation: ConversationId(7),
            speaker: Some("Ada".to_string()),
            content: Content::Texts(texts.iter().enumerate().map(part).collect()),
            retry_of: None,
            calls: Vec::new(),
        }
    }

    fn posted_as(letter: &Letter) -> Value {
        let Content::Texts(texts) = &letter.content else { panic!("no text") };
        super::letter(Id(3), letter, texts)
    }

    #[test]
    fn a_customers_post_is_inert_and_carries_its_ids() {
        let post = posted_as(&a_letter(&["@everyone <@1> **hi** [you](https://example.com)", "# two"]));
        check(
            &post,
            expect![[r#"
                {
                  "allowed_mentions": {
                    "parse": [],
                    "roles": [],
                    "users": []
                  },
                  "attachments": [],
                  "embeds": [
                    {
                      "author": {
                        "name": "Ada (customer)"
                      },
                      "color": 3113197,
                      "description": "@‧everyone \\<@‧1\\> \\*\\*hi\\*\\* \\[you\\]\\(https\\:\\/\\/example\\.com\\)\n\\# two",
                      "type": "rich",
                      "url": "https://threadline.invalid/post/cnv_00000000000000000000000007/msg_00000000000000000000000001-0/msg_00000000000000000000000002-0"
                    }
                  ],
                  "enforce_nonce": true,
                  "nonce": "853a86e7d1fe51b8154e4a39",
                  "sticker_ids": [],
                  "tts": false
                }
            "#]],
        );
        let pieces: Vec<u128> = pieces_of(&post).into_iter().map(|piece| piece.message.0).collect();
        assert_eq!((pieces, card_of(&post)), (vec![1, 2], None));
    }

    #[test]
    fn the_bot_speaks_in_its_own_name_and_offers_a_retry() {
        let own = Letter { speaker: None, retry_of: Some(7), ..a_letter(&["It failed."]) };
        let post = posted_as(&own);
        assert!(post["embeds"][0].get("author").is_none());
        let id = post["components"][0]["components"][0]["custom_id"].as_str().unwrap();
        assert_eq!(buttons::pressed(id), Some(buttons::Pressed::Retry(7)));
    }

    #[test]
    fn who_is_called_is_mentioned_by_id_alone() {
        let calls = ["discord/1/7", "8", "&9", "@everyone", "<@5>"].map(str::to_string).to_vec();
        let post = posted_as(&Letter { speaker: None, calls, ..a_letter(&["Please answer @here."]) });
        assert_eq!(post["content"], "<@7> <@8> <@&9>");
        assert_eq!(post["allowed_mentions"], serde_json::json!({ "parse": [], "users": ["7", "8"], "roles": ["9"] }));
    }

    #[test]
    fn the_same_pieces_have_the_same_nonce() {
        let nonce = |texts: &[&str]| posted_as(&a_letter(texts))["nonce"].as_str().unwrap().to_string();
        assert_eq!(nonce(&["one"]), nonce(&["one"]));
        assert_ne!(nonce(&["one"]), nonce(&["one", "two"]));
        assert!(nonce(&["one"]).len() <= 25);
    }

    #[test]
    fn a_name_is_a_customers() {
        for (name, shown) in [
            ("Ada", "Ada (customer)"),
            ("@everyone", "Customer"),
            ("Clyde", "Customer"),
            (" Ada\n\u{200b}<b> ", "Ada b (customer)"),
            ("", "Customer"),
        ] {
            assert_eq!(speaker(name), shown);
        }
    }

    #[test]
    fn words_for_the_team_are_marked_up() {
        let body = markup::parse("Hello *you*, write `!claim`:\n- one\n- two_three\n> said\nhttps://example.com/a_b");
        expect![[r"
            Hello **you**, write `!claim`\:
            - one
            - two\_three
            > said
            <https://example.com/a_b>"]]
        .assert_eq(&shown(&body));
    }

    proptest! {
        #[test]
        fn a_post_of_any_text_keeps_discords_limits(text in "\\PC{0,2000}") {
            let post = posted_as(&a_letter(&[&text]));
            let embeds = post["embeds"].as_array().unwrap();
            prop_assert!(embeds.len() <= 10);
            for embed in embeds {
                let description = embed["description"].as_str().unwrap();
                prop_assert!(!description.is_empty() && description.encode_utf16().count() <= DESCRIPTION_UNITS_MAX);
            }
        }

        #[test]
        fn what_is_escaped_reads_as_it_was_written(text in "[a-z *_~|`<>@#\\\\\\[\\]()\n!.:/-]{0,120}") {
            let read = crate::markdown::body(&escape(&text));
            let styled = |span: &Span| !matches!(span, Span::Text { style, .. } if *style == Style::default());
            for block in &read.0 {
                match block {
                    Block::Paragraph(spans) => prop_assert!(!spans.iter().any(styled), "{spans:?}"),
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            let bare = |text: &str| text.replace('\u{200b}', "").trim().to_string();
            prop_assert_eq!(bare(&read.text()), bare(&text));
        }
    }
}
