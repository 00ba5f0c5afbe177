//! What the service orders on Discord: threads, posts, receipts, private notices, and looking up what
//! became of an order whose outcome was unclear. Each order has one outcome; its repetition and its order
//! are the outbox's business, its pace within Discord's limits that of `limits`.
//!
//! In a text channel a thread is opened and its card posted as its first message, in two calls. What
//! happens between them cannot be lost: a thread that has no card yet is gone on with by this process, and
//! one that nobody knows of is empty, and goes when it is found so. In a forum both are one call.

use crate::client::{Client, Failure, Sent};
use crate::config::DiscordConfig;
use crate::directory::Directory;
use crate::ears::Ears;
use crate::files::{self, Source};
use crate::format;
use crate::ids::{self, Id, Place, Spot};
use crate::places::{self, Places};
use crate::refusal::{self, ARCHIVED, About, CLOSED_TO_US, TOO_MANY_THREADS, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE};
use crate::rooms::Rooms;
use crate::{buttons, thread};
use http::Method;
use serde_json::{Value, json};
use serenity::builder::CreateActionRow;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use threadline_core::body::{Block, Body, Span, Style};
use threadline_core::card::Card;
use threadline_core::desk::{Content, FoundCard, Letter, Mark, Snapshot, Trouble};
use threadline_core::ids::{ConversationId, Moment, PostKey, ThreadKey};
use tokio::sync::{Notify, OnceCell, Semaphore};
use tracing::warn;

/// Threads are archived by Discord after a week without a word, the longest that it offers.
const ARCHIVED_AFTER_MINUTES: u32 = 10_080;
/// Cards remembered; without its entry one is looked for in its thread.
const CARDS_MAX: usize = 20_000;
/// Posts with files under way at once: each has its bytes in memory.
const FILES_AT_ONCE: usize = 4;
/// A message for one person alone (docs, "Message Flags": EPHEMERAL).
const EPHEMERAL: u64 = 1 << 6;

/// The bot as it stands on Discord.
#[derive(Clone, Debug)]
pub struct Discord {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: DiscordConfig,
    client: Arc<Client>,
    us: OnceCell<Us>,
    directory: Directory,
    places: Places,
    rooms: Rooms,
    ears: Ears,
    cards: Mutex<Cards>,
    files: Source,
    files_at_once: Semaphore,
    crowded: Notify,
}

/// What is known of cards.
#[derive(Debug, Default)]
struct Cards {
    /// The card of each thread.
    known: HashMap<Id, (ConversationId, Id)>,
    /// Threads that were opened and have no card yet.
    half_open: HashMap<ConversationId, Spot>,
    /// The tags that each post of a forum has.
    tags: HashMap<Id, Vec<Id>>,
}

/// Who we are on Discord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Us {
    /// The bot's user.
    pub user: Id,
    /// The application that it belongs to.
    pub application: Id,
    /// The server of the desks.
    pub guild: Id,
}

impl Discord {
    /// The bot with these settings, which gets files' bytes from `files`. Nothing is asked of Discord yet.
    /// Fails when the address or the machine's certificates are of no use.
    pub fn new(config: DiscordConfig, files: Source) -> io::Result<Discord> {
        let client = Arc::new(Client::new(&config.api_url, config.bot_token.clone(), config.call_timeout)?);
        Ok(Discord {
            inner: Arc::new(Inner {
                us: OnceCell::new(),
                directory: Directory::new(client.clone()),
                places: Places::new(client.clone()),
                rooms: Rooms::default(),
                ears: Ears::default(),
                cards: Mutex::default(),
                files,
                files_at_once: Semaphore::new(FILES_AT_ONCE),
                crowded: Notify::new(),
                config,
                client,
            }),
        })
    }

    /// Who we are, asked once.
    pub async fn us(&self) -> Result<&Us, Trouble> {
        self.inner
            .us
            .get_or_try_init(|| async {
                let odd = |what: &str| Trouble::NotDone { why: format!("Discord does not say {what}") };
                let user = self.get("/users/@me", About::Channel).await?;
                let application = self.get("/applications/@me", About::Channel).await?;
                let Some(channel) = self.config().channels.first() else { return Err(odd("where the desks are")) };
                let channel = self.places().channel(*channel).await?;
                Ok(Us {
                    user: Id::of(&user["id"]).ok_or_else(|| odd("who the bot is"))?,
                    application: Id::of(&application["id"]).ok_or_else(|| odd("whose the bot is"))?,
                    guild: Id::of(&channel["guild_id"]).ok_or_else(|| odd("which server the channels are on"))?,
                })
            })
            .await
    }

