//! What the service orders in Slack: threads, posts, receipts, private notices, and looking up
//! what became of an order whose outcome was unclear. Each order is one call and one outcome; its
//! repetition, order and pace are the outbox's business.

use crate::client::Client;
use crate::config::SlackConfig;
use crate::directory::Directory;
use crate::files::Shares;
use crate::home::Homes;
use crate::ids::{self, Spot};
use crate::rooms::Rooms;
use crate::saved::{self, Decided};
use crate::{format, refusal, rich, thread};
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use threadline_core::body::{Body, safe_href};
use threadline_core::card::Card;
use threadline_core::desk::{Content, FoundCard, Letter, Mark, Snapshot, Trouble};
use threadline_core::ids::{ConversationId, Moment, PostKey, ThreadKey};
use tokio::sync::OnceCell;
use tracing::{info, warn};

/// The bot as it stands in Slack.
#[derive(Clone, Debug)]
pub struct Slack {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: SlackConfig,
    client: Arc<Client>,
    us: OnceCell<Us>,
    shares: Shares,
    directory: Directory,
    rooms: Rooms,
    homes: Homes,
}

/// Who we are in Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Us {
    /// The workspace.
    pub team: String,
    /// The organisation the workspace belongs to, on Enterprise Grid.
    pub enterprise: Option<String>,
    /// The bot's user.
    pub user: String,
    /// The bot itself: what its posts carry.
    pub bot: String,
    /// The workspace's address, for links into it.
    pub url: Option<String>,
}

impl Us {
    /// True for our workspace, and for the organisation it belongs to.
    pub fn is_home(&self, team: &str) -> bool {
        self.team == team || self.enterprise.as_deref() == Some(team)
    }
}

impl Slack {
    /// The bot with these settings. Nothing is asked of Slack yet. Fails when the address or the
    /// machine's certificates are of no use.
    pub fn new(config: SlackConfig) -> io::Result<Slack> {
        let client = Arc::new(Client::new(&config.api_url, config.call_timeout)?);
        let directory = Directory::new(client.clone(), config.bot_token.clone());
        Ok(Slack {
            inner: Arc::new(Inner {
                config,
                client,
                us: OnceCell::new(),
                shares: Shares::default(),
                directory,
                rooms: Rooms::default(),
                homes: Homes::default(),
            }),
        })
    }

    /// Who we are, if Slack has said so.
    pub(crate) fn us_if_known(&self) -> Option<&Us> {
        self.inner.us.get()
    }

    /// Who we are, asked once.
    pub async fn us(&self) -> Result<&Us, Trouble> {
        self.inner
            .us
            .get_or_try_init(|| async {
                let answer = self.call("auth.test", &json!({})).await?;
                let text = |name: &str| answer[name].as_str().filter(|text| !text.is_empty()).map(str::to_string);
                match (text("team_id"), text("user_id"), text("bot_id")) {
                    (Some(team), Some(user), Some(bot)) => {
                        Ok(Us { team, user, bot, enterprise: text("enterprise_id"), url: text("url") })
                    }
                    _ => Err(Trouble::Stopped(refusal::not_a_bot_token())),
                }
            })
            .await
    }

    /// Opens a conversation's thread: posts its card in the channel.
    pub async fn open_thread(&self, channel: &str, card: &Card) -> Result<ThreadKey, Trouble> {
        let team = &self.us().await?.team;
        let mut payload = format::card(card);
        payload["channel"] = json!(channel);
        let answer = self.call("chat.postMessage", &payload).await?;
        let (channel, ts) = posted(&answer, channel)?;
        self.inner.homes.stir();
        Ok(Spot { team, channel, ts }.thread())
    }

    /// Has the card at the root of a thread show what is so now.
    pub async fn edit_card(&self, thread: &ThreadKey, card: &Card) -> Result<(), Trouble> {
        let spot = self.spot(&thread.0).await?;
        let mut payload = format::card_edit(card);
        payload["channel"] = json!(spot.channel);
        payload["ts"] = json!(spot.ts);
        self.call("chat.update", &payload).await?;
        self.inner.homes.stir();
        Ok(())
    }

    /// Posts in a thread; as which post, where Slack says so: of files it does not.
    pub async fn post(&self, thread: &ThreadKey, letter: &Letter) -> Result<Option<PostKey>, Trouble> {
        let texts = match &letter.content {
            Content::Texts(texts) => texts,
            Content::Files(_) => return self.post_files(thread, letter).await.map(|()| None),
        };
        let spot = self.spot(&thread.0).await?;
        let mut payload = format::letter(letter, texts);
        payload["channel"] = json!(spot.channel);
        payload["thread_ts"] = json!(spot.ts);
        let answer = self.call("chat.postMessage", &payload).await.map_err(refusal::of_post)?;
        let (channel, ts) = posted(&answer, spot.channel)?;
        let message = &answer["message"];
        if message.is_object() && message["thread_ts"] != spot.ts {
            self.check_place(spot, channel, ts).await?;
        }
        Ok(Some(Spot { team: spot.team, channel, ts }.post()))
    }

