//! Those who mean ill by what they write: every trick of the corpus through every field of a customer
//! and through everything that an agent can write, on both desks. It stays text: nobody is mentioned,
//! no link is forged, no log holds it, what is refused says so, and the next ordinary message goes on.

use crate::corpus::{CANARY, MESSAGE_CHARS_MAX, Trick, tricks};
use crate::house::files::png;
use crate::house::{Answer, CHANNEL, Customer, Desk, DeskKind, House, NewCustomer, Setup, Site, slack_thread};
use futures_util::{StreamExt, stream};
use http::Method;
use hyper::body::Bytes;
use serde_json::{Value, json};
use threadline_core::body::is_invisible;
use threadline_core::context::one_line;

desk_plays! {
    whatever_a_customer_writes_stays_text,
    whatever_an_agent_writes_stays_text,
}
plays! {
    what_is_no_text_is_refused_in_words,
    whatever_slack_says_a_message_is_made_of_stays_text,
}

/// Conversations that are played at once.
const AT_ONCE: usize = 8;

const TOPICS: &str = r#"
[[topic]]
id = "technical"
label = "Technical Issues"
[[topic.field]]
id = "campaign_id"
label = "Campaign ID"
[[topic.field]]
id = "steps"
label = "Steps"
kind = "text"
[[context]]
key = "plan"
label = "Plan"
link = "https://app.example.com/plans/{plan}"
pattern = '.*'
"#;

/// Room for whatever has no limit of its own.
const LIMITS: &str = "message_chars_max = 40000\nbody_bytes_max = 1048576\nconversations_per_address_per_minute = 0\n\
                      messages_per_conversation_per_minute = 0\nrequests_per_address_per_minute = 0\n\
                      connections_per_address_max = 0\nstreams_per_address_max = 0";

const ORDINARY: &str = "An ordinary word";

fn setup(desk: DeskKind) -> Setup {
    Setup { topics: TOPICS, limits: LIMITS, ..Setup::at(desk) }
}

/// A trick, and what of it was taken.
struct Played {
    trick: Trick,
    customer: Customer,
    /// What the conversation was opened with.
    said: Value,
    wrote: bool,
    /// The name under which the file is kept.
    file: Option<String>,
    rated: bool,
}

async fn whatever_a_customer_writes_stays_text(house: House, desk: DeskKind) {
    let site = house.open(setup(desk)).await;
    let played = stream::iter(tricks()).map(|trick| writes_it_everywhere(&site, trick));
    let mut played: Vec<Played> = played.buffer_unordered(AT_ONCE).collect().await;
    site.settle().await;
    let grace = site.agent("Grace");
    for Played { customer, .. } in &played {
        grace.writes(customer, "!resolve").await;
    }
    site.settle().await;
    for it in &mut played {
        let rating = json!({ "key": "a-rating-1", "score": 4, "comment": it.trick.text });
        let answer = site.web().send(Method::POST, "/v1/rating", Some(it.customer.token()), &rating).await;
        it.rated = taken(&it.trick, &answer);
    }
    site.settle().await;
    for it in &played {
        reads_back(&site, it).await;
    }
    if desk == DeskKind::Slack {
        nobody_is_mentioned(&site);
    }
    let lines = site.journal().lines();
    let told = lines.iter().find(|line| line.contains(CANARY) || line.contains("evil.example"));
    assert_eq!(told, None, "the log holds what was written");
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    grace.writes(&ada, "Looking into it").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["Looking into it"]);
}