    /// Opens a conversation's thread with its card.
    pub async fn open_thread(&self, channel: &str, card: &Card) -> Result<ThreadKey, Trouble> {
        let guild = self.us().await?.guild;
        let channel = Id::parse(channel).ok_or_else(|| Trouble::Never { why: "this is no channel".to_string() })?;
        let described = self.places().channel(channel).await?;
        let team = self.config().team_role;
        if places::is_forum(&described) {
            let tags = wanted_tags(&described, card);
            let post = json!({
                "name": format::card::title(card),
                "auto_archive_duration": ARCHIVED_AFTER_MINUTES,
                "applied_tags": tags.iter().map(Id::to_string).collect::<Vec<_>>(),
                "message": message_in_forum(format::card::in_forum(card, team)),
            });
            let answer = self.open(channel, &post).await?;
            let spot = opened(guild, channel, &answer)?;
            self.places().told(&answer);
            // A forum's post has the number of its first message.
            self.knows_card(spot.thread, card.conversation, spot.thread);
            self.cards().tags.insert(spot.thread, tags);
            return Ok(spot.key());
        }
        if !places::takes_threads(&described) {
            return Err(refusal_of_kind());
        }
        let half_open = self.cards().half_open.get(&card.conversation).copied().filter(|spot| spot.channel == channel);
        let spot = match half_open {
            Some(spot) => spot,
            None => {
                let kind = format::card::kind(self.config().threads);
                let mut thread = json!({
                    "name": format::card::title(card),
                    "auto_archive_duration": ARCHIVED_AFTER_MINUTES,
                    "type": kind,
                });
                if kind == format::card::kind(crate::config::Threads::Private) {
                    thread["invitable"] = json!(true);
                }
                let answer = self.open(channel, &thread).await?;
                let spot = opened(guild, channel, &answer)?;
                self.places().told(&answer);
                self.cards().half_open.insert(card.conversation, spot);
                spot
            }
        };
        match self.post_card(spot.thread, card, team, None).await {
            Ok(()) => {}
            // Somebody was quick to delete it: it is begun anew.
            Err(Trouble::ThreadGone) => {
                self.cards().half_open.remove(&card.conversation);
                return Err(Trouble::NotDone { why: "the thread was deleted before it had its card".to_string() });
            }
            Err(trouble) => return Err(trouble),
        }
        self.cards().half_open.remove(&card.conversation);
        Ok(spot.key())
    }

    /// Opens a thread; when there are too many, others are archived, and it is tried again.
    async fn open(&self, channel: Id, thread: &Value) -> Result<Value, Trouble> {
        let path = format!("/channels/{channel}/threads");
        let answer = self.inner.client.call(Method::POST, &path, Sent::Json(thread)).await;
        answer.map_err(|failure| {
            if failure.code() == Some(TOO_MANY_THREADS) {
                self.inner.crowded.notify_one();
            }
            failure.trouble("opening a thread", About::Channel)
        })
    }

    async fn post_card(&self, thread: Id, card: &Card, team: Option<Id>, earlier: Option<Id>) -> Result<(), Trouble> {
        let payload = format::card::card(thread, card, team, earlier);
        let answer = self.send(thread, Sent::Json(&payload)).await?;
        let id = Id::of(&answer["id"]).ok_or_else(nameless)?;
        self.knows_card(thread, card.conversation, id);
        Ok(())
    }

    /// Has the card of a thread show what is so now. One that was deleted is posted again.
    pub async fn edit_card(&self, thread: &ThreadKey, card: &Card) -> Result<(), Trouble> {
        let spot = self.spot(thread).await?;
        let known = self.cards().known.get(&spot.thread).map(|(_, id)| *id);
        let id = match known {
            Some(id) => Some(id),
            None => thread::card(self, spot).await?.map(|(_, id)| id),
        };
        let Some(id) = id else { return self.post_card(spot.thread, card, None, Some(spot.thread)).await };
        self.knows_card(spot.thread, card.conversation, id);
        let path = format!("/channels/{}/messages/{id}", spot.thread);
        match self.awake(spot.thread, Method::PATCH, &path, Sent::Json(&format::card::edit(card))).await {
            Ok(_) => {}
            Err(failure) if failure.code() == Some(UNKNOWN_MESSAGE) => {
                self.cards().known.remove(&spot.thread);
                self.post_card(spot.thread, card, None, Some(id)).await?;
            }
            Err(failure) => return Err(failure.trouble("editing a card", About::Thread)),
        }
        self.tag(spot, card).await
    }

