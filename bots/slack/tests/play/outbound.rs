//! What the service orders, and what it learns when Slack does not answer as it should.

use crate::stage::{CHANNEL, card, letter, now, piece, slack, slack_with, ts};
use expect_test::expect;
use std::time::Duration;
use threadline_core::card::Card;
use threadline_core::conversation::{Rating, Standing};
use threadline_core::desk::{Agent, Author, Content, Letter, Mark, Snapshot, StrangerKind, Trouble};
use threadline_core::ids::{AgentId, ConversationId, Moment, ThreadKey};
use threadline_core::verb::Names;
use threadline_core::words::{Notice, notice};
use threadline_fake_slack::{Fault, Options};
use threadline_slack::check::check;
use threadline_slack::outbound::Slack;

fn texts(snapshot: &Snapshot) -> Vec<String> {
    let who = |author: &Author| match author {
        Author::Agent(agent) => agent.name.clone(),
        Author::Stranger(stranger) => format!("{:?}", stranger.why),
    };
    snapshot.messages.iter().map(|message| format!("{}: {}", who(&message.author), message.body.text())).collect()
}

#[tokio::test]
async fn a_conversation_as_slack_shows_it() {
    let (fake, config) = slack().await;
    let bot = Slack::new(config).unwrap();
    let grace = fake.agent("Grace");
    fake.invite(CHANNEL, &grace);
    let thread = bot.open_thread(CHANNEL, &card(1042)).await.unwrap();
    bot.post(&thread, &letter(1, "My export hangs <!channel>")).await.unwrap();
    let joined = Letter {
        content: Content::Texts(vec![(piece(2), "Are you there?".to_string()), (piece(3), "It says *E7*".to_string())]),
        ..letter(0, "")
    };
    bot.post(&thread, &joined).await.unwrap();
    let reply = grace.writes(CHANNEL, ts(&thread.0), "Looking into it");
    let post = bot.read_thread(&thread, now()).await.unwrap().messages[0].post.key.clone();
    assert_eq!(ts(&post.0), reply);
    bot.mark(&post, Mark::Received).await.unwrap();
    bot.mark(&post, Mark::Received).await.unwrap();
    bot.mark(&post, Mark::Seen).await.unwrap();
    bot.mark(&post, Mark::Waiting).await.unwrap();
    for _ in 0..2 {
        bot.unmark(&post, Mark::Waiting).await.unwrap();
    }
    bot.tell(&thread, &grace.id, &notice(&Notice::UnclaimedNotSent, &Names::default())).await.unwrap();
    let by = Agent { id: AgentId("slack/T1/U1".to_string()), name: "Grace".to_string(), picture: None };
    let resolved = Standing::Resolved { at: Moment(1_767_229_200_000), by, rating: Rating::Wanted };
    let changed = Card { standing: resolved, holder: Some("Grace".to_string()), ..card(1042) };
    bot.edit_card(&thread, &changed).await.unwrap();
    expect![[r#"
        #support
        └ Threadline: #1042 · Billing
              Resolved by Grace on (a time) · Grace has it
              Customer
              Ada (edited)
          Ada (customer): My export hangs <!channel>
          Ada (customer): Are you there?
              It says *E7*
          Grace: Looking into it ✓ 👁
          Threadline: Nothing was sent to the customer: here only the person who has a conversation answers it. Write !claim, then send your message again. (ephemeral to Grace)
    "#]].assert_eq(&fake.transcript());
    assert_eq!(fake.ephemerals(CHANNEL).len(), 1);
    assert_eq!(fake.complaints(), [""; 0]);
}

#[tokio::test]
async fn an_unclear_post_is_found_where_it_was_made() {
    let (fake, mut config) = slack().await;
    config.call_timeout = Duration::from_millis(400);
    let bot = Slack::new(config).unwrap();
    let thread = bot.open_thread(CHANNEL, &card(1)).await.unwrap();
    let made = [Fault::LostAnswer, Fault::CutAfter];
    let not_made = [Fault::CutBefore, Fault::Status(500), Fault::Status(503), Fault::Html];
    let faults = made.iter().map(|fault| (fault, true)).chain(not_made.iter().map(|fault| (fault, false)));
    for (number, (fault, made)) in faults.enumerate() {
        let number = number as u128;
        fake.faults().next("chat.postMessage", fault.clone());
        let outcome = bot.post(&thread, &letter(number, "hello")).await;
        assert!(matches!(outcome, Err(Trouble::Unclear { .. })), "{fault:?}: {outcome:?}");
        let there = bot.read_thread(&thread, now()).await.unwrap();
        assert_eq!(there.ours.iter().any(|own| own.pieces == [piece(number)]), made, "{fault:?}");
    }
    assert_eq!(fake.complaints(), [""; 0]);
}

#[tokio::test]
async fn an_unclear_thread_is_found_by_its_card() {
    let (fake, mut config) = slack().await;
    config.call_timeout = Duration::from_millis(400);
    let bot = Slack::new(config).unwrap();
    let since = now();
    let channels = [CHANNEL.to_string()];
    assert_eq!(bot.find_cards(&channels, ConversationId(7), since, None).await, Ok(vec![]));
    fake.faults().next("chat.postMessage", Fault::LostAnswer);
    let outcome = bot.open_thread(CHANNEL, &card(7)).await;
    assert!(matches!(outcome, Err(Trouble::Unclear { .. })), "{outcome:?}");
    bot.open_thread(CHANNEL, &card(8)).await.unwrap();
    let found = bot.find_cards(&channels, ConversationId(7), since, None).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(ts(&found[0].thread.0), fake.find_thread_containing("#7").unwrap());
    assert_eq!(bot.find_cards(&channels, ConversationId(9), since, None).await, Ok(vec![]));
    // Somebody else's post with our mark in it is not ours.
    fake.agent("Mallory").writes_blocks(CHANNEL, None, "#9", serde_json::json!([]));
    assert_eq!(bot.find_cards(&channels, ConversationId(9), since, None).await, Ok(vec![]));
    assert_eq!(fake.complaints(), [""; 0]);
}

#[tokio::test]
async fn what_is_there_twice_is_told_apart_taken_back_and_shows_the_way() {
    let (fake, config) = slack().await;
    let bot = Slack::new(config).unwrap();
    let (since, channels) = (now(), [CHANNEL.to_string()]);
    let thread = bot.open_thread(CHANNEL, &card(7)).await.unwrap();
    let bare = bot.open_thread(CHANNEL, &card(7)).await.unwrap();
    let answered = bot.open_thread(CHANNEL, &card(7)).await.unwrap();
    fake.agent("Grace").writes(CHANNEL, ts(&answered.0), "Looking into it");
    let mut found = bot.find_cards(&channels, ConversationId(7), since, Some(&thread)).await.unwrap();
    found.sort_by_key(|card| card.post.stamp);
    let written: Vec<usize> = found.iter().map(|card| card.written.len()).collect();
    assert_eq!(written, [0, 0, 1]);
    assert_eq!(
        found.iter().map(|card| card.thread.clone()).collect::<Vec<_>>(),
        [thread.clone(), bare, answered.clone()]
    );
    bot.take_back(&found[1].post.key).await.unwrap();
    bot.take_back(&found[1].post.key).await.unwrap();
    bot.point_the_way(&found[2].post.key, 7, Some(&thread)).await.unwrap();
    bot.show_the_way(&answered, &fake.agent("Grace").id, Some(&thread)).await.unwrap();
    bot.show_the_way(&answered, &fake.agent("Grace").id, None).await.unwrap();
    expect![[r#"
        #support
        └ Threadline: #7 · Billing
              Waiting for an answer since (a time)
              Customer
              Ada
        └ Threadline: #7 goes on in another thread. Nothing that is written here is sent to the customer. (edited)
          Grace: Looking into it
          Threadline: Nothing was sent to the customer: this conversation goes on in another thread. Send your message there. (ephemeral to Grace)
          Threadline: Nothing was sent to the customer: this is not the thread of the conversation any more. (ephemeral to Grace)
    "#]].assert_eq(&fake.transcript());
    let posts = fake.messages(CHANNEL);
    let link = &posts[1].json["blocks"][0]["elements"][0]["elements"][2];
    let there = format!("archives/{CHANNEL}/p{}", ts(&thread.0).replace('.', ""));
    assert!(link["url"].as_str().is_some_and(|url| url.ends_with(&there)), "{link}");
    assert_eq!(fake.complaints(), [""; 0]);
}

#[tokio::test]
async fn a_card_is_looked_for_from_the_newest_back_and_no_further_than_it_can_be() {
    let (fake, config) = slack_with(Options { rate_limits: false, ..Options::default() }).await;
    let bot = Slack::new(config).unwrap();
    let alan = fake.agent("Alan");
    for number in 0..1_100 {
        alan.writes(CHANNEL, None, &number.to_string());
    }
    let thread = bot.open_thread(CHANNEL, &card(7)).await.unwrap();
    let channels = [CHANNEL.to_string()];
    let found = bot.find_cards(&channels, ConversationId(7), now(), None).await.unwrap();
    assert_eq!(found.into_iter().map(|card| card.thread).collect::<Vec<_>>(), [thread]);
    let late = Moment(now().0 + 3_600_000);
    assert_eq!(bot.find_cards(&channels, ConversationId(7), late, None).await, Ok(vec![]));
    assert_eq!(fake.calls_of("conversations.history").len(), 3, "the first may have had to look further");
}

#[tokio::test]
async fn slack_asks_for_a_pause() {
    let (fake, config) = slack().await;
    let bot = Slack::new(config).unwrap();
    let thread = bot.open_thread(CHANNEL, &card(1)).await.unwrap();
    fake.faults().next("chat.postMessage", Fault::RateLimited { retry_after_secs: 7 });
    assert_eq!(bot.post(&thread, &letter(1, "x")).await, Err(Trouble::Later { after_millis: 7_000 }));
    // The fake's own limit: a burst, then one a second.
    let mut outcomes = Vec::new();
    for number in 0..6 {
        outcomes.push(bot.post(&thread, &letter(number, "x")).await);
    }
    let later = outcomes.into_iter().filter(|outcome| matches!(outcome, Err(Trouble::Later { .. }))).count();
    assert!(later > 0);
}

#[tokio::test]
async fn what_only_the_operator_can_mend_stops() {
    let (fake, config) = slack().await;
    let bot = Slack::new(config).unwrap();
    let thread = bot.open_thread(CHANNEL, &card(1)).await.unwrap();
    let code = async |bot: &Slack| match bot.post(&thread, &letter(1, "x")).await {
        Err(Trouble::Stopped(stop)) => (stop.code, stop.channel_only),
        other => panic!("{other:?}"),
    };
    fake.archive(CHANNEL, true);
    assert_eq!(code(&bot).await, ("is_archived".to_string(), true));
    fake.archive(CHANNEL, false);
    fake.kick_bot(CHANNEL);
    assert_eq!(code(&bot).await, ("not_in_channel".to_string(), true));
    fake.invite_bot(CHANNEL);
    fake.revoke_token(true);
    let (code, channel_only) = code(&bot).await;
    assert!(!channel_only, "{code}");
    fake.revoke_token(false);
    assert!(bot.post(&thread, &letter(1, "x")).await.is_ok());
    let elsewhere = ThreadKey("slack/T0ELSEWHERE/C1/1700000001.000100".to_string());
    assert!(matches!(bot.post(&elsewhere, &letter(1, "x")).await, Err(Trouble::Stopped(_))));
    let nowhere = ThreadKey("practice/1".to_string());
    assert!(matches!(bot.post(&nowhere, &letter(1, "x")).await, Err(Trouble::Never { .. })));
}

#[tokio::test]
async fn a_reply_never_strays_into_the_channel() {
    let (fake, config) = slack().await;
    let bot = Slack::new(config).unwrap();
    let thread = bot.open_thread(CHANNEL, &card(1)).await.unwrap();
    fake.agent("Grace").deletes(ts(&thread.0));
    assert_eq!(bot.post(&thread, &letter(1, "secret")).await, Err(Trouble::ThreadGone));
    assert!(fake.messages(CHANNEL).is_empty(), "{}", fake.transcript());
    assert_eq!(bot.read_thread(&thread, now()).await, Err(Trouble::ThreadGone));
}

#[tokio::test]
async fn a_thread_is_read_as_it_stands() {
    let (fake, config) = slack().await;
    let bot = Slack::new(config).unwrap();
    let thread = bot.open_thread(CHANNEL, &card(1)).await.unwrap();
    let root = ts(&thread.0);
    bot.post(&thread, &letter(1, "hello")).await.unwrap();
    let (grace, eve) = (fake.agent("Grace"), fake.outsider("Eve"));
    let first = grace.writes(CHANNEL, root, "one");
    let second = grace.writes(CHANNEL, root, "two");
    eve.writes(CHANNEL, root, "psst");
    fake.other_bot("Robot").writes(CHANNEL, root, "beep");
    grace.writes(CHANNEL, root, &format!("ask <@{}> in <#{CHANNEL}|support>", grace.id));
    grace.edits(&first, "one, edited");
    grace.deletes(&second);
    let asked_at = now();
    let snapshot = bot.read_thread(&thread, asked_at).await.unwrap();
    expect![[r#"
        [
            "Grace: one, edited",
            "OtherWorkspace: psst",
            "Bot: beep",
            "Grace: ask @our team in #channel",
        ]
    "#]]
    .assert_eq(&format!("{:#?}\n", texts(&snapshot)));
    assert_eq!(snapshot.asked_at, asked_at);
    assert!(snapshot.messages[0].edited.is_some());
    assert_eq!(snapshot.ours.iter().flat_map(|own| own.pieces.clone()).collect::<Vec<_>>(), [piece(1)]);
    let strangers: Vec<StrangerKind> = snapshot
        .messages
        .iter()
        .filter_map(|message| match &message.author {
            Author::Stranger(stranger) => Some(stranger.why),
            Author::Agent(_) => None,
        })
        .collect();
    assert_eq!(strangers, [StrangerKind::OtherWorkspace, StrangerKind::Bot]);
    assert_eq!(fake.complaints(), [""; 0]);
}

#[tokio::test]
async fn a_long_thread_is_read_to_its_end() {
    let (fake, config) = slack_with(Options { rate_limits: false, ..Options::default() }).await;
    let bot = Slack::new(config).unwrap();
    let thread = bot.open_thread(CHANNEL, &card(1)).await.unwrap();
    let grace = fake.agent("Grace");
    for number in 0..2_100 {
        grace.writes(CHANNEL, ts(&thread.0), &number.to_string());
    }
    let snapshot = bot.read_thread(&thread, now()).await.unwrap();
    assert_eq!(snapshot.messages.len(), 2_100);
    assert_eq!(snapshot.messages[2_099].body.text(), "2099");
    assert_eq!(fake.calls_of("conversations.replies").len(), 3);
    assert_eq!(fake.calls_of("users.info").len(), 1, "one agent is looked up once");
}

#[tokio::test]
async fn an_odd_answer_never_makes_a_thread_gone() {
    let (fake, config) = slack().await;
    let bot = Slack::new(config).unwrap();
    let thread = bot.open_thread(CHANNEL, &card(1)).await.unwrap();
    for fault in [Fault::Html, Fault::Status(502), Fault::Error("internal_error".into()), Fault::CutAfter] {
        fake.faults().next("conversations.replies", fault.clone());
        let outcome = bot.read_thread(&thread, now()).await;
        assert!(matches!(outcome, Err(Trouble::Unclear { .. })), "{fault:?}: {outcome:?}");
    }
    fake.kick_bot(CHANNEL);
    assert!(matches!(bot.read_thread(&thread, now()).await, Err(Trouble::Stopped(_))));
}

#[tokio::test]
async fn the_check_says_what_is_wrong() {
    let (fake, mut config) = slack().await;
    fake.make_channel("C0OUTSIDE", "outside", false);
    config.channels = vec![CHANNEL.to_string(), "C0OUTSIDE".to_string(), "C0NOWHERE".to_string()];
    let bot = Slack::new(config.clone()).unwrap();
    expect![[r#"
        Report {
            workspace: Some(
                "Acme",
            ),
            problems: [
                "The bot is not in the channel C0OUTSIDE. Invite it there: /invite @ and its name.",
                "The channel C0NOWHERE cannot be used. Slack finds no such channel. Check the channel's id in the configuration; if the channel is private, invite the bot. (Slack says: channel_not_found)",
            ],
        }
    "#]].assert_eq(&format!("{:#?}\n", check(&bot).await));
    fake.set_scopes(&["chat:write", "channels:read"]);
    config.channels = vec![CHANNEL.to_string()];
    expect![[r#"
        [
            "The Slack app lacks chat:write.customize (to post under the customer's name), channels:history (to read the threads of public channels), groups:history (to read the threads of private channels), groups:read (to check private channels, see who is in them, and hear of their archiving), reactions:write (to show receipts under an agent's message), files:write (to show customers' files in their thread), files:read (to bring agents' files to customers), commands (to be called by its command and in the menus of messages), users:read (to show customers the names and pictures of who answers). Update it from the current manifest and install it again.",
        ]
    "#]].assert_eq(&format!("{:#?}\n", check(&Slack::new(config.clone()).unwrap()).await.problems));
    fake.revoke_token(true);
    expect![[r#"
        [
            "Slack does not let the bot in. The token was revoked. Install the Slack app again and put in its new token. (Slack says: token_revoked)",
        ]
    "#]].assert_eq(&format!("{:#?}\n", check(&Slack::new(config).unwrap()).await.problems));
}
