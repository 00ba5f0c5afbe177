//! A Slack of one's own: a server that behaves as Slack does towards a bot (Web API, Socket Mode,
//! Events by HTTP) and is as strict, for tests, for measuring and for trying things without a
//! workspace. Tests start it in their own process with [`FakeSlack::start`]; the program
//! `fake-slack` runs it alone, and any Slack SDK can be pointed at it.
//!
//! * It has state: channels, people of this and of another workspace, bots, messages in threads,
//!   reactions, files, views. What is posted can be read back, what is deleted is gone.
//! * It refuses what Slack refuses, with Slack's errors, and keeps a list of [`complaints`]:
//!   whatever only a mistaken client does. A test ends by asserting that the list is empty.
//! * Its limits bite: a post a second and channel, and each method's tier by the minute.
//! * It sends what happens as events, wants each acknowledged in time, and sends it again by
//!   Slack's schedule if it is not.
//! * It fails when asked to: see [`Faults`], and the methods of [`FakeSlack`] for sockets, tokens,
//!   channels and the server as a whole.
//!
//! Where it knows less than Slack: one workspace, one app, one bot; no direct messages, no user
//! tokens, no OAuth; only the methods of [`METHODS`]; only the Block Kit that a bot has a use for;
//! mrkdwn in blocks is checked for length, not for what it mentions.
//!
//! ```no_run
//! # async fn play() {
//! use threadline_fake_slack::{FakeSlack, Options};
//! let slack = FakeSlack::start(Options::default()).await;
//! slack.add_channel("C0SUPPORT", "support");
//! // … point the bot at slack.api_url(), with slack.bot_token() and slack.app_token() …
//! let grace = slack.agent("Grace");
//! let root = slack.find_thread_containing("My export hangs").unwrap();
//! grace.writes("support", root.as_str(), "Looking into it");
//! println!("{}", slack.transcript());
//! # }
//! ```
//!
//! [`complaints`]: FakeSlack::complaints

mod options;
mod play;
mod reply;
mod transcript;

mod api;
mod call;
mod delivery;
mod events;
mod faults;
mod limits;
mod methods;
mod record;
mod say;
mod socket;
mod webhook;

mod blocks;
mod channel;
mod files;
mod interact;
mod people;
mod shape;
mod views;
mod words;
mod world;

mod control;
mod dice;
mod emoji;
mod multipart;
mod page;
mod server;
mod ts;

pub use control::HELP as CONTROL_HELP;
pub use faults::{EventFault, Fault, Faults};
pub use methods::{Arg, ArgKind, METHODS, Method, SCOPES, Tier, TokenKind};
pub use options::Options;
pub use people::{APP_ID, BOT_ID, BOT_USER_ID, OTHER_TEAM_ID, TEAM_ID, TEAM_NAME, TEAM_URL};
pub use play::Agent;
pub use record::{RecordedCall, Stats};
pub use reply::Reply;
pub use transcript::Post;
pub use ts::{Ts, WallClock};
pub use webhook::signature;

use delivery::{Deliveries, Order};
use people::PersonKind;
use serde_json::Value;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use world::World;

/// A running fake Slack. Clones are the same Slack; it runs until its runtime ends.
#[derive(Clone, Debug)]
pub struct FakeSlack {
    world: Arc<World>,
}

/// What [`FakeSlack::wait_until`] waited for did not happen in time.
#[derive(Clone, PartialEq, Eq)]
pub struct NotYet(String);

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotYet {}

/// Starting, and how to reach it.
impl FakeSlack {
    /// Starts a fake Slack on the current runtime.
    ///
    /// # Panics
    /// When it cannot listen where the options say.
    pub async fn start(options: Options) -> FakeSlack {
        let address = options.listen;
        Self::try_start(options).await.unwrap_or_else(|error| panic!("cannot listen on {address}: {error}"))
    }

    /// Starts a fake Slack on the current runtime; fails when it cannot listen where the options say.
    pub async fn try_start(options: Options) -> io::Result<FakeSlack> {
        let listener = TcpListener::bind(options.listen).await?;
        let listening = format!("http://{}", listener.local_addr()?);
        let base_url = options.public_url.clone().unwrap_or(listening).trim_end_matches('/').to_string();
        let (deliveries, jobs) = Deliveries::new(options.ack_timeout, options.retry_after.clone());
        let world = Arc::new(World::new(options, base_url, deliveries));
        tokio::spawn(server::run(world.clone(), listener));
        tokio::spawn(webhook::run(world.clone(), jobs));
        tokio::spawn(keep_delivering(world.clone()));
        Ok(FakeSlack { world })
    }

    /// The Web API's address, with a slash at its end: what SDKs call the base URL.
    pub fn api_url(&self) -> String {
        format!("{}/api/", self.world.base_url)
    }

