//! What agents do in Slack with buttons, menus, commands and forms: in time whatever the database
//! does, done once, and told to who did it.

use crate::house::slack_thread;
use crate::house::{CHANNEL, Customer, DeskKind, House, Setup, Site, until};
use expect_test::expect;
use serde_json::json;
use std::time::Duration;
use threadline_fake_slack::Agent;

plays! {
    every_way_of_a_verb_does_the_same,
    a_card_is_worked_with_buttons_and_a_menu,
    a_command_names_the_conversation_or_lets_one_pick,
    lists_say_what_there_is_to_do,
    a_message_has_shortcuts,
    of_two_who_press_at_once_one_has_it,
    a_press_that_is_told_twice_is_done_once,
    a_form_opens_and_waits_while_the_database_stalls,
    a_form_that_comes_too_late_is_told,
    a_form_of_which_nobody_heard_that_it_opened_is_filled_in_all_the_same,
    what_somebody_else_resolved_meanwhile_stays_resolved,
    strangers_do_nothing,
    what_is_said_to_the_bot_is_done_once,
    a_home_shows_what_there_is_to_do,
    who_is_not_in_the_channel_sees_nothing,
    two_hundred_at_once,
    hands_over_http,
}

fn setup() -> Setup {
    Setup::at(DeskKind::Slack)
}

/// The `ts` of the customer's card.
async fn card(site: &Site, customer: &Customer) -> String {
    slack_thread(site.slack(), customer).await.ts
}

async fn waiting(site: &Site, name: &str) -> (Customer, String) {
    let customer = site.customer(name).await;
    customer.writes("My export hangs").await;
    site.settle().await;
    let card = card(site, &customer).await;
    (customer, card)
}

/// Presses, and waits until Slack has its answer.
async fn press(agent: &Agent, card: &str, action: &str, value: Option<&str>) {
    assert!(agent.presses(card, action, value).payload().await.is_some(), "{action} was not taken in time");
}

/// Picks from the menu of a card what opens a form, and waits until it is open.
async fn opens(site: &Site, agent: &Agent, card: &str, value: &str) {
    press(agent, card, "verbs/more", Some(value)).await;
    until("a form", async || site.slack().modal().is_some()).await;
}

async fn commands(agent: &Agent, text: &str) {
    assert!(agent.commands(CHANNEL, "/threadline", text).payload().await.is_some(), "{text} was not taken in time");
}

/// Commands, and waits for the one answer that only who commanded sees.
async fn asks(site: &Site, agent: &Agent, channel: &str, text: &str) {
    let told = site.slack().ephemerals(channel).len();
    assert!(agent.commands(channel, "/threadline", text).payload().await.is_some(), "{text} was not taken in time");
    until("an answer", async || site.slack().ephemerals(channel).len() > told).await;
}

fn whispers(site: &Site) -> String {
    site.slack().ephemerals(CHANNEL).into_iter().map(|(who, words)| format!("{who}: {words}\n")).collect()
}

/// The ways to a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// `!claim` in the thread.
    Typed,
    /// `@Threadline claim` in the thread.
    ToBot,
    /// A button or the menu of the card.
    Card,
    /// The menu of a message.
    Shortcut,
    /// `/threadline claim #1042`.
    Command,
    /// `/threadline`, and its form.
    Form,
}

const WAYS: [Way; 6] = [Way::Typed, Way::ToBot, Way::Card, Way::Shortcut, Way::Command, Way::Form];
/// How a conversation stands, what was done for that, and the verbs that meet it.
const MEETINGS: [(&str, &[&str], &[&str]); 3] = [
    ("waiting", &[], &["claim", "release", "assign", "topic", "resolve"]),
    ("of Grace", &["!claim"], &["claim", "release", "assign", "resolve"]),
    ("resolved", &["!resolve"], &["claim", "resolve", "reopen"]),
];

