//! What goes out: threads, posts, receipts and private words, and what an unclear answer leads to.

use super::shelf::{card, letter, now, piece};
use super::town::{BILLING_TAG, CHANNEL, FORUM, Fault, Town};
use bytes::Bytes;
use serde_json::json;
use std::time::Duration;
use threadline_core::body::Body;
use threadline_core::desk::{Content, Letter, Mark, NotFetched, SentFile, Trouble};
use threadline_core::file::{FileTrouble, Hash, StoredFile};
use threadline_core::ids::{ConversationId, FileId, Moment};
use threadline_discord::config::{DiscordConfig, Secret};
use threadline_discord::files::{Source, key_of};
use threadline_discord::ids::{Id, Place, Spot};
use threadline_discord::outbound::Discord;

/// A bot that answers at these channels.
pub fn bot_at(town: &Town, channels: &[Id]) -> Discord {
    let config = DiscordConfig {
        api_url: town.api_url.clone(),
        channels: channels.to_vec(),
        call_timeout: Duration::from_secs(5),
        settle: Duration::from_millis(20),
        pause_first: Duration::from_millis(20),
        ..DiscordConfig::new(Secret::new(super::town::TOKEN))
    };
    let files = Source::new(|_| Box::pin(async { Ok(Bytes::from_static(b"bytes")) }));
    Discord::new(config, files).unwrap()
}

#[tokio::test]
async fn a_conversation_gets_a_thread_with_its_card_and_each_post_once() {
    let town = Town::start().await;
    let discord = bot_at(&town, &[CHANNEL]);
    let key = discord.open_thread(&CHANNEL.to_string(), &card(1)).await.unwrap();
    let spot = Spot::parse(&key).unwrap();
    assert_eq!(Discord::channel_of(&key), Some(CHANNEL.to_string()));
    assert_eq!(town.state().channels[&spot.thread]["type"], 12, "threads are private unless it is said otherwise");
    let post = discord.post(&key, &letter(7, "My *export* hangs")).await.unwrap().unwrap();
    assert_eq!(discord.post(&key, &letter(7, "My *export* hangs")).await.unwrap(), Some(post), "the same post again");
    assert_eq!(town.posts(spot.thread), ["**\\#1 · Billing**", "Ada (customer): My \\*export\\* hangs"]);
    let snapshot = discord.read_thread(&key, now()).await.unwrap();
    assert_eq!(snapshot.ours.iter().flat_map(|own| own.pieces.clone()).collect::<Vec<_>>(), [piece(7)]);
    discord.edit_card(&key, &card(1)).await.unwrap();
    assert_eq!(town.posts(spot.thread).len(), 2);
}

#[tokio::test]
async fn what_was_done_without_an_answer_is_found() {
    let town = Town::start().await;
    let discord = bot_at(&town, &[CHANNEL]);
    let began = now();
    town.fails("/messages", Fault::AnswerLost);
    let lost = discord.open_thread(&CHANNEL.to_string(), &card(1)).await;
    assert!(matches!(lost, Err(Trouble::Unclear { .. })), "{lost:?}");
    let channels = [CHANNEL.to_string()];
    let found = discord.find_cards(&channels, ConversationId(1), began, None).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(discord.find_cards(&channels, ConversationId(2), began, None).await.unwrap(), []);
    // Tried once more all the same, the thread is gone on with.
    assert_eq!(discord.open_thread(&CHANNEL.to_string(), &card(1)).await.unwrap(), found[0].thread);
    let key = &found[0].thread;
    town.fails("POST /api/v10/channels", Fault::AnswerLost);
    assert!(matches!(discord.post(key, &letter(7, "hello")).await, Err(Trouble::Unclear { .. })));
    let ours = discord.read_thread(key, now()).await.unwrap().ours;
    assert_eq!(ours[0].pieces, [piece(7)]);
    let other = bot_at(&town, &[CHANNEL]);
    assert_eq!(
        other.find_cards(&channels, ConversationId(1), began, None).await.unwrap(),
        found,
        "after a restart, too"
    );
}