    /// The server's address, with nothing behind the port.
    pub fn base_url(&self) -> &str {
        &self.world.base_url
    }

    /// The bot's token: `xoxb-…`.
    pub fn bot_token(&self) -> &str {
        &self.world.options.bot_token
    }

    /// The app-level token: `xapp-…`.
    pub fn app_token(&self) -> &str {
        &self.world.options.app_token
    }

    /// What HTTP events are signed with.
    pub fn signing_secret(&self) -> &str {
        &self.world.options.signing_secret
    }
}

/// The workspace and its people.
impl FakeSlack {
    /// Makes a public channel that the bot has been in for long: nothing is told.
    pub fn add_channel(&self, id: &str, name: &str) {
        self.make_channel(id, name, false);
        self.take_bot_in(id);
    }

    /// Makes a private channel that the bot has been in for long: nothing is told.
    pub fn add_private_channel(&self, id: &str, name: &str) {
        self.make_channel(id, name, true);
        self.take_bot_in(id);
    }

    /// Makes a channel that the bot is not in.
    pub fn make_channel(&self, id: &str, name: &str, private: bool) {
        let world = &self.world;
        let max = world.options.messages_per_channel_max;
        world.channels_mut().add(id, name, private, world.stamps.now_secs(), max);
        world.touch();
    }

    /// Takes the bot into a channel; it is told.
    pub fn invite_bot(&self, channel: &str) {
        let channel = self.channel(channel);
        let mut room = channel.room();
        if !room.bot_is_member {
            room.bot_is_member = true;
            room.members.insert(BOT_USER_ID.into());
            events::joined(&self.world, &room, BOT_USER_ID);
        }
    }

    /// Takes the bot out of a channel; it is told.
    pub fn kick_bot(&self, channel: &str) {
        let channel = self.channel(channel);
        let mut room = channel.room();
        room.bot_is_member = false;
        room.members.remove(BOT_USER_ID);
        events::bot_left(&self.world, &room, "U0PERSON01");
    }

    /// Archives a channel, or takes it out of the archive; the bot is told.
    pub fn archive(&self, channel: &str, archived: bool) {
        let channel = self.channel(channel);
        let mut room = channel.room();
        room.archived = archived;
        events::archived(&self.world, &room, "U0PERSON01");
    }

    /// Somebody of the team, by name; joins the workspace at first mention.
    pub fn agent(&self, name: &str) -> Agent {
        self.person(name, |_| PersonKind::Agent)
    }

    /// Somebody of another workspace, who writes through Slack Connect.
    pub fn outsider(&self, name: &str) -> Agent {
        self.person(name, |_| PersonKind::Outsider)
    }

    /// Another app's bot.
    pub fn other_bot(&self, name: &str) -> Agent {
        self.person(name, |number| PersonKind::OtherBot { bot_id: format!("B0PERSON{number:02}") })
    }

    /// Takes somebody into a channel, so that they can be whispered to; the bot is told.
    pub fn invite(&self, channel: &str, who: &Agent) {
        let channel = self.channel(channel);
        let mut room = channel.room();
        if room.members.insert(who.id.clone()) {
            events::joined(&self.world, &room, &who.id);
        }
    }

    /// Somebody leaves a channel; the bot is told.
    pub fn leaves(&self, channel: &str, who: &Agent) {
        let channel = self.channel(channel);
        let mut room = channel.room();
        if room.members.remove(&who.id) {
            events::left(&self.world, &room, &who.id);
        }
    }

    /// Adds a custom emoji.
    pub fn add_emoji(&self, name: &str, url: &str) {
        self.world.emoji_mut().insert(name.into(), url.into());
    }

    /// Shows a preview of a link under a message: a `message_changed` without an edit.
    ///
    /// # Panics
    /// When the message is not there.
    pub fn unfurls(&self, ts: &str, url: &str) {
        play::unfurl(&self.world, ts, url).unwrap_or_else(|why| panic!("in the play: {why}"));
    }

    /// Sends any event to the bot, in an envelope like every other.
    pub fn sends_event(&self, event: Value) {
        events::tell_whatever(&self.world, false, event);
    }

    /// Sends a frame as it is to every open socket; says how many there were.
    pub fn sends_frame(&self, frame: &str) -> usize {
        self.world.deliveries.order_all(Order::Send(frame.into()))
    }
}

/// What is there to see.
impl FakeSlack {
    /// All messages of a channel, in order, answers in threads included.
    pub fn messages(&self, channel: &str) -> Vec<Post> {
        let channel = self.channel(channel);
        transcript::posts(&self.world, &channel.room(), None)
    }

    /// What stands in a channel itself, in order: roots of threads, and what nobody has answered.
    pub fn roots(&self, channel: &str) -> Vec<Post> {
        let channel = self.channel(channel);
        transcript::roots(&self.world, &channel.room())
    }