    /// Has a forum's post carry the tags that say how it stands.
    async fn tag(&self, spot: Spot, card: &Card) -> Result<(), Trouble> {
        let described = self.places().channel(spot.channel).await?;
        if !places::is_forum(&described) {
            return Ok(());
        }
        let tags = wanted_tags(&described, card);
        if self.cards().tags.get(&spot.thread) == Some(&tags) {
            return Ok(());
        }
        let change = json!({ "applied_tags": tags.iter().map(Id::to_string).collect::<Vec<_>>() });
        self.change_thread(spot.thread, &change).await?;
        self.cards().tags.insert(spot.thread, tags);
        Ok(())
    }

    /// Posts in a thread; as which post.
    pub async fn post(&self, thread: &ThreadKey, letter: &Letter) -> Result<Option<PostKey>, Trouble> {
        let spot = self.spot(thread).await?;
        let answer = match &letter.content {
            Content::Texts(texts) => {
                self.send(spot.thread, Sent::Json(&format::letter(spot.thread, letter, texts))).await?
            }
            Content::Files(sent) => {
                let _place = self.inner.files_at_once.acquire().await;
                let (kind, form) =
                    files::form(&self.inner.files, &self.config().bot_token, spot.thread, letter, sent).await?;
                self.send(spot.thread, Sent::Form(kind, form)).await?
            }
        };
        let message = Id::of(&answer["id"]).ok_or_else(nameless)?;
        Ok(Some(Place { guild: spot.guild, thread: spot.thread, message }.key()))
    }

    /// Posts a message in a thread, which Discord wakes by itself.
    async fn send(&self, thread: Id, sent: Sent<'_>) -> Result<Value, Trouble> {
        let answer = self.awake(thread, Method::POST, &format!("/channels/{thread}/messages"), sent).await;
        answer.map_err(|failure| failure.trouble("posting", About::Thread))
    }

    /// Makes a call about something in a thread; if that is archived, it is woken first.
    async fn awake(&self, thread: Id, method: Method, path: &str, sent: Sent<'_>) -> Result<Value, Failure> {
        match self.inner.client.call(method.clone(), path, sent.clone()).await {
            Err(failure) if failure.code() == Some(ARCHIVED) => {
                let wake = json!({ "archived": false });
                self.inner.client.call(Method::PATCH, &format!("/channels/{thread}"), Sent::Json(&wake)).await?;
                self.inner.client.call(method, path, sent).await
            }
            answer => answer,
        }
    }

    /// Changes a thread itself.
    pub(crate) async fn change_thread(&self, thread: Id, change: &Value) -> Result<(), Trouble> {
        let answer = self.awake(thread, Method::PATCH, &format!("/channels/{thread}"), Sent::Json(change)).await;
        answer.map(drop).map_err(|failure| failure.trouble("changing a thread", About::Thread))
    }

    /// Shows a receipt under an agent's post. It may be there already.
    pub async fn mark(&self, post: &PostKey, mark: Mark) -> Result<(), Trouble> {
        self.react(Method::PUT, post, mark).await
    }

    /// Takes a receipt away from an agent's post. It may not be there, nor may the post.
    pub async fn unmark(&self, post: &PostKey, mark: Mark) -> Result<(), Trouble> {
        self.react(Method::DELETE, post, mark).await
    }

    async fn react(&self, method: Method, post: &PostKey, mark: Mark) -> Result<(), Trouble> {
        let place = self.place(post).await?;
        let emoji: String = format::mark(mark).bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = format!("/channels/{}/messages/{}/reactions/{emoji}/@me", place.thread, place.message);
        let taken_away = method == Method::DELETE;
        match self.awake(place.thread, method, &path, Sent::Nothing).await {
            Ok(_) => Ok(()),
            // 10014: there is no such reaction.
            Err(failure) if taken_away && matches!(failure.code(), Some(UNKNOWN_MESSAGE | 10_014)) => Ok(()),
            Err(failure) => Err(failure.trouble("showing a receipt", About::Thread)),
        }
    }