#[tokio::test]
async fn what_has_to_stand_in_another_thread_is_posted_there() {
    let town = Town::start().await;
    let discord = bot_at(&town, &[CHANNEL]);
    let first = discord.open_thread(&CHANNEL.to_string(), &card(1)).await.unwrap();
    discord.post(&first, &letter(7, "hello")).await.unwrap();
    town.state().channels.remove(&Spot::parse(&first).unwrap().thread);
    let second = discord.open_thread(&CHANNEL.to_string(), &card(1)).await.unwrap();
    discord.post(&second, &letter(7, "hello")).await.unwrap();
    let thread = Spot::parse(&second).unwrap().thread;
    assert_eq!(town.posts(thread).len(), 2);
    // A card that somebody has deleted is there again.
    town.state().messages.get_mut(&thread).unwrap().pop_first();
    discord.edit_card(&second, &card(1)).await.unwrap();
    assert_eq!(town.posts(thread), ["Ada (customer): hello", "**\\#1 · Billing**"]);
}

#[tokio::test]
async fn a_limit_is_waited_out_and_an_archived_thread_is_woken() {
    let town = Town::start().await;
    let discord = bot_at(&town, &[CHANNEL]);
    let key = discord.open_thread(&CHANNEL.to_string(), &card(1)).await.unwrap();
    let thread = Spot::parse(&key).unwrap().thread;
    town.fails(
        "/messages",
        Fault::Refused(429, json!({ "message": "slow down", "retry_after": 0.2, "global": false })),
    );
    discord.post(&key, &letter(7, "hello")).await.unwrap();
    let grace = town.agent("Grace");
    let message = grace.writes(thread, "Hello Ada");
    let post = Place { guild: super::town::GUILD, thread, message }.key();
    town.state().channels.get_mut(&thread).unwrap()["thread_metadata"]["archived"] = json!(true);
    discord.mark(&post, Mark::Received).await.unwrap();
    assert_eq!(town.state().messages[&thread][&message]["marks"].as_object().unwrap().len(), 1);
    discord.unmark(&post, Mark::Waiting).await.unwrap();
    discord.unmark(&post, Mark::Received).await.unwrap();
    for (code, expected) in
        [(160_005, "this thread is locked"), (200_000, "AutoMod, which guards this server, does not let it through")]
    {
        town.fails("/messages", Fault::Refused(400, json!({ "code": code, "message": "No" })));
        let refused = discord.post(&key, &letter(8, "more")).await;
        assert_eq!(refused, Err(Trouble::Never { why: expected.to_string() }));
    }
    town.fails("/messages", Fault::Refused(403, json!({ "code": 50_013, "message": "Missing Permissions" })));
    let Err(Trouble::Stopped(stop)) = discord.post(&key, &letter(8, "more")).await else { panic!() };
    assert!(stop.channel_only && stop.advice.contains("Send Messages in Threads"), "{stop:?}");
    town.state().channels.remove(&thread);
    assert_eq!(discord.post(&key, &letter(9, "gone")).await, Err(Trouble::ThreadGone));
    assert_eq!(discord.read_thread(&key, now()).await, Err(Trouble::ThreadGone));
}

#[tokio::test]
async fn a_stalled_call_ends_and_is_unclear() {
    let town = Town::start().await;
    let discord = bot_at(&town, &[CHANNEL]);
    let key = discord.open_thread(&CHANNEL.to_string(), &card(1)).await.unwrap();
    town.fails("/messages", Fault::Slow(Duration::from_secs(30)));
    let stalled = tokio::time::timeout(Duration::from_secs(8), discord.post(&key, &letter(7, "hello"))).await;
    assert!(matches!(stalled, Ok(Err(Trouble::Unclear { .. }))), "{stalled:?}");
}