/// A trick through every field of a customer; a field that is refused is left out, and all others stay.
async fn writes_it_everywhere(site: &Site, trick: Trick) -> Played {
    let text = trick.text.as_str();
    let mut said = json!({
        "topic": "technical",
        "name": text,
        "email": format!("{text}@evil.example"),
        "fields": { "campaign_id": text, "steps": text, "older": text },
        "page": { "url": format!("https://evil.example/{text}"), "title": text, "referrer": text },
        "facts": { "plan": text, "seats": text },
        "language": text,
        "time_zone": text,
    });
    if text.len() > 60_000 {
        // Together they are refused as too long a body; alone, each has to be refused for itself.
        said = json!({ "topic": "technical", "name": text, "fields": { "steps": text }, "facts": { "plan": text }, "page": { "title": text } });
    }
    for (field, value) in [("topic", json!(text)), ("proof", json!(text)), (text, json!(text))] {
        let mut wrong = said.clone();
        wrong[field] = value;
        let answer = site.web().send(Method::POST, "/v1/conversations", None, &wrong).await;
        assert!(!taken(&trick, &answer), "{}: {field:.20} is taken", trick.name);
    }
    loop {
        let answer = site.web().send(Method::POST, "/v1/conversations", None, &said).await;
        if taken(&trick, &answer) {
            break;
        }
        let problem = answer.json();
        let field = problem["field"].as_str().unwrap_or_else(|| panic!("{}: {problem}", trick.name));
        // What is too much together goes one by one.
        let at_fault = match field {
            "fields" => ["older", "steps", "campaign_id"].into_iter().find(|id| said["fields"].get(id).is_some()),
            "facts" => ["seats", "plan"].into_iter().find(|key| said["facts"].get(key).is_some()),
            field => Some(field),
        };
        assert!(at_fault.is_some_and(|field| leaves_out(&mut said, field)), "{}: {problem}", trick.name);
    }
    let new = NewCustomer { name: None, topic: "technical", more: said.clone(), receipts: false, page: false };
    let customer = site.new_customer(new).await;
    for (key, value) in [("a-key-of-mine", text), (text, "x")] {
        // As the key of a message, and of a fact.
        let message = json!({ "key": value, "text": "x" });
        let answer = site.web().send(Method::POST, "/v1/messages", Some(customer.token()), &message).await;
        assert!(!taken(&trick, &answer), "{}: {key:.20}", trick.name);
        let told = json!({ "facts": { key: "x" } });
        let answer = site.web().send(Method::POST, "/v1/context", Some(customer.token()), &told).await;
        assert!(!taken(&trick, &answer), "{}: {key:.20}", trick.name);
    }
    let told = json!({ "name": said["name"], "facts": said["facts"], "page": said["page"] });
    let answer = site.web().send(Method::POST, "/v1/context", Some(customer.token()), &told).await;
    assert!(taken(&trick, &answer), "{}: {}", trick.name, answer.text());
    // A longer name fits into no head, and the connection ends there.
    let mut file = None;
    if text.len() < 2_000 {
        let upload = customer.uploads(text, png()).await;
        file = taken(&trick, &upload).then(|| upload.json());
    }
    let files: Vec<&Value> = file.iter().map(|file| &file["id"]).collect();
    let answer = customer.sends_with(&customer.fresh_key(), text, &json!(files)).await;
    let wrote = taken(&trick, &answer);
    if !wrote {
        customer.sends_with(&customer.fresh_key(), "", &json!(files)).await;
    }
    customer.writes(ORDINARY).await;
    let file = file.map(|file| file["name"].as_str().unwrap().to_string());
    Played { trick, customer, said, wrote, file, rated: false }
}

/// Takes a field away, wherever it is said; whether it was.
fn leaves_out(said: &mut Value, field: &str) -> bool {
    let mut places = said.as_object_mut().map(|top| vec![top.remove(field).is_some()]).unwrap_or_default();
    for part in ["fields", "facts"] {
        places.extend(said[part].as_object_mut().map(|part| part.remove(field).is_some()));
    }
    places.contains(&true)
}

/// Whether it was taken. What is not taken is refused in words.
fn taken(trick: &Trick, answer: &Answer) -> bool {
    if answer.status.is_success() {
        return true;
    }
    let problem = answer.problem();
    let (status, words) = problem.split_once(' ').unwrap();
    assert!(status.starts_with('4') && words.len() > 10, "{}: {problem}", trick.name);
    false
}