    /// Tells one person privately: beside what he did, where that can be answered, else in a message of
    /// his own, else in the thread with his name. `person` is an agent's id, or [`ids::elsewhere`].
    pub async fn tell(&self, thread: &ThreadKey, person: &str, words: &Body) -> Result<(), Trouble> {
        self.whisper(thread, person, words, Vec::new).await
    }

    /// Shows one person privately the preview of a saved reply of this number, in these words, with
    /// buttons that send it or not. `number` is the conversation's.
    pub async fn show_preview(
        &self,
        thread: &ThreadKey,
        number: i64,
        person: &str,
        words: &Body,
        preview: i64,
    ) -> Result<(), Trouble> {
        self.whisper(thread, person, words, || vec![buttons::preview(number, preview)]).await
    }

    async fn whisper(
        &self,
        thread: &ThreadKey,
        person: &str,
        words: &Body,
        rows: impl Fn() -> Vec<CreateActionRow>,
    ) -> Result<(), Trouble> {
        let spot = self.spot(thread).await?;
        let never = || Trouble::Never { why: "nobody is named".to_string() };
        let user = ids::user(person).ok_or_else(never)?;
        let token = ids::listener(person).1.map(str::to_string).or_else(|| self.ears().of(user, spot.thread));
        if let Some(token) = token {
            match self.answer(&token, format::whisper(words, rows())).await {
                // The quarter of an hour is over.
                Err(Trouble::Never { .. }) => {}
                told => return told,
            }
        }
        let direct = Body(words.0.iter().cloned().chain([link_to(spot)]).collect());
        match self.write_to(user, &format::whisper(&direct, rows())).await {
            // He takes no messages from us.
            Err(failure) if matches!(failure.code(), Some(CLOSED_TO_US | UNKNOWN_USER_CODE)) => {
                self.send(spot.thread, Sent::Json(&format::aside(user, words, rows()))).await.map(drop)
            }
            told => told.map(drop).map_err(|failure| failure.trouble("telling somebody", About::Channel)),
        }
    }

    /// Answers what somebody did, for him alone.
    pub(crate) async fn answer(&self, token: &str, mut message: Value) -> Result<(), Trouble> {
        let application = self.us().await?.application;
        let client = &self.inner.client;
        // These know neither of them.
        for unknown in ["nonce", "enforce_nonce", "sticker_ids"] {
            message.as_object_mut().map(|fields| fields.remove(unknown));
        }
        let answer = if self.ears().is_awaited(token) {
            let path = format!("/webhooks/{application}/{token}/messages/@original");
            message.as_object_mut().map(|fields| fields.remove("tts"));
            client.call(Method::PATCH, &path, Sent::Json(&message)).await
        } else {
            message["flags"] = json!(EPHEMERAL);
            client.call(Method::POST, &format!("/webhooks/{application}/{token}"), Sent::Json(&message)).await
        };
        answer.map(drop).map_err(|failure| failure.trouble("answering", About::Channel)).map_err(
            |trouble| match trouble {
                // Of an answer that comes too late nothing is left to be mended.
                Trouble::Stopped(stop) => Trouble::Never { why: stop.code },
                trouble => trouble,
            },
        )
    }

    /// Takes away what somebody alone was shown, where he pressed on it.
    pub(crate) async fn take_away(&self, token: &str) -> Result<(), Trouble> {
        let path = format!("/webhooks/{}/{token}/messages/@original", self.us().await?.application);
        let answer = self.inner.client.call(Method::DELETE, &path, Sent::Nothing).await;
        answer.map(drop).map_err(|failure| failure.trouble("taking a preview away", About::Channel))
    }

    /// Writes to one person.
    async fn write_to(&self, user: Id, message: &Value) -> Result<Value, Failure> {
        let known = self.ears().direct(user);
        let channel = match known {
            Some(channel) => channel,
            None => {
                let asked = json!({ "recipient_id": user.to_string() });
                let answer = self.inner.client.call(Method::POST, "/users/@me/channels", Sent::Json(&asked)).await?;
                let odd = || Failure::NotDone { why: "the answer names no channel".to_string() };
                let channel = Id::of(&answer["id"]).ok_or_else(odd)?;
                self.ears().goes_to(user, channel);
                channel
            }
        };
        self.inner.client.call(Method::POST, &format!("/channels/{channel}/messages"), Sent::Json(message)).await
    }