    /// Shows a receipt under an agent's post. It may be there already.
    pub async fn mark(&self, post: &PostKey, mark: Mark) -> Result<(), Trouble> {
        self.react("reactions.add", post, mark, &["already_reacted"]).await
    }

    /// Takes a receipt away from an agent's post. It may not be there, nor may the post.
    pub async fn unmark(&self, post: &PostKey, mark: Mark) -> Result<(), Trouble> {
        self.react("reactions.remove", post, mark, &["no_reaction", "message_not_found"]).await
    }

    /// Changes the reactions to a post; with a refusal of one of these codes it is so already.
    async fn react(&self, method: &str, post: &PostKey, mark: Mark, is_so: &[&str]) -> Result<(), Trouble> {
        let spot = self.spot(&post.0).await?;
        let payload = json!({ "channel": spot.channel, "timestamp": spot.ts, "name": format::mark(mark) });
        match self.inner.client.call(&self.inner.config.bot_token, method, &payload).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.code().is_some_and(|code| is_so.contains(&code)) => Ok(()),
            Err(failure) => Err(failure.trouble(method)),
        }
    }

    /// Tells one person privately: where he did what it is about, or in the thread. `person` is an
    /// agent's id, a Slack user's, or [`ids::elsewhere`].
    pub async fn tell(&self, thread: &ThreadKey, person: &str, words: &Body) -> Result<(), Trouble> {
        self.whisper(thread, person, rich::whisper(words)).await
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
        self.whisper(thread, person, saved::preview(words, Decided { number, preview, sends: true })).await
    }

    async fn whisper(&self, thread: &ThreadKey, person: &str, mut payload: Value) -> Result<(), Trouble> {
        if let Some(url) = ids::listener(person).1 {
            match self.respond_with(url, payload.clone()).await {
                // Half an hour has gone by: in the thread, then.
                Err(Trouble::Never { .. }) => {}
                told => return told,
            }
        }
        let spot = self.spot(&thread.0).await?;
        payload["channel"] = json!(spot.channel);
        payload["thread_ts"] = json!(spot.ts);
        payload["user"] = json!(ids::user(person));
        self.call("chat.postEphemeral", &payload).await.map(drop)
    }

    /// Takes away what somebody alone was shown, where Slack takes an answer to his pressing on it.
    pub(crate) async fn take_away(&self, url: &str) -> Result<(), Trouble> {
        let answer = self.inner.client.respond(url, &json!({ "delete_original": true })).await;
        answer.map_err(|failure| failure.trouble("response_url"))
    }

    /// Tells one person privately where Slack takes an answer to what he did: its `response_url`.
    pub(crate) async fn respond(&self, url: &str, words: &Body) -> Result<(), Trouble> {
        self.respond_with(url, rich::whisper(words)).await
    }

    async fn respond_with(&self, url: &str, mut payload: Value) -> Result<(), Trouble> {
        payload["response_type"] = json!("ephemeral");
        // What was pressed stays as it is.
        payload["replace_original"] = json!(false);
        let answer = self.inner.client.respond(url, &payload).await;
        answer.map_err(|failure| failure.trouble("response_url"))
    }

    /// The whole thread as it stands. `asked_at` is a moment before the call.
    pub async fn read_thread(&self, thread: &ThreadKey, asked_at: Moment) -> Result<Snapshot, Trouble> {
        thread::snapshot(self, self.spot(&thread.0).await?, asked_at).await
    }

    /// The cards for this conversation that were posted in the channels since then and stand there:
    /// what became of an unclear [`Slack::open_thread`]. With `known`, the conversation's thread, or
    /// with several cards, what people wrote under the others is read, too.
    pub async fn find_cards(
        &self,
        channels: &[String],
        conversation: ConversationId,
        since: Moment,
        known: Option<&ThreadKey>,
    ) -> Result<Vec<FoundCard>, Trouble> {
        let mut cards = Vec::new();
        for channel in channels {
            cards.extend(thread::find_cards(self, channel, conversation, since, known.is_some()).await?);
        }
        if known.is_none() && cards.len() < 2 {
            return Ok(cards);
        }
        for card in cards.iter_mut().filter(|card| Some(&card.thread) != known) {
            card.written = self.read_thread(&card.thread, since).await?.messages;
        }
        Ok(cards)
    }

    /// Deletes a post of ours. It may be gone already.
    pub async fn take_back(&self, post: &PostKey) -> Result<(), Trouble> {
        let spot = self.spot(&post.0).await?;
        self.change_own("chat.delete", &json!({ "channel": spot.channel, "ts": spot.ts })).await
    }

    /// Has a card of ours say that its conversation goes on in another thread. It may be gone.
    pub async fn point_the_way(&self, card: &PostKey, number: i64, onward: Option<&ThreadKey>) -> Result<(), Trouble> {
        let spot = self.spot(&card.0).await?;
        let mut payload = format::signpost(number, self.link(onward).await?.as_deref());
        payload["channel"] = json!(spot.channel);
        payload["ts"] = json!(spot.ts);
        self.change_own("chat.update", &payload).await
    }

    /// Tells one person, where he wrote, that nothing was sent and where the conversation goes on.
    pub async fn show_the_way(
        &self,
        thread: &ThreadKey,
        person: &str,
        onward: Option<&ThreadKey>,
    ) -> Result<(), Trouble> {
        let link = self.link(onward).await?;
        self.tell_words(thread, person, &format::goes_on_elsewhere(link.as_deref())).await
    }

    /// Changes a post of ours, which somebody may have deleted meanwhile.
    async fn change_own(&self, method: &str, payload: &Value) -> Result<(), Trouble> {
        match self.inner.client.call(&self.inner.config.bot_token, method, payload).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.code() == Some("message_not_found") => Ok(()),
            Err(failure) => Err(failure.trouble(method)),
        }
    }

    /// Where a thread is found on the web.
    async fn link(&self, thread: Option<&ThreadKey>) -> Result<Option<String>, Trouble> {
        let Some(thread) = thread else { return Ok(None) };
        let spot = self.spot(&thread.0).await?;
        let answer = self.get("chat.getPermalink", &[("channel", spot.channel), ("message_ts", spot.ts)]).await?;
        Ok(answer["permalink"].as_str().and_then(safe_href).map(str::to_string))
    }

    async fn tell_words(&self, thread: &ThreadKey, person: &str, words: &str) -> Result<(), Trouble> {
        let spot = self.spot(&thread.0).await?;
        let payload = json!({
            "channel": spot.channel,
            "thread_ts": spot.ts,
            "user": ids::user(person),
            "text": words,
        });
        self.call("chat.postEphemeral", &payload).await.map(drop)
    }

    pub(crate) fn config(&self) -> &SlackConfig {
        &self.inner.config
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn shares(&self) -> &Shares {
        &self.inner.shares
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    pub(crate) fn homes(&self) -> &Homes {
        &self.inner.homes
    }

    /// The desks' channels that somebody is in.
    pub(crate) async fn channels_of(&self, user: &str) -> Result<Vec<String>, Trouble> {
        self.inner.rooms.of(self, user).await
    }

    pub(crate) fn rooms(&self) -> &Rooms {
        &self.inner.rooms
    }

    /// Calls a JSON method as the bot.
    pub(crate) async fn call(&self, method: &str, payload: &Value) -> Result<Value, Trouble> {
        let answer = self.inner.client.call(&self.inner.config.bot_token, method, payload).await;
        answer.map_err(|failure| failure.trouble(method))
    }

    /// Calls a method as the bot that takes a form.
    pub(crate) async fn form(&self, method: &str, params: &[(&str, &str)]) -> Result<Value, Trouble> {
        let answer = self.inner.client.form(&self.inner.config.bot_token, method, params).await;
        answer.map_err(|failure| failure.trouble(method))
    }

    /// Calls a reading method as the bot.
    pub(crate) async fn get(&self, method: &str, params: &[(&str, &str)]) -> Result<Value, Trouble> {
        let answer = self.inner.client.get(&self.inner.config.bot_token, method, params).await;
        answer.map_err(|failure| failure.trouble(method))
    }

    /// Where a key points in our workspace.
    pub(crate) async fn spot<'a>(&self, key: &'a str) -> Result<Spot<'a>, Trouble> {
        let spot = Spot::parse(key).ok_or_else(|| Trouble::Never { why: format!("{key} is no place in Slack") })?;
        if spot.team != self.us().await?.team {
            return Err(Trouble::Stopped(refusal::other_workspace()));
        }
        Ok(spot)
    }

    /// Slack puts a reply to a root that was just deleted into the channel itself. Such a stray is
    /// taken back, and only after Slack has said that the thread is gone.
    pub(crate) async fn check_place(&self, root: Spot<'_>, channel: &str, ts: &str) -> Result<(), Trouble> {
        match thread::root_stands(self, root).await {
            Err(Trouble::ThreadGone) => {}
            Ok(()) | Err(_) => return Ok(()),
        }
        info!(
            slack.channel = channel,
            slack.ts = ts,
            "a reply to a deleted thread landed in the channel; taking it back"
        );
        if let Err(trouble) = self.call("chat.delete", &json!({ "channel": channel, "ts": ts })).await {
            warn!(slack.channel = channel, slack.ts = ts, ?trouble, "the stray reply stays in the channel");
        }
        Err(Trouble::ThreadGone)
    }
}

/// Where a post went. An answer that says yes without saying where leaves it to be looked up.
fn posted<'a>(answer: &'a Value, asked: &'a str) -> Result<(&'a str, &'a str), Trouble> {
    let channel = answer["channel"].as_str().filter(|channel| !channel.is_empty()).unwrap_or(asked);
    match answer["ts"].as_str().filter(|ts| ids::stamp(ts).is_some()) {
        Some(ts) => Ok((channel, ts)),
        None => Err(Trouble::Unclear { why: "chat.postMessage: the answer names no message".to_string() }),
    }
}