    /// The `ts` of each message that is no answer and has such metadata, in order: quick among many.
    pub fn roots_with(&self, channel: &str, is_meant: impl Fn(&Value) -> bool) -> Vec<String> {
        let channel = self.channel(channel);
        let room = channel.room();
        let roots = room.messages.values().filter(|message| message.thread_ts.is_none());
        let metadata = |message: &channel::Message| -> Value {
            message.metadata.as_ref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
        };
        let meant = roots.filter(|message| is_meant(&metadata(message)));
        meant.map(|message| message.ts.to_string()).collect()
    }

    /// A thread: its root, then the answers in order; nothing if it is not there.
    pub fn thread(&self, channel: &str, ts: &str) -> Vec<Post> {
        let channel = self.channel(channel);
        let room = channel.room();
        let root = Ts::parse(ts).and_then(|ts| room.root_of(ts));
        root.map(|root| transcript::posts(&self.world, &room, Some(root))).unwrap_or_default()
    }

    /// The `ts` of the root of a thread in which some message shows this text; the newest, if there
    /// are several.
    pub fn find_thread_containing(&self, text: &str) -> Option<String> {
        let channels = self.world.channels().all().to_vec();
        let found = channels.iter().filter_map(|channel| {
            let room = channel.room();
            let posts = transcript::posts(&self.world, &room, None);
            let post = posts.into_iter().rev().find(|post| post.shown.contains(text) || post.text.contains(text))?;
            Some(post.thread_ts.unwrap_or(post.ts))
        });
        found.max()
    }

    /// What only one person saw in a channel: the person's name and the text, in order.
    pub fn ephemerals(&self, channel: &str) -> Vec<(String, String)> {
        let channel = self.channel(channel);
        let room = channel.room();
        let name = |id: &str| self.world.name_of(id).unwrap_or_else(|| id.to_string());
        room.ephemerals.iter().map(|whisper| (name(&whisper.user), whisper.text.clone())).collect()
    }

    /// The same for one thread.
    pub fn whispers(&self, channel: &str, thread_ts: &str) -> Vec<(String, String)> {
        let channel = self.channel(channel);
        let room = channel.room();
        let name = |id: &str| self.world.name_of(id).unwrap_or_else(|| id.to_string());
        let here = room.ephemerals.iter().filter(|whisper| whisper.thread_ts == Ts::parse(thread_ts));
        here.map(|whisper| (name(&whisper.user), whisper.text.clone())).collect()
    }

    /// What the bot shows as being done in a thread (assistant.threads.setStatus).
    pub fn status(&self, channel: &str, thread_ts: &str) -> Option<String> {
        let channel = self.channel(channel);
        let room = channel.room();
        room.statuses.get(&Ts::parse(thread_ts)?).cloned()
    }

    /// The modal that was opened last and is still open.
    pub fn modal(&self) -> Option<Value> {
        self.world.views().last_opened().cloned()
    }

    /// A person's home tab.
    pub fn home(&self, who: &Agent) -> Option<Value> {
        self.world.views().home(&who.id).cloned()
    }

    /// Everything a reader sees, as text:
    ///
    /// ```text
    /// #support
    /// └ Ada: My export hangs
    ///   Grace: Looking into it ✓
    /// ```
    pub fn transcript(&self) -> String {
        transcript::transcript(&self.world)
    }

    /// Waits until `done` says so, looking whenever something changed.
    ///
    /// # Errors
    /// [`NotYet`], with the transcript and the complaints, when it takes longer than `timeout`.
    pub async fn wait_until(&self, done: impl Fn(&FakeSlack) -> bool, timeout: Duration) -> Result<(), NotYet> {
        let wait = async {
            loop {
                let mut changed = std::pin::pin!(self.world.changes().notified());
                changed.as_mut().enable();
                if done(self) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(timeout, wait).await.map_err(|_| {
            let (transcript, complaints) = (self.transcript(), self.complaints());
            NotYet(format!("not within {timeout:?}; Slack is:\n{transcript}complaints: {complaints:#?}"))
        })
    }

    /// Every recorded call, oldest first; none when quiet.
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.world.record.calls()
    }

    /// The recorded calls of a method.
    pub fn calls_of(&self, method: &str) -> Vec<RecordedCall> {
        self.calls().into_iter().filter(|call| call.method == method).collect()
    }

    /// What only a mistaken client does, in the order it was done.
    pub fn complaints(&self) -> Vec<String> {
        self.world.record.complaints()
    }

    /// Forgets calls and complaints.
    pub fn forget_calls(&self) {
        self.world.record.clear();
    }

    /// Numbers of what went through.
    pub fn stats(&self) -> Stats {
        let mut stats = self.world.record.stats();
        self.world.deliveries.add_stats(&mut stats);
        stats
    }

    /// Events that are neither acknowledged nor given up.
    pub fn unacked_events(&self) -> usize {
        self.world.deliveries.waiting()
    }

    /// Sockets that are open.
    pub fn live_sockets(&self) -> usize {
        self.world.deliveries.live_sockets()
    }
}

/// What goes wrong.
impl FakeSlack {
    /// Faults of calls and events.
    pub fn faults(&self) -> &Faults {
        &self.world.faults
    }