async fn every_way_of_a_verb_does_the_same(house: House) {
    let site = house.open(setup()).await;
    let (grace, alan, hedy) = (site.slack().agent("Grace"), site.slack().agent("Alan"), site.slack().agent("Hedy"));
    let mut cases = Vec::new();
    for (standing, before, verbs) in MEETINGS {
        for verb in verbs {
            for way in WAYS {
                let customer = site.customer(&format!("{standing}, {verb}, {way:?}")).await;
                customer.writes("My export hangs").await;
                cases.push((standing, before, *verb, way, customer));
            }
        }
    }
    site.settle().await;
    for (_, before, _, _, customer) in &cases {
        let card = card(&site, customer).await;
        before.iter().for_each(|text| drop(grace.writes(CHANNEL, card.as_str(), text)));
    }
    site.settle().await;
    let mut outcomes: Vec<(&str, &str, Way, String)> = Vec::new();
    for (standing, _, verb, way, customer) in &cases {
        let card = card(&site, customer).await;
        let said = || site.slack().thread(CHANNEL, &card).into_iter().filter(|post| post.is_ours && post.ts != card);
        let said_before = said().count();
        if !does(&site, &alan, &hedy, customer, &card, *way, verb).await {
            continue;
        }
        site.settle().await;
        let shown = site.desk().card(customer).await;
        let said: Vec<String> = said().skip(said_before).map(|post| post.shown).collect();
        outcomes.push((standing, verb, *way, format!("{shown} | {}", said.join(" | "))));
    }
    let mut table = String::new();
    for (standing, verb, way, outcome) in &outcomes {
        match way {
            Way::Typed => table.push_str(&format!("{standing}, {verb}: {outcome} | Typed")),
            way => {
                let typed = outcomes.iter().find(|it| (it.0, it.1, it.2) == (*standing, *verb, Way::Typed)).unwrap();
                assert_eq!(typed.3, *outcome, "{standing}, {verb}, {way:?}");
                table.push_str(&format!(", {way:?}"));
            }
        }
        if *way == Way::Form {
            table.push('\n');
        }
    }
    expect![[r#"
        waiting, claim: Waiting for an answer · Alan has it | Alan has this conversation now. | Typed, ToBot, Card, Shortcut, Command, Form
        waiting, release: Waiting for an answer |  | Typed, ToBot, Command, Form
        waiting, assign: Waiting for an answer · Hedy has it | Alan gave this conversation to Hedy. | Typed, ToBot, Card, Shortcut, Command, Form
        waiting, topic: Waiting for an answer | Alan changed the topic to Billing Questions. | Typed, ToBot, Card, Shortcut, Command, Form
        waiting, resolve: Resolved by Alan | Alan resolved this conversation. The customer is asked how it was. | Typed, ToBot, Card, Shortcut, Command, Form
        of Grace, claim: Waiting for an answer · Grace has it |  | Typed, ToBot, Shortcut, Command, Form
        of Grace, release: Waiting for an answer | Alan released this conversation from Grace. | Typed, ToBot, Card, Command, Form
        of Grace, assign: Waiting for an answer · Hedy has it | Alan gave this conversation to Hedy. | Typed, ToBot, Card, Shortcut, Command, Form
        of Grace, resolve: Resolved by Alan · Grace has it | Alan resolved this conversation. The customer is asked how it was. | Typed, ToBot, Card, Shortcut, Command, Form
        resolved, claim: Resolved by Grace · Alan has it | Alan has this conversation now. | Typed, ToBot, Card, Shortcut, Command, Form
        resolved, resolve: Resolved by Grace |  | Typed, ToBot, Shortcut, Command, Form
        resolved, reopen: Waiting for an answer | Alan opened this conversation again. | Typed, ToBot, Card, Command, Form
    "#]].assert_eq(&table);
}

/// Does a verb that way; false where there is no such way to it.
async fn does(site: &Site, alan: &Agent, hedy: &Agent, customer: &Customer, card: &str, way: Way, verb: &str) -> bool {
    let number = customer.number().to_string();
    let (needs, value): (Option<&str>, String) = match verb {
        "assign" => (Some("who"), hedy.id.clone()),
        "topic" => (Some("topic"), "billing".to_string()),
        _ => (None, String::new()),
    };
    let written = match verb {
        "assign" => format!("assign <@{}>", hedy.id),
        "topic" => "topic billing".to_string(),
        verb => verb.to_string(),
    };
    let taken = match way {
        Way::Typed => {
            alan.writes(CHANNEL, card, &format!("!{written}"));
            return true;
        }
        Way::ToBot => {
            alan.writes(CHANNEL, card, &format!("<@{}> {written}", threadline_fake_slack::BOT_USER_ID));
            return true;
        }
        Way::Card => {
            let root = site.slack().thread(CHANNEL, card).remove(0).json["blocks"].to_string();
            let button = format!("verb/{verb}");
            let reply = if root.contains(&format!("\"{button}\"")) {
                alan.presses(card, &button, None)
            } else if needs.is_some() {
                alan.presses(card, "verbs/more", format!("{verb}/{number}").as_str())
            } else {
                return false;
            };
            reply.payload().await.map(drop)
        }
        Way::Shortcut if ["release", "reopen"].contains(&verb) => return false,
        Way::Shortcut => alan.shortcuts(card, &format!("verb/{verb}")).payload().await.map(drop),
        Way::Command => {
            let (verb, rest) = written.split_once(' ').unwrap_or((&written, ""));
            let text = format!("{verb} #{number} {rest}");
            return alan.commands(CHANNEL, "/threadline", text.trim()).payload().await.is_some();
        }
        Way::Form => {
            commands(alan, "").await;
            until("a form", async || site.slack().modal().is_some()).await;
            alan.types("which", &number).entries().await.unwrap();
            alan.fills(&[("which", number.as_str()), ("what", verb)]).payload().await.map(drop)
        }
    };
    taken.expect("taken in time");
    if let (Some(field), Way::Card | Way::Shortcut | Way::Form) = (needs, way) {
        let asks = async || site.slack().modal().is_some_and(|view| view["blocks"][0]["block_id"] == field);
        until("a form for what is needed", asks).await;
        assert!(alan.fills(&[(field, value.as_str())]).payload().await.unwrap().is_null());
    }
    true
}

async fn a_card_is_worked_with_buttons_and_a_menu(house: House) {
    let site = house.open(setup()).await;
    let (ada, card) = waiting(&site, "Ada").await;
    let (grace, alan) = (site.slack().agent("Grace"), site.slack().agent("Alan"));
    press(&grace, &card, "verb/claim", None).await;
    site.settle().await;
    opens(&site, &grace, &card, "assign/1001").await;
    assert!(grace.fills(&[("who", &alan.id)]).payload().await.unwrap().is_null());
    site.settle().await;
    opens(&site, &alan, &card, "topic/1001").await;
    assert!(alan.fills(&[("topic", "billing")]).payload().await.unwrap().is_null());
    site.settle().await;
    opens(&site, &alan, &card, "note/1001").await;
    let empty = alan.fills(&[("note", " ")]).payload().await.unwrap();
    assert_eq!(empty["response_action"], "errors");
    assert!(alan.fills(&[("note", "she is in a hurry")]).payload().await.unwrap().is_null());
    site.settle().await;
    press(&alan, &card, "verbs/more", Some("help/1001")).await;
    press(&alan, &card, "verb/resolve", None).await;
    site.settle().await;
    press(&grace, &card, "verb/reopen", None).await;
    site.settle().await;
    press(&grace, &card, "verb/release", None).await;
    site.settle().await;
    let thread = site.thread(&ada).await;
    expect![[r#"
        #1001 · Billing Questions
          Ada (customer): My export hangs
          Threadline: Grace has this conversation now.
          Threadline: Grace gave this conversation to Alan.
          Threadline: Alan changed the topic to Billing Questions.
          Threadline: Note by Alan, which the customer does not see:
            she is in a hurry
          Threadline: Alan resolved this conversation. The customer is asked how it was.
          Threadline: Grace opened this conversation again.
          Threadline: Grace released this conversation from Alan.
    "#]]
    .assert_eq(thread.split("  (to").next().unwrap_or_default());
    assert!(thread.contains("(to Alan alone: What you can do in this thread."), "{thread}");
    assert!(ada.page().texts("agent").is_empty(), "{}", ada.sees());
    assert_eq!(site.slack().stats().interactions_late, 0);
}

async fn a_command_names_the_conversation_or_lets_one_pick(house: House) {
    let site = house.open(setup()).await;
    let (ada, _) = waiting(&site, "Ada").await;
    let (bob, _) = waiting(&site, "Bob").await;
    let (grace, alan) = (site.slack().agent("Grace"), site.slack().agent("Alan"));
    for text in [
        "claim #1001",
        "claim #1001",
        "claim",
        "claim #7",
        "calim #1001",
        "escalate #1001",
        "topic #1001 cooking",
        "resolve #1001 soon",
    ] {
        commands(&grace, text).await;
        site.settle().await;
    }
    commands(&grace, &format!("assign #1001 <@{}|alan>", alan.id)).await;
    site.settle().await;
    expect![[r#"
        Grace: #1001: Grace has this conversation now.
        Grace: #1001: You have this conversation already.
        Grace: Nothing was done: which conversation is it about? Say its number, as in claim #1042, or nothing at all to pick one.
        Grace: Nothing was done: there is no conversation #7 here, or it has no thread yet.
        Grace: Nothing was done: calim looks like claim.
        Grace: Nothing was done: escalate is switched off in this Threadline.
        Grace: #1001: There is no topic “cooking”. The topics are Technical Issues, Billing Questions.
        Grace: Nothing was done: it is resolve or resolve silently.
        Grace: #1001: Grace gave this conversation to Alan.
    "#]].assert_eq(&whispers(&site));

    commands(&grace, "").await;
    until("a form", async || site.slack().modal().is_some()).await;
    let offered = grace.types("which", "").entries().await.unwrap();
    assert_eq!(
        offered,
        [
            ("1001".into(), "#1001 · Ada · Technical Issues".into()),
            ("1002".into(), "#1002 · Bob · Technical Issues".into())
        ]
    );
    assert_eq!(grace.types("which", "bo").entries().await.unwrap().len(), 1);
    assert_eq!(grace.types("which", "100").entries().await.unwrap().len(), 2);
    assert_eq!(grace.types("which", "nobody_%").entries().await.unwrap(), []);
    let next = grace.fills(&[("which", "1002"), ("what", "note")]).payload().await.unwrap();
    assert_eq!(next["response_action"], "update");
    assert!(grace.fills(&[("note", "she is in a hurry")]).payload().await.unwrap().is_null());
    site.settle().await;
    commands(&grace, "").await;
    until("a form", async || site.slack().modal().is_some()).await;
    grace.types("which", "1002").entries().await.unwrap();
    assert!(grace.fills(&[("which", "1002"), ("what", "claim")]).payload().await.unwrap().is_null());
    site.settle().await;
    commands(&alan, "assign #1002").await;
    until("a form", async || site.slack().modal().is_some()).await;
    assert!(alan.fills(&[("who", &alan.id)]).payload().await.unwrap().is_null());
    site.settle().await;
    let threads = site.thread(&ada).await + &site.thread(&bob).await;
    let lines: Vec<&str> = threads.lines().filter(|line| !line.contains("(to ") && !line.starts_with("    ")).collect();
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Threadline: Grace has this conversation now.
          Threadline: Grace gave this conversation to Alan.
        #1002 · Technical Issues
          Bob (customer): My export hangs
          Threadline: Note by Grace, which the customer does not see:
          Threadline: Grace has this conversation now.
          Threadline: Alan took this conversation over from Grace.
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

async fn lists_say_what_there_is_to_do(house: House) {
    let site = house.open(Setup { by_hand: true, ..setup() }).await;
    let grace = site.slack().agent("Grace");
    asks(&site, &grace, CHANNEL, "list").await;
    asks(&site, &grace, CHANNEL, "late").await;
    let (_, first) = waiting(&site, "Ada").await;
    waiting(&site, "Bob").await;
    press(&grace, &first, "verb/claim", None).await;
    site.settle().await;
    asks(&site, &grace, CHANNEL, "list").await;
    asks(&site, &grace, CHANNEL, "late").await;
    expect![[r#"
        Grace: You have
        No open conversation.
        Nobody has
        No customer waits whom nobody has.
        Grace: Waiting longest
        No customer waits.
        Grace: You have
        #1001 · Ada · Technical Issues · Waiting for an answer since 2026-01-01 00:00 UTC · Grace has it
        Nobody has
        #1002 · Bob · Technical Issues · Waiting for an answer since 2026-01-01 00:00 UTC
        Grace: Waiting longest
        #1001 · Ada · Technical Issues · Waiting for an answer since 2026-01-01 00:00 UTC · Grace has it
        #1002 · Bob · Technical Issues · Waiting for an answer since 2026-01-01 00:00 UTC
    "#]]
    .assert_eq(&whispers(&site));
}

async fn a_message_has_shortcuts(house: House) {
    let site = house.open(setup()).await;
    let (ada, card) = waiting(&site, "Ada").await;
    let (grace, alan) = (site.slack().agent("Grace"), site.slack().agent("Alan"));
    let reply = grace.writes(CHANNEL, card.as_str(), "Looking into it");
    site.settle().await;
    assert!(grace.shortcuts(&reply, "verb/claim").payload().await.is_some());
    site.settle().await;
    assert!(alan.shortcuts(&card, "verb/assign").payload().await.is_some());
    until("a form", async || site.slack().modal().is_some()).await;
    assert!(alan.fills(&[("who", &alan.id)]).payload().await.unwrap().is_null());
    let stray = grace.writes(CHANNEL, None, "Lunch?");
    assert!(grace.shortcuts(&stray, "verb/claim").payload().await.is_some());
    assert!(grace.shortcuts(&stray, "verb/note").payload().await.is_some());
    until("a form", async || site.slack().modal().is_some()).await;
    let wrong = grace.fills(&[("note", "hungry")]).payload().await.unwrap();
    assert_eq!(wrong["errors"]["note"], "Nothing was done: this message stands in no customer's thread.");
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Looking into it ✓
          Threadline: Grace has this conversation now.
          Threadline: Alan took this conversation over from Grace.
    "#]]
    .assert_eq(&site.thread(&ada).await);
}

async fn of_two_who_press_at_once_one_has_it(house: House) {
    let site = house.open(setup()).await;
    let (ada, card) = waiting(&site, "Ada").await;
    let (grace, alan) = (site.slack().agent("Grace"), site.slack().agent("Alan"));
    tokio::join!(press(&grace, &card, "verb/claim", None), press(&alan, &card, "verb/claim", None));
    site.settle().await;
    let thread = site.thread(&ada).await;
    let (first, other) =
        if thread.contains("Grace has this conversation now") { ("Grace", "Alan") } else { ("Alan", "Grace") };
    assert_eq!(thread.matches("has this conversation now").count(), 1, "{thread}");
    assert!(thread.contains(&format!("(to {other} alone: {first} was first and has this conversation.")), "{thread}");
}

async fn a_press_that_is_told_twice_is_done_once(house: House) {
    let site = house.open(setup()).await;
    let (ada, card) = waiting(&site, "Ada").await;
    site.slack().doubles_next_interaction();
    press(&site.slack().agent("Grace"), &card, "verb/claim", None).await;
    site.settle().await;
    let thread = site.thread(&ada).await;
    assert_eq!(thread.matches("has this conversation").count(), 1, "{thread}");
}

async fn a_form_opens_and_waits_while_the_database_stalls(house: House) {
    let site = house.open(setup()).await;
    let (ada, card) = waiting(&site, "Ada").await;
    let grace = site.slack().agent("Grace");
    let stall = site.probe().stalls().await;
    opens(&site, &grace, &card, "note/1001").await;
    let note = [("note", "she is in a hurry")];
    let refused = grace.fills(&note).payload().await.unwrap();
    let words = refused["errors"]["note"].as_str().unwrap_or_default();
    assert!(words.starts_with("This could not be written down"), "{refused}");
    assert!(grace.presses(&card, "verb/claim", None).payload().await.is_none(), "nothing is stored");
    commands(&grace, "claim #1001").await;
    stall.ends().await;
    assert!(grace.fills(&note).payload().await.unwrap().is_null());
    site.settle().await;
    let thread = site.thread(&ada).await;
    assert_eq!(thread.matches("she is in a hurry").count(), 1, "{thread}");
    let told = whispers(&site);
    assert!(told.contains("Grace: This could not be written down in time"), "{told}");
}

async fn a_form_that_comes_too_late_is_told(house: House) {
    let site = house.open(setup()).await;
    let (_, card) = waiting(&site, "Ada").await;
    let grace = site.slack().agent("Grace");
    site.slack().faults().next("views.open", threadline_fake_slack::Fault::Error("expired_trigger_id".into()));
    press(&grace, &card, "verbs/more", Some("note/1001")).await;
    until("somebody is told", async || !site.slack().ephemerals(CHANNEL).is_empty()).await;
    assert!(whispers(&site).starts_with("Grace: If no form has opened, please try again"));
    assert!(site.slack().modal().is_none());
    site.settle().await;
}

async fn a_form_of_which_nobody_heard_that_it_opened_is_filled_in_all_the_same(house: House) {
    let site = house.open(setup()).await;
    let (ada, card) = waiting(&site, "Ada").await;
    let grace = site.slack().agent("Grace");
    site.slack().faults().next("views.open", threadline_fake_slack::Fault::CutAfter);
    press(&grace, &card, "verbs/more", Some("note/1001")).await;
    until("somebody is told", async || !site.slack().ephemerals(CHANNEL).is_empty()).await;
    let told = whispers(&site);
    assert!(told.starts_with("Grace: If no form has opened, please try again: nothing was done."), "{told}");
    assert!(grace.fills(&[("note", "she is in a hurry")]).payload().await.unwrap_or_default().is_null());
    site.settle().await;
    let thread = site.thread(&ada).await;
    assert_eq!(thread.matches("she is in a hurry").count(), 1, "{thread}");
}

async fn what_somebody_else_resolved_meanwhile_stays_resolved(house: House) {
    let site = house.open(setup()).await;
    let (ada, card) = waiting(&site, "Ada").await;
    let (grace, alan) = (site.slack().agent("Grace"), site.slack().agent("Alan"));
    commands(&grace, "").await;
    until("a form", async || site.slack().modal().is_some()).await;
    grace.types("which", "").entries().await.unwrap();
    press(&alan, &card, "verb/resolve", None).await;
    site.settle().await;
    assert!(grace.fills(&[("which", "1001"), ("what", "resolve")]).payload().await.unwrap().is_null());
    site.settle().await;
    expect![[r#"
        Grace: #1001: Alan resolved this conversation already. !reopen opens it again.
    "#]]
    .assert_eq(&whispers(&site));
    assert_eq!(site.thread(&ada).await.matches("resolved this conversation. The customer").count(), 1);
}

async fn strangers_do_nothing(house: House) {
    let site = house.open(setup()).await;
    let (ada, card) = waiting(&site, "Ada").await;
    let eve = site.slack().outsider("Eve");
    press(&eve, &card, "verb/claim", None).await;
    press(&eve, &card, "verbs/more", Some("note/1001")).await;
    assert!(eve.shortcuts(&card, "verb/claim").payload().await.is_some());
    site.settle().await;
    assert_eq!(site.slack().modal(), None);
    let told = whispers(&site);
    assert_eq!(told.matches("Eve: Nothing was done: you belong to another workspace.").count(), 3, "{told}");
    assert!(!site.thread(&ada).await.contains("has this conversation"));
}

async fn hands_over_http(house: House) {
    let site = house.open(Setup { over_http: true, ..setup() }).await;
    let (ada, card) = waiting(&site, "Ada").await;
    let grace = site.slack().agent("Grace");
    press(&grace, &card, "verb/claim", None).await;
    opens(&site, &grace, &card, "note/1001").await;
    assert_eq!(grace.fills(&[("note", "\u{200b}")]).payload().await.unwrap()["response_action"], "errors");
    assert!(grace.fills(&[("note", "a & b = \u{e4}")]).payload().await.unwrap().is_null());
    commands(&grace, "help").await;
    commands(&grace, "").await;
    until("a form", async || site.slack().modal().is_some()).await;
    assert_eq!(grace.types("which", "").entries().await.unwrap().len(), 1);
    site.settle().await;
    let thread = site.thread(&ada).await;
    assert!(thread.contains("Grace has this conversation now.") && thread.contains("a & b = \u{e4}"), "{thread}");
    let body = json!({ "type": "block_actions" }).to_string();
    for path in ["/slack/interactions", "/slack/commands"] {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-slack-signature", "v0=00")];
        let body = hyper::body::Bytes::from(format!("payload={body}"));
        let refused = site.web().ask(http::Method::POST, path, &headers, body).await.unwrap();
        assert!(refused.problem().starts_with("401 "), "{}", refused.text());
    }
    tokio::time::timeout(Duration::from_secs(5), site.settle()).await.unwrap();
}

async fn what_is_said_to_the_bot_is_done_once(house: House) {
    let site = house.open(setup()).await;
    let (ada, card) = waiting(&site, "Ada").await;
    let (grace, alan) = (site.slack().agent("Grace"), site.slack().agent("Alan"));
    let bot = threadline_fake_slack::BOT_USER_ID;
    for text in ["claim", "note she is in a hurry", "dance", &format!("assign <@{}>", alan.id), "resolve #7"] {
        grace.writes(CHANNEL, card.as_str(), &format!("<@{bot}> {text}"));
        site.settle().await;
    }
    let reply = grace.writes(CHANNEL, card.as_str(), &format!("Ask <@{bot}> about it"));
    site.settle().await;
    grace.edits(&reply, "Ask us about it");
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: @Threadline claim
          Threadline: Grace has this conversation now.
          Grace: @Threadline note she is in a hurry
          Grace: @Threadline dance
          Grace: @Threadline assign @Alan
          Threadline: Grace gave this conversation to Alan.
          Grace: @Threadline resolve #7
          Grace: Ask us about it (edited) ✓
          (to Grace alone: There is no dance here. help lists what there is.)
          (to Grace alone: Nothing was done, and nothing was sent to the customer: this is not the thread of #7. Here it is about this thread's conversation, and needs no number.)
        me: My export hangs (sent)
        Grace: Ask us about it (edited)
    "#]].assert_eq(&(site.thread(&ada).await + &ada.sees()));
}

/// The titles, lines and buttons of somebody's home.
fn home(site: &Site, who: &Agent) -> String {
    let Some(view) = site.slack().home(who) else { return "none\n".to_string() };
    let mut shown = String::new();
    for block in view["blocks"].as_array().unwrap() {
        let words = |value: &serde_json::Value| value["text"].as_str().unwrap_or_default().to_string();
        let each = |value: &serde_json::Value| -> Vec<String> {
            value["elements"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|part| match part["type"].as_str() {
                    Some("button") => format!("[{}]", words(&part["text"])),
                    Some("date") => " (a time)".to_string(),
                    _ => words(part),
                })
                .collect()
        };
        shown += &match block["type"].as_str().unwrap() {
            "rich_text" => format!("  {}\n", each(&block["elements"][0]).concat()),
            "actions" => format!("    {}\n", each(block).join(" ")),
            "context" => format!("  {}\n", each(block).concat()),
            _ => format!("{}\n", words(&block["text"])),
        };
    }
    shown
}

async fn a_home_shows_what_there_is_to_do(house: House) {
    let site = house.open(setup()).await;
    let (ada, card) = waiting(&site, "Ada").await;
    waiting(&site, "Bob").await;
    let (grace, alan) = (site.slack().agent("Grace"), site.slack().agent("Alan"));
    press(&grace, &card, "verb/claim", None).await;
    site.settle().await;
    grace.opens_home();
    until("a home", async || home(&site, &grace).contains("#1001 · Ada")).await;
    expect![[r#"
        You have
          #1001 · Ada · Technical Issues · Waiting for an answer (a time) · Grace has it
            [Release] [Resolve]
        Nobody has
          #1002 · Bob · Technical Issues · Waiting for an answer (a time)
            [Claim] [Resolve]
        Waiting longest
          #1001 · Ada · Technical Issues · Waiting for an answer (a time) · Grace has it
          #1002 · Bob · Technical Issues · Waiting for an answer (a time)
    "#]]
    .assert_eq(&home(&site, &grace));
    // It keeps up with what others do, and with what is pressed there.
    site.slack().invite(CHANNEL, &alan);
    alan.opens_home();
    until("another home", async || home(&site, &alan).contains("Grace has it")).await;
    assert!(alan.presses_at_home("verb/claim", "1002").payload().await.is_some());
    until("what Alan has", async || home(&site, &alan).starts_with("You have\n  #1002")).await;
    until("what Alan took", async || home(&site, &grace).contains("Alan has it")).await;
    grace.writes(CHANNEL, card.as_str(), "!release");
    until("what Grace let go", async || home(&site, &grace).starts_with("You have\n  No open")).await;
    site.settle().await;
    assert!(site.slack().calls_of("views.publish").len() < 12);
    assert!(ada.page().texts("agent").is_empty());
}

async fn who_is_not_in_the_channel_sees_nothing(house: House) {
    let site = house.open(setup()).await;
    let (ada, _) = waiting(&site, "Ada").await;
    site.slack().add_channel("C0ELSEWHERE", "elsewhere");
    let mallory = site.slack().agent("Mallory");
    for text in ["list", "late", "claim #1001", "note #1001 hello"] {
        asks(&site, &mallory, "C0ELSEWHERE", text).await;
    }
    mallory.opens_home();
    until("a home", async || home(&site, &mallory) != "none\n").await;
    site.settle().await;
    assert_eq!(
        home(&site, &mallory),
        "Join a channel where customers are answered, and you see here what there is to do.\n"
    );
    let told: String = site.slack().ephemerals("C0ELSEWHERE").into_iter().map(|(_, words)| words + "\n").collect();
    expect![[r#"
        You have
        No open conversation.
        Nobody has
        No customer waits whom nobody has.
        Waiting longest
        No customer waits.
        Nothing was done: there is no conversation #1001 here, or it has no thread yet.
        Nothing was done: there is no conversation #1001 here, or it has no thread yet.
    "#]]
    .assert_eq(&told);
    assert!(!site.thread(&ada).await.contains("Mallory"));
}

async fn two_hundred_at_once(house: House) {
    let site = house.open(setup()).await;
    let mut cards = Vec::new();
    for n in 0..20 {
        cards.push(waiting(&site, &format!("Customer {n}")).await);
    }
    let agents: Vec<Agent> = (0..200).map(|n| site.slack().agent(&format!("Agent {n}"))).collect();
    let acts = agents.iter().enumerate().map(|(n, agent)| {
        let card = &cards[n % cards.len()].1;
        // What is not taken in time, because the machine is busy, is done once more, as people do it.
        until("to be taken", async move || {
            let taken = match n % 4 {
                0 => agent.presses(card, "verb/claim", None).payload().await,
                1 => agent.presses(card, "verbs/more", format!("help/{}", 1001 + n % 20).as_str()).payload().await,
                2 => agent.commands(CHANNEL, "/threadline", &format!("claim #{}", 1001 + n % 20)).payload().await,
                _ => agent.commands(CHANNEL, "/threadline", "late").payload().await,
            };
            taken.is_some()
        })
    });
    // All have the same cards before them: what one does changes none for the others.
    site.slack().faults().always("chat.update", threadline_fake_slack::Fault::Stall(Duration::from_secs(4)));
    futures_util::future::join_all(acts).await;
    site.slack().faults().mend("chat.update");
    site.settle().await;
    // Whom a busy machine told that it was too slow asks again.
    for (customer, _) in cards.iter().step_by(2) {
        until("somebody to have it", async || {
            if !site.desk().card(customer).await.contains("has it") {
                asks(&site, &agents[0], CHANNEL, &format!("claim #{}", customer.number())).await;
                site.settle().await;
            }
            site.desk().card(customer).await.contains("has it")
        })
        .await;
    }
    for (at, (customer, _)) in cards.iter().enumerate() {
        let holders = site.thread(customer).await.matches("has this conversation now.").count();
        assert_eq!(holders, (at + 1) % 2, "each that somebody wanted has one holder");
    }
}