/// What the customer and the desk have is what was written.
async fn reads_back(site: &Site, it: &Played) {
    let (name, text) = (it.trick.name, it.trick.text.as_str());
    let page = site.web().get("/v1/messages", Some(it.customer.token())).await.expect(200);
    let first = &page["messages"][0];
    if it.wrote {
        assert_eq!(first["body"][0]["c"][0]["v"], text.replace(['\r', '\0'], ""), "{name}");
        assert_eq!((&first["body"][0]["t"], &first["body"][0]["c"][0]["t"]), (&json!("p"), &json!("text")), "{name}");
    }
    assert_eq!(first["state"], "posted", "{name}");
    let mut lines = site.desk().customers_lines(&it.customer).await;
    let ordinary = lines.iter().rposition(|line| line == ORDINARY).unwrap_or_else(|| panic!("{name}: {lines:?}"));
    lines.truncate(ordinary);
    if let Some(file) = &it.file {
        assert_eq!(lines.pop(), Some(format!("[file: {file}]")), "{name}");
        let is_odd = |c: char| (is_invisible(c) && c != ' ') || "/\\:*?\"<>|`".contains(c);
        assert!(!file.contains(is_odd) && file.ends_with(".png") && file.chars().count() <= 120, "{name}: {file}");
    }
    if it.wrote {
        assert_eq!(ink(&lines.concat()), ink(text), "{name}");
        if text.chars().count() < 3_000 {
            assert_eq!(lines.join("\n").trim(), text.replace(['\r', '\0'], "").trim(), "{name}");
        }
    }
    let (card, thread) = (card(site, &it.customer).await, site.thread(&it.customer).await);
    let on_the_card = |value: &Value| {
        let Some(text) = value.as_str() else { return };
        let wanted = ink(text).replace('|', "¦");
        assert!(ink(&card).replace('|', "¦").contains(&wanted), "{name}: {text}\nis not on the card:\n{card}");
    };
    on_the_card(&it.said["name"]);
    for field in ["campaign_id", "steps", "older"] {
        on_the_card(&it.said["fields"][field]);
    }
    // What is long in these is cut.
    for value in [&it.said["email"], &it.said["page"]["title"], &it.said["facts"]["seats"], &it.said["facts"]["plan"]] {
        let text = value.as_str().map(one_line).unwrap_or_default();
        on_the_card(&json!(text.chars().take(50).collect::<String>()));
    }
    if it.rated {
        assert!(
            ink(&thread).replace(['*', '~', '`', '_'], "").contains(&ink(text).replace(['*', '~', '`', '_'], "")),
            "{name}"
        );
    }
}

/// All words of the card.
async fn card(site: &Site, customer: &Customer) -> String {
    if matches!(site.desk(), Desk::Slack(_)) {
        let thread = slack_thread(site.slack(), customer).await;
        return site.slack().thread(&thread.channel, &thread.ts)[0].shown.clone();
    }
    let path = format!("/practice/api/threads/{}", customer.number());
    let mut words = String::new();
    gather(&site.web().get(&path, None).await.expect(200)["posts"][0]["card"], &mut words);
    words
}