    /// Cuts every socket without a word; says how many there were.
    pub fn drop_sockets(&self) -> usize {
        self.order_sockets(Order::Drop)
    }

    /// Cuts one socket off, if there is any; says whether there was.
    pub fn drop_one_socket(&self) -> bool {
        let dropped = self.world.deliveries.drop_one();
        self.world.touch();
        dropped
    }

    /// Closes every socket with a close frame; says how many there were.
    pub fn close_sockets(&self) -> usize {
        self.order_sockets(Order::Close)
    }

    /// Makes every open socket deaf: it stays open, but nothing is read, sent or answered on it,
    /// and events handed to it are not acknowledged. Says how many there were.
    pub fn deafen_sockets(&self) -> usize {
        self.order_sockets(Order::GoDeaf)
    }

    /// Sends a `disconnect` envelope to every socket: `warning` leaves them open, any other reason
    /// (`refresh_requested`, `link_disabled`, `too_many_websockets`) closes them. Says how many
    /// there were.
    pub fn disconnect_sockets(&self, reason: &str) -> usize {
        let frame = socket::disconnect_frame(reason);
        self.order_sockets(if reason == "warning" { Order::Send(frame) } else { Order::SendAndClose(frame) })
    }

    /// Takes the bot's token back, or gives it again. Sockets stay: they are the app's.
    pub fn revoke_token(&self, revoked: bool) {
        self.world.bot_token_revoked.store(revoked, Ordering::Release);
    }

    /// Changes the scopes of the bot's token.
    pub fn set_scopes(&self, scopes: &[&str]) {
        self.world.set_scopes(scopes);
    }

    /// Cuts every connection, and every new one as it comes, until [`FakeSlack::comes_back`].
    pub fn goes_down(&self) {
        self.world.up.send_replace(false);
        self.world.deliveries.order_all(Order::Drop);
    }

    /// Can be reached again.
    pub fn comes_back(&self) {
        self.world.up.send_replace(true);
    }

    /// Sends events to this URL from now on, after it has answered the challenge; Socket Mode is
    /// off then, as in Slack. With none, Socket Mode is on again.
    ///
    /// # Errors
    /// In words, when the URL does not answer as it must; then nothing changes.
    pub async fn set_events_url(&self, url: Option<&str>) -> Result<(), String> {
        if let Some(url) = url {
            webhook::challenge(&self.world, url).await?;
            self.world.deliveries.set_http_url(Some(url.into()));
            self.disconnect_sockets("link_disabled");
        } else {
            self.world.deliveries.set_http_url(None);
        }
        Ok(())
    }

    /// Sends what people do with buttons, menus and forms, and their commands, to these addresses while
    /// events go by HTTP.
    pub fn set_hand_urls(&self, interactions: &str, commands: &str) {
        self.world.deliveries.set_hand_urls(interactions.into(), commands.into());
    }

    /// Tells the app twice of the next thing that somebody does with a button, a menu, a command or a
    /// form.
    pub fn doubles_next_interaction(&self) {
        self.world.deliveries.double_next_interaction();
    }

    fn order_sockets(&self, order: Order) -> usize {
        let count = self.world.deliveries.order_all(order);
        self.world.touch();
        count
    }
}

impl FakeSlack {
    fn person(&self, name: &str, kind: impl FnOnce(usize) -> PersonKind) -> Agent {
        let person = self.world.people_mut().find_or_add(name, kind);
        Agent { world: self.world.clone(), id: person.id, name: person.name }
    }

    fn take_bot_in(&self, channel: &str) {
        let channel = self.channel(channel);
        let mut room = channel.room();
        room.bot_is_member = true;
        room.members.insert(BOT_USER_ID.into());
    }

    fn channel(&self, id_or_name: &str) -> Arc<channel::Channel> {
        self.world.channel(id_or_name).unwrap_or_else(|_| panic!("there is no channel {id_or_name}"))
    }
}

/// Retries, and gives up, what was not acknowledged.
async fn keep_delivering(world: Arc<World>) {
    loop {
        let next = world.deliveries.tick();
        world.touch();
        match next {
            Some(at) => tokio::select! {
                () = tokio::time::sleep_until(at) => {}
                () = world.deliveries.sooner() => {}
            },
            None => world.deliveries.sooner().await,
        }
    }
}