    /// The whole thread as it stands. `asked_at` is a moment before the call.
    pub async fn read_thread(&self, thread: &ThreadKey, asked_at: Moment) -> Result<Snapshot, Trouble> {
        thread::snapshot(self, self.spot(thread).await?, asked_at).await
    }

    /// The cards for this conversation in threads of these channels that were opened since then: what
    /// became of an unclear [`Discord::open_thread`]. With `known`, the conversation's thread, or with
    /// several cards, what people wrote under the others is read, too.
    pub async fn find_cards(
        &self,
        channels: &[String],
        conversation: ConversationId,
        since: Moment,
        known: Option<&ThreadKey>,
    ) -> Result<Vec<FoundCard>, Trouble> {
        let channels: Vec<Id> = channels.iter().filter_map(|channel| Id::parse(channel)).collect();
        let mut cards = thread::find_cards(self, &channels, conversation, since).await?;
        if known.is_none() && cards.len() < 2 {
            return Ok(cards);
        }
        for card in cards.iter_mut().filter(|card| Some(&card.thread) != known) {
            card.written = self.read_thread(&card.thread, since).await?.messages;
        }
        Ok(cards)
    }

    /// Deletes a post of ours. It may be gone already. With a card goes its thread, which is empty.
    pub async fn take_back(&self, post: &PostKey) -> Result<(), Trouble> {
        let place = self.place(post).await?;
        let is_card = self.cards().known.get(&place.thread).is_some_and(|(_, id)| *id == place.message);
        if is_card && thread::is_alone(self, place).await? {
            self.cards().known.remove(&place.thread);
            return self.delete_thread(place.thread).await;
        }
        let path = format!("/channels/{}/messages/{}", place.thread, place.message);
        self.change_own(self.awake(place.thread, Method::DELETE, &path, Sent::Nothing).await)
    }

    /// Deletes a thread of ours. It may be gone already.
    pub(crate) async fn delete_thread(&self, thread: Id) -> Result<(), Trouble> {
        self.change_own(self.inner.client.call(Method::DELETE, &format!("/channels/{thread}"), Sent::Nothing).await)
    }

    /// Has a card of ours say that its conversation goes on in another thread. It may be gone.
    pub async fn point_the_way(&self, card: &PostKey, number: i64, onward: Option<&ThreadKey>) -> Result<(), Trouble> {
        let place = self.place(card).await?;
        let link = onward.and_then(Spot::parse).map(Spot::link);
        let path = format!("/channels/{}/messages/{}", place.thread, place.message);
        let payload = format::signpost(number, link.as_deref());
        self.change_own(self.awake(place.thread, Method::PATCH, &path, Sent::Json(&payload)).await)
    }

    /// Tells one person that nothing was sent of what he wrote, and where the conversation goes on.
    pub async fn show_the_way(
        &self,
        thread: &ThreadKey,
        person: &str,
        onward: Option<&ThreadKey>,
    ) -> Result<(), Trouble> {
        let link = onward.and_then(Spot::parse).map(Spot::link);
        self.tell(thread, person, &format::goes_on_elsewhere(link.as_deref())).await
    }

    /// Something of ours was changed, which somebody may have deleted meanwhile.
    fn change_own(&self, answer: Result<Value, Failure>) -> Result<(), Trouble> {
        match answer {
            Ok(_) => Ok(()),
            Err(failure) if matches!(failure.code(), Some(UNKNOWN_MESSAGE | UNKNOWN_CHANNEL)) => Ok(()),
            Err(failure) => Err(failure.trouble("changing a post", About::Thread)),
        }
    }