#[tokio::test]
async fn a_forum_has_posts_whose_tags_follow() {
    let town = Town::start().await;
    let discord = bot_at(&town, &[FORUM]);
    let key = discord.open_thread(&FORUM.to_string(), &card(1)).await.unwrap();
    let thread = Spot::parse(&key).unwrap().thread;
    assert_eq!(town.state().channels[&thread]["applied_tags"], json!([BILLING_TAG.to_string()]));
    assert_eq!(town.state().messages[&thread].keys().copied().collect::<Vec<_>>(), [thread]);
    let mut other = card(1);
    other.topic = "Something else".to_string();
    discord.edit_card(&key, &other).await.unwrap();
    assert_eq!(town.state().channels[&thread]["applied_tags"], json!([]));
    discord.post(&key, &letter(7, "hello")).await.unwrap();
    assert_eq!(town.posts(thread).len(), 2);
}

#[tokio::test]
async fn one_person_is_told_in_a_message_of_his_own() {
    let town = Town::start().await;
    let discord = bot_at(&town, &[CHANNEL]);
    let key = discord.open_thread(&CHANNEL.to_string(), &card(1)).await.unwrap();
    let spot = Spot::parse(&key).unwrap();
    let grace = town.agent("Grace");
    discord
        .tell(&key, &format!("discord/{}/{}", spot.guild, grace.id), &Body::plain("Nothing was sent."))
        .await
        .unwrap();
    assert_eq!(town.state().direct[0].0, grace.id);
    let told = town.state().direct[0].1["embeds"][0]["description"].as_str().unwrap().to_string();
    assert_eq!(told, format!("Nothing was sent\\.\n<{}>", spot.link()));
    town.fails("/users/@me/channels", Fault::Refused(403, json!({ "code": 50_007, "message": "Cannot send" })));
    let shy = town.agent("Shy");
    discord.show_preview(&key, 1, &shy.id.to_string(), &Body::plain("So it reads."), 17).await.unwrap();
    let last = town.state().messages[&spot.thread].values().next_back().unwrap().clone();
    assert_eq!(last["content"], format!("<@{}>", shy.id));
    assert_eq!(last["components"][0]["components"][0]["custom_id"], "saved/send/1/17");
}

#[tokio::test]
async fn files_stand_in_one_post_that_is_found_again() {
    let town = Town::start().await;
    let discord = bot_at(&town, &[CHANNEL]);
    let key = discord.open_thread(&CHANNEL.to_string(), &card(1)).await.unwrap();
    let file = StoredFile {
        id: FileId(5),
        name: "log \"1\".txt".to_string(),
        media_type: "text/plain".to_string(),
        bytes: 5,
        hash: Hash("x".to_string()),
        picture: None,
    };
    let sent = SentFile { key: key_of(&file), file };
    let files = Letter { content: Content::Files(vec![(piece(9), sent)]), ..letter(9, "") };
    assert!(discord.post(&key, &files).await.unwrap().is_some());
    let ours = discord.read_thread(&key, Moment(0)).await.unwrap().ours;
    assert_eq!(ours[0].pieces, [piece(9)]);
    let thread = Spot::parse(&key).unwrap().thread;
    let posted = town.state().messages[&thread].values().next_back().unwrap().clone();
    assert_eq!(posted["attachments"][0]["filename"], "log _1_.txt");
}

#[tokio::test]
async fn an_agents_file_is_read_from_where_discord_has_it() {
    let town = Town::start().await;
    let discord = bot_at(&town, &[CHANNEL]);
    let key = discord.open_thread(&CHANNEL.to_string(), &card(1)).await.unwrap();
    let thread = Spot::parse(&key).unwrap().thread;
    let grace = town.agent("Grace");
    let message = grace.attaches(thread, "See this", "a.txt", b"hello".to_vec());
    let file = discord.read_thread(&key, now()).await.unwrap().messages[0].files[0].clone();
    assert_eq!((file.name.as_str(), file.bytes), ("a.txt", Some(5)));
    let mut download = discord.download(&file.key).await.unwrap();
    assert_eq!(download.next().await, Some(Ok(Bytes::from_static(b"hello"))));
    grace.deletes(thread, message);
    let gone = discord.download(&file.key).await.map(drop);
    assert_eq!(gone, Err(NotFetched::Missing(FileTrouble::Deleted)));
}