/// All texts in a value, one below the other.
fn gather(value: &Value, words: &mut String) {
    match value {
        Value::String(text) => words.push_str(&format!("{text}\n")),
        Value::Array(items) => items.iter().for_each(|item| gather(item, words)),
        Value::Object(fields) => fields.values().for_each(|field| gather(field, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What can be seen of a text, without the room between it.
fn ink(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).collect()
}

/// In all that was posted there is no element that mentions or styles, and no link but a card's.
fn nobody_is_mentioned(site: &Site) {
    for post in site.slack().messages(CHANNEL).into_iter().filter(|post| post.is_ours) {
        is_plain(&post.json["blocks"]);
        assert!(!post.text.contains(['<', '>']), "{}", post.text);
        assert!(!post.author.contains(['<', '>', '@', '*', '`', '|']), "{}", post.author);
    }
    let edits = site.slack().calls_of("chat.update");
    for call in site.slack().calls_of("chat.postMessage").iter().chain(&edits) {
        let said = |name: &str| call.args.get(name).cloned();
        assert_eq!((said("parse"), said("link_names")), (Some(json!("none")), None), "{:?}", call.args);
        if call.method == "chat.postMessage" {
            assert_eq!((said("unfurl_links"), said("unfurl_media")), (Some(json!(false)), Some(json!(false))));
        }
    }
    for call in site.slack().calls_of("files.completeUploadExternal") {
        assert_eq!(call.args.get("initial_comment"), None, "{:?}", call.args);
    }
}

fn is_plain(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(is_plain),
        Value::Object(fields) => {
            let kind = value["type"].as_str().unwrap_or_default();
            let active =
                ["user", "usergroup", "channel", "broadcast", "team", "emoji", "link", "color", "rich_text_quote"];
            assert!(!active.contains(&kind) && value["emoji"] != true, "{value}");
            if kind == "mrkdwn" {
                assert_eq!(value["verbatim"], true, "{value}");
                links_lead_where_they_say(value["text"].as_str().unwrap());
            }
            fields.values().for_each(is_plain);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A label that looks like an address is the address.
fn links_lead_where_they_say(mrkdwn: &str) {
    for form in mrkdwn.split('<').skip(1) {
        let (link, rest) = form.split_once('>').unwrap_or_else(|| panic!("no end: {mrkdwn}"));
        let (href, label) = link.split_once('|').unwrap_or_else(|| panic!("no label: {mrkdwn}"));
        assert!(href.starts_with("https://") || href.starts_with("http://"), "{mrkdwn}");
        assert!(!label.contains('|') && !rest.contains('>'), "{mrkdwn}");
        let plain = |text: &str| text.replace("%7C", "¦").replace("%3E", "&gt;").replace("%3C", "&lt;");
        let (href, label) = (plain(href), plain(label));
        // A long one is shown in part; what the operator's own links are called is a fact.
        let leads = label.strip_suffix('…').map_or(href == label, |part| href.starts_with(part));
        assert!(!label.contains("://") || leads || href.starts_with("https://app.example.com/plans/"), "{mrkdwn}");
    }
}

async fn whatever_an_agent_writes_stays_text(house: House, desk: DeskKind) {
    let site = house.open(setup(desk)).await;
    let played = stream::iter(tricks()).map(|trick| is_written_to(&site, trick)).buffer_unordered(AT_ONCE);
    let played: Vec<(Trick, Customer)> = played.collect().await;
    site.settle().await;
    for (trick, customer) in &played {
        let page = customer.page();
        for message in page.messages() {
            is_harmless(trick.name, message);
        }
        assert_eq!(page.texts("agent").last().map(String::as_str), Some(ORDINARY), "{}", trick.name);
        for internal in ["U0PERSON", "C0SUPPORT1", "#support", "S0TEAM"] {
            let own = trick.text.contains(internal);
            let shown = page.transcript();
            assert!(own || !shown.contains(internal), "{}: {internal}\n{shown}", trick.name);
        }
    }
    let lines = site.journal().lines();
    let told = lines.iter().find(|line| line.contains(CANARY) || line.contains("evil.example"));
    assert_eq!(told, None, "the log holds what was written");
}

/// A trick as everything that an agent says: his name, a message, a file's name, an edit.
async fn is_written_to(site: &Site, trick: Trick) -> (Trick, Customer) {
    let customer = site.customer("Ada").await;
    customer.writes("My export hangs").await;
    let text = trick.text.as_str();
    let grace = site.agent("Grace");
    let harmless = grace.writes(&customer, "Something harmless").await;
    if let Desk::Slack(slack) = site.desk() {
        let thread = slack_thread(&slack, &customer).await;
        let (channel, ts) = (thread.channel.as_str(), thread.ts.as_str());
        let evil = slack.agent(text);
        evil.writes(channel, ts, text);
        let section = json!({ "type": "rich_text_section", "elements": [{ "type": "text", "text": text }] });
        evil.writes_blocks(channel, ts, text, json!([{ "type": "rich_text", "elements": [section] }]));
        slack.agent("Grace").edits(&harmless, text);
        site.agent("Grace").attaches(&customer, text, text, png()).await;
        let (whole, seen) = (ink(text), async || customer.page().texts("agent"));
        let bounded: String = whole.chars().take(MESSAGE_CHARS_MAX).collect();
        crate::house::until(trick.name, async || seen().await.iter().any(|it| ink(it).starts_with(&bounded))).await;
    } else {
        let path = format!("/practice/api/threads/{}/posts", customer.number());
        for agent in [text, "Grace"] {
            let said = json!({ "agent": agent, "text": text });
            let answer = site.web().send(Method::POST, &path, None, &said).await;
            let is_taken = taken(&trick, &answer);
            assert!(is_taken || agent == text || text.chars().count() > MESSAGE_CHARS_MAX, "{}", trick.name);
        }
        let path = format!("{path}/{harmless}");
        let said = json!({ "agent": "Grace", "text": text });
        taken(&trick, &site.web().send(Method::PATCH, &path, None, &said).await);
        if text.len() < 2_000 {
            grace.attaches(&customer, "", text, png()).await;
        }
    }
    grace.writes(&customer, ORDINARY).await;
    (trick, customer)
}

/// A message as a customer gets it: its links can be followed, its names turn nothing around.
fn is_harmless(trick: &str, message: &Value) {
    let is_line = |text: &str| {
        let joins = |c: char| c == '\u{200d}' || c == '\u{fe0f}' || c == ' ';
        text.chars().count() <= 120 && !text.chars().any(|c| is_invisible(c) && !joins(c))
    };
    assert!(message["name"].as_str().is_none_or(is_line), "{trick}: {}", message["name"]);
    for file in message["files"].as_array().into_iter().flatten() {
        assert!(file["name"].as_str().is_some_and(is_line), "{trick}: {file}");
    }
    links_can_be_followed(trick, &message["body"]);
}

fn links_can_be_followed(trick: &str, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| links_can_be_followed(trick, item)),
        Value::Object(fields) => {
            if let Some(href) = value.get("href") {
                let href = href.as_str().unwrap();
                let good = ["http://", "https://", "mailto:"].iter().any(|good| href.to_lowercase().starts_with(good));
                assert!(good && !href.chars().any(|c| c.is_control() || c.is_whitespace()), "{trick}: {value}");
            }
            fields.values().for_each(|field| links_can_be_followed(trick, field));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A trick in every place of every element that Slack's messages are made of, and of some that they are not.
async fn whatever_slack_says_a_message_is_made_of_stays_text(house: House) {
    let site = house.open(setup(DeskKind::Slack)).await;
    let slack = site.slack();
    // Slack passes on 40,000 characters of a message; all these elements together are no more.
    let tricks = tricks().into_iter().filter(|trick| trick.text.len() < 1_000);
    let played = stream::iter(tricks).map(|trick| async {
        let customer = site.customer("Ada").await;
        customer.writes("My export hangs").await;
        let thread = slack_thread(slack, &customer).await;
        let grace = slack.agent("Grace");
        let odd = grace.writes_blocks(&thread.channel, thread.ts.as_str(), "odd", blocks_of(&trick.text));
        let mention = json!({ "type": "message", "channel": trick.text, "user": trick.text, "text": trick.text, "ts": trick.text });
        slack.sends_event(mention);
        let change = json!({ "type": "message", "subtype": "message_changed", "channel": thread.channel, "message": {
            "type": "message", "user": trick.text, "text": trick.text, "ts": odd, "thread_ts": thread.ts,
            "edited": { "user": trick.text, "ts": trick.text }, "blocks": trick.text, "files": trick.text,
        } });
        slack.sends_event(change);
        grace.writes(&thread.channel, thread.ts.as_str(), ORDINARY);
        (trick, customer)
    });
    let played: Vec<(Trick, Customer)> = played.buffer_unordered(AT_ONCE).collect().await;
    site.settle().await;
    for (trick, customer) in &played {
        for message in customer.page().messages() {
            is_harmless(trick.name, message);
        }
        assert_eq!(customer.page().texts("agent").last().map(String::as_str), Some(ORDINARY), "{}", trick.name);
    }
}

fn blocks_of(text: &str) -> Value {
    let elements = json!([
        { "type": "text", "text": text, "style": { "bold": true, "code": text } },
        { "type": "link", "url": text, "text": "https://bank.example" },
        { "type": "link", "url": "https://evil.example", "text": text },
        { "type": "link", "url": format!("https://evil.example/{text}") },
        { "type": "user", "user_id": text },
        { "type": "usergroup", "usergroup_id": text },
        { "type": "channel", "channel_id": text },
        { "type": "broadcast", "range": text },
        { "type": "team", "team_id": text },
        { "type": "emoji", "name": text, "unicode": text, "url": text },
        { "type": "emoji", "name": "x", "unicode": "d800-110000-ffffffff" },
        { "type": "date", "timestamp": i64::MAX, "format": text, "fallback": text, "url": text },
        { "type": "date", "timestamp": i64::MIN },
        { "type": "color", "value": text },
        { "type": text, "text": text, "elements": text },
    ]);
    let section = json!({ "type": "rich_text_section", "elements": elements });
    let list = |level: i64| json!({ "type": "rich_text_list", "style": text, "indent": level, "offset": level, "border": level, "elements": [section] });
    json!([
        { "type": "rich_text", "elements": [
            section, list(-1), list(i64::MAX),
            { "type": "rich_text_quote", "elements": elements },
            { "type": "rich_text_preformatted", "elements": elements, "language": text },
            { "type": text, "elements": elements },
        ] },
        { "type": "section", "text": { "type": "mrkdwn", "text": text }, "fields": [{ "type": "plain_text", "text": text }] },
        { "type": "header", "text": { "type": "plain_text", "text": text, "emoji": true } },
        { "type": "context", "elements": [{ "type": "image", "image_url": text, "alt_text": text }, { "type": text, "text": text }] },
        { "type": "image", "image_url": text, "alt_text": text, "title": { "type": "plain_text", "text": text } },
        { "type": "video", "video_url": text, "title_url": text, "title": { "type": "plain_text", "text": text } },
        { "type": text, "text": text },
    ])
}

/// JSON that says no text, or is none.
async fn what_is_no_text_is_refused_in_words(house: House) {
    let site = house.open(setup(DeskKind::Practice)).await;
    let ada = site.customer("Ada").await;
    let bearer = format!("Bearer {}", ada.token());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let values: [(&str, &[u8]); 11] = [
        ("half a surrogate", br#""\ud800""#),
        ("its other half", br#""\udc00x""#),
        ("two first halves", br#""\ud800\ud800""#),
        ("no UTF-8", b"\"\xff\xfe\""),
        ("half a letter", b"\"\xc3\""),
        ("a longer way to write a slash", b"\"\xc0\xaf\""),
        ("a control as it is", b"\"\x01\""),
        ("an escape that is none", br#""\x41""#),
        ("a number", b"1e999"),
        ("a list", b"[[\"x\"]]"),
        ("no end", b"\"x"),
    ];
    let deep = "[".repeat(50_000);
    let values = values.into_iter().chain([("a bomb of lists", deep.as_bytes())]);
    for (what, value) in values {
        for (path, before, after) in [
            ("/v1/messages", r#"{"key":"a-key-of-mine","text":"#, "}"),
            ("/v1/conversations", r#"{"topic":"technical","name":"#, "}"),
            ("/v1/conversations", r#"{"topic":"technical","facts":{"plan":"#, "}}"),
            ("/v1/conversations", r#"{"topic":"technical","fields":{"steps":"#, "}}"),
            ("/v1/conversations", r#"{"topic":"technical","page":{"title":"#, "}}"),
            ("/v1/context", r#"{"facts":{"plan":"#, "}}"),
            ("/v1/rating", r#"{"key":"a-key-of-mine","score":5,"comment":"#, "}"),
            ("/practice/api/threads/1001/posts", r#"{"agent":"Grace","text":"#, "}"),
        ] {
            let body = [before.as_bytes(), value, after.as_bytes()].concat();
            let answer = site.web().ask(Method::POST, path, &headers, Bytes::from(body)).await.unwrap();
            let problem = answer.problem();
            assert!(problem.starts_with("400 ") || problem.starts_with("422 "), "{what} at {path}: {problem}");
        }
    }
    // A name that is no UTF-8.
    let headers = [("authorization", bearer.as_str()), ("upload-key", "a-key-of-mine"), ("upload-name", "%ff%00%zz")];
    let file = site.web().ask(Method::POST, "/v1/files", &headers, png().into()).await.unwrap().expect(201);
    assert!(file["name"].as_str().unwrap().ends_with(".png"), "{file}");
    ada.writes(ORDINARY).await;
    site.settle().await;
    assert_eq!(site.desk().customers_lines(&ada).await, [ORDINARY]);
}