    pub(crate) fn config(&self) -> &DiscordConfig {
        &self.inner.config
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    pub(crate) fn places(&self) -> &Places {
        &self.inner.places
    }

    pub(crate) fn rooms(&self) -> &Rooms {
        &self.inner.rooms
    }

    pub(crate) fn ears(&self) -> &Ears {
        &self.inner.ears
    }

    /// Waits until Discord says that there are too many threads.
    pub(crate) async fn crowded(&self) {
        self.inner.crowded.notified().await;
    }

    /// Who we are, if Discord has said so.
    pub(crate) fn us_if_known(&self) -> Option<&Us> {
        self.inner.us.get()
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &str, about: About) -> Result<Value, Trouble> {
        let answer = self.inner.client.call(Method::GET, path, Sent::Nothing).await;
        answer.map_err(|failure| failure.trouble("asking Discord", about))
    }

    /// The card of a thread, and whose it is.
    pub(crate) fn card_in(&self, thread: Id) -> Option<(ConversationId, Id)> {
        self.cards().known.get(&thread).copied()
    }

    /// This is the card of a thread.
    pub(crate) fn knows_card(&self, thread: Id, conversation: ConversationId, card: Id) {
        let mut cards = self.cards();
        if cards.known.len() >= CARDS_MAX {
            cards.known.clear();
            cards.tags.clear();
        }
        cards.known.insert(thread, (conversation, card));
    }

    /// True for a thread that is waiting for its card in this process.
    pub(crate) fn is_half_open(&self, thread: Id) -> bool {
        self.cards().half_open.values().any(|spot| spot.thread == thread)
    }

    /// Where a key points on our server.
    pub(crate) async fn spot(&self, key: &ThreadKey) -> Result<Spot, Trouble> {
        let spot = Spot::parse(key).ok_or_else(|| Trouble::Never { why: format!("{key} is no place on Discord") })?;
        self.at_home(spot.guild).await.map(|()| spot)
    }

    async fn place(&self, key: &PostKey) -> Result<Place, Trouble> {
        let place = Place::parse(key).ok_or_else(|| Trouble::Never { why: format!("{key} is no place on Discord") })?;
        self.at_home(place.guild).await.map(|()| place)
    }

    async fn at_home(&self, guild: Id) -> Result<(), Trouble> {
        let is_ours = guild == self.us().await?.guild;
        if is_ours { Ok(()) } else { Err(Trouble::Stopped(refusal::other_server())) }
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn cards(&self) -> MutexGuard<'_, Cards> {
        self.inner.cards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// There is no such account: whoever is told something has left Discord.
const UNKNOWN_USER_CODE: u64 = refusal::UNKNOWN_USER;

/// A line that leads to the thread.
fn link_to(spot: Spot) -> Block {
    let link = spot.link();
    Block::Paragraph(vec![Span::Link { href: link.clone(), text: link, style: Style::default() }])
}

/// Where a thread was opened. An answer that says yes without saying where leaves it to be looked up.
fn opened(guild: Id, channel: Id, answer: &Value) -> Result<Spot, Trouble> {
    let thread = Id::of(&answer["id"]).ok_or_else(nameless)?;
    Ok(Spot { guild, channel, thread })
}

fn nameless() -> Trouble {
    Trouble::Unclear { why: "the answer names nothing".to_string() }
}

fn refusal_of_kind() -> Trouble {
    let refusal = refusal::Refusal { status: 400, code: 50_024, message: String::new() };
    refusal.trouble("opening a thread", About::Channel)
}

/// Of a forum's tags those that say what a conversation is about and how it stands: as many as a post can
/// have (OpenAPI: five).
fn wanted_tags(forum: &Value, card: &Card) -> Vec<Id> {
    let wanted = format::card::tags(card);
    let tags = forum["available_tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = |name: &String| {
        let is_it = |tag: &&Value| tag["name"].as_str().is_some_and(|own| own.to_lowercase() == name.to_lowercase());
        Id::of(&tags.iter().find(is_it)?["id"])
    };
    wanted.iter().filter_map(named).take(5).collect()
}

/// What a forum's first message can hold.
fn message_in_forum(mut message: Value) -> Value {
    for unknown in ["tts", "nonce", "enforce_nonce"] {
        message.as_object_mut().map(|fields| fields.remove(unknown));
    }
    message
}

impl Discord {
    /// Where a thread hangs.
    pub fn channel_of(thread: &ThreadKey) -> Option<String> {
        Spot::parse(thread).map(|spot| spot.channel.to_string())
    }
}

/// Somebody could not be told something.
pub(crate) fn untold(trouble: &Trouble) {
    warn!(?trouble, "somebody could not be told what became of what he did");
}
