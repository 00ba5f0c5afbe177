//! The practice desk as a platform: what the outbox calls instead of a bot, and what its page
//! calls when an agent writes. It stands in for Slack while somebody tries Threadline out, and in
//! tests; it goes through the same service, lanes and receipts.

use crate::files::Reading;
use crate::service::Service;
use crate::service::files::{NotUploaded, Uploading};
use crate::store::StoreError;
use crate::store::files::Owner;
use crate::store::practice::{PostKind, PracticePost};
use std::time::Duration;
use threadline_core::body::Body;
use threadline_core::card::{Card, CardField, CardValue};
use threadline_core::conversation::Thread;
use threadline_core::desk::{
    Agent, Author, Content, Deed, DeskAct, DeskEvent, DeskMessage, FoundCard, Inbox, Letter, Mark, NotFetched, OwnPost,
    Piece, Post, Snapshot, Trouble,
};
use threadline_core::file::{DeskFile, DeskFileKey, FileTrouble, StoredFile};
use threadline_core::ids::{AgentId, ConversationId, FileId, Moment, PostKey, ThreadKey};
use threadline_core::markup;
use threadline_core::presence::Sign;
use threadline_core::verb::parse::{self, Wrong, person_named};
use threadline_core::verb::{Verb, Who};
use threadline_core::words::{self, CONTINUED, ODD};

/// The one channel that it has.
pub const CHANNEL: &str = "practice";
/// How keys of this platform begin.
pub const PLATFORM: &str = "practice";

/// How often it is looked whether a thread is stored that stands on the page already, and how many times:
/// a commit is a matter of milliseconds, and who clicked waits for it.
const HEARD_OF_LOOK_EVERY: Duration = Duration::from_millis(20);
const HEARD_OF_LOOKS: u32 = 250;

/// The practice desk.
#[derive(Clone, Debug)]
pub struct Practice {
    service: Service,
}

/// Why an agent's click on the practice desk did nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PracticeError {
    /// No such thread, or no such post of this agent in it.
    #[error("no such post of yours")]
    NotThere,
    /// What he asks for is no verb that can be done.
    #[error("no such verb")]
    Wrong(Wrong),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Practice {
    /// The practice desk of a service.
    pub fn new(service: Service) -> Practice {
        Practice { service }
    }

    /// Makes the thread of a conversation, with the card at its root.
    pub async fn open_thread(&self, card: &Card) -> Result<ThreadKey, Trouble> {
        let conversation = card.conversation;
        let (body, delivery) = (Body::plain(&card_text(card)), Some(format!("card/{conversation}")));
        self.make(conversation, PracticePost { body, delivery, ..self.blank(PostKind::Card, "Threadline") }).await?;
        Ok(thread_key(conversation))
    }

    /// Has the card show what is so now.
    pub async fn edit_card(&self, card: &Card) -> Result<(), Trouble> {
        let (conversation, body) = (card.conversation, Body::plain(&card_text(card)));
        let store = &self.service.shared().store;
        store
            .write(move |tx| {
                let body = body.clone();
                Box::pin(async move { tx.practice_card(conversation, &body).await })
            })
            .await
            .map_err(not_done)?;
        self.changed(conversation);
        Ok(())
    }

    /// Posts pieces of messages in a thread; as which post.
    pub async fn post(&self, letter: &Letter) -> Result<PostKey, Trouble> {
        let (pieces, text, files): (Vec<Piece>, String, Vec<StoredFile>) = match &letter.content {
            Content::Texts(texts) => {
                let called = letter.calls.iter().map(|name| format!("@{}", name.trim_start_matches("practice/")));
                let called = called.collect::<Vec<_>>().join(" ");
                let first = Some(called.as_str()).filter(|called| !called.is_empty());
                let said: Vec<&str> = first.into_iter().chain(texts.iter().map(|(_, text)| text.as_str())).collect();
                (texts.iter().map(|(piece, _)| *piece).collect(), said.join("\n"), Vec::new())
            }
            Content::Files(files) => {
                let sent = files.iter().map(|(_, sent)| sent.file.clone()).collect();
                (files.iter().map(|(piece, _)| *piece).collect(), String::new(), sent)
            }
        };
        let (kind, name) = match &letter.speaker {
            Some(name) => (PostKind::Customer, name.as_str()),
            None => (PostKind::Bot, "Threadline"),
        };
        let delivery = pieces.into_iter().map(delivery_word).collect::<Vec<_>>().join(" ");
        let body = if text.is_empty() { Body::default() } else { Body::plain(&text) };
        self.make(
            letter.conversation,
            PracticePost { body, files, delivery: Some(delivery), retry_of: letter.retry_of, ..self.blank(kind, name) },
        )
        .await
        .map(|post| post_key(letter.conversation, post))
    }

    /// A file that an agent attached: its name and its bytes.
    pub async fn file(&self, key: &DeskFileKey) -> Result<(String, Reading), NotFetched> {
        let missing = NotFetched::Missing(FileTrouble::Deleted);
        let Some(id) = key.0.strip_prefix("practice/").and_then(|id| id.parse().ok()) else { return Err(missing) };
        let shared = self.service.shared();
        let row = shared.store.file(id).await.map_err(|error| NotFetched::Trouble(not_done(error)))?;
        let Some(row) = row else { return Err(missing) };
        let reading = shared.files.read(&row.file.hash, 0, row.file.bytes).await;
        let reading = reading.map_err(|error| NotFetched::Trouble(Trouble::NotDone { why: error.to_string() }))?;
        Ok((row.file.name, reading.ok_or(missing)?))
    }

    /// Shows a receipt under an agent's post, or takes it away.
    pub async fn mark(&self, post: &PostKey, mark: Mark, is_on: bool) -> Result<(), Trouble> {
        let Some((conversation, post)) = parse_post(post) else { return Err(never("no post of the practice desk")) };
        let store = &self.service.shared().store;
        store.write(move |tx| Box::pin(tx.practice_mark(conversation, post, mark, is_on))).await.map_err(not_done)?;
        self.changed(conversation);
        Ok(())
    }

    /// Tells one person something.
    pub async fn tell(
        &self,
        conversation: ConversationId,
        person: &str,
        words: &Body,
        delivery: String,
    ) -> Result<(), Trouble> {
        self.whisper(conversation, person, words, delivery).await
    }

    /// Shows one person the preview of this number; the page has the buttons.
    pub async fn show_preview(
        &self,
        conversation: ConversationId,
        person: &str,
        words: &Body,
        preview: i64,
    ) -> Result<(), Trouble> {
        self.whisper(conversation, person, words, preview_delivery(conversation, preview)).await
    }

    async fn whisper(
        &self,
        conversation: ConversationId,
        person: &str,
        words: &Body,
        delivery: String,
    ) -> Result<(), Trouble> {
        let name = person.strip_prefix("practice/").unwrap_or(person).to_string();
        let post = PracticePost { person: Some(name), ..self.blank(PostKind::Private, "Threadline") };
        let post = PracticePost { body: words.clone(), delivery: Some(delivery), ..post };
        let store = &self.service.shared().store;
        store
            .write(move |tx| {
                let post = post.clone();
                Box::pin(async move { tx.practice_post(conversation, &post).await })
            })
            .await
            .map_err(not_done)?;
        self.changed(conversation);
        Ok(())
    }

    /// The thread as it stands.
    pub async fn read_thread(&self, thread: &ThreadKey, asked_at: Moment) -> Result<Snapshot, Trouble> {
        let Some(conversation) = parse_thread(thread) else { return Err(Trouble::ThreadGone) };
        let posts = self.service.shared().store.practice_posts(conversation).await.map_err(not_done)?;
        let mut snapshot =
            Snapshot { thread: thread.clone(), asked_at, root: 0, messages: Vec::new(), ours: Vec::new() };
        for post in posts {
            let at = Post { key: post_key(conversation, post.post), stamp: post.post };
            match (&post.delivery, post.kind) {
                (None, PostKind::Agent) if !post.deleted => {
                    let message = self.message(at, &post.name, post.body, &post.files, post.edited).await;
                    snapshot.messages.push(message.map_err(not_done)?);
                }
                (Some(delivery), PostKind::Customer | PostKind::Bot) => {
                    let pieces = delivery.split(' ').filter_map(piece_from).collect();
                    snapshot.ours.push(OwnPost { post: at, pieces, files: Vec::new() });
                }
                _ => {}
            }
        }
        Ok(snapshot)
    }

    /// The card of a conversation, if it is there: it is made once.
    pub async fn find_cards(&self, conversation: ConversationId) -> Result<Vec<FoundCard>, Trouble> {
        let posts = self.service.shared().store.practice_posts(conversation).await.map_err(not_done)?;
        let card = posts.iter().find(|post| post.kind == PostKind::Card).map(|card| FoundCard {
            thread: thread_key(conversation),
            post: Post { key: post_key(conversation, card.post), stamp: card.post },
            written: Vec::new(),
        });
        Ok(card.into_iter().collect())
    }

    /// Reads every thread, as after any downtime: what an agent wrote just before the process died
    /// is in the thread and not yet in the conversation.
    pub async fn catch_up(&self) -> anyhow::Result<()> {
        for open in self.service.open_threads(PLATFORM).await? {
            let asked_at = self.service.shared().clock.now();
            match self.read_thread(&open.thread, asked_at).await {
                Ok(snapshot) => self.happened(open.thread, DeskAct::Stands(snapshot)).await?,
                // One that cannot be read concerns nobody else.
                Err(trouble) => tracing::error!(thread = %open.thread, ?trouble, "cannot catch up with a thread"),
            }
        }
        Ok(())
    }

    /// An agent says that he is there or away, from then on.
    pub async fn agent_signs(&self, name: &str, is_there: bool) -> Result<(), PracticeError> {
        let sign = if is_there { Sign::In } else { Sign::Out };
        let signed = self.service.signed(PLATFORM, vec![CHANNEL.to_string()], agent(name), sign).await;
        signed.map(drop).map_err(|unstored| PracticeError::Store(StoreError::Database(unstored.0)))
    }

    /// An agent writes in a thread; the post's number.
    pub async fn agent_writes(
        &self,
        conversation: ConversationId,
        name: &str,
        text: &str,
        files: &[FileId],
    ) -> Result<i64, PracticeError> {
        self.is_heard_of(conversation).await?;
        let body = if text.is_empty() { Body::default() } else { markup::parse(text) };
        let files = self.uploaded(conversation, files).await?;
        let post = PracticePost { body: body.clone(), files: files.clone(), ..self.blank(PostKind::Agent, name) };
        let store = &self.service.shared().store;
        let number = store
            .write(move |tx| {
                let post = post.clone();
                Box::pin(async move {
                    let number = tx.practice_post(conversation, &post).await?;
                    let ids: Vec<FileId> = post.files.iter().map(|file| file.id).collect();
                    if !ids.is_empty() {
                        tx.own_files(&Owner::Practice(post_key(conversation, number).0), &ids).await?;
                    }
                    Ok(number)
                })
            })
            .await?;
        let at = Post { key: post_key(conversation, number), stamp: number };
        let wrote = DeskAct::Wrote(self.message(at, name, body, &files, None).await?);
        self.happened(thread_key(conversation), wrote).await?;
        self.changed(conversation);
        Ok(number)
    }

    /// An agent edits a post of his own.
    pub async fn agent_edits(
        &self,
        conversation: ConversationId,
        post: i64,
        name: &str,
        text: &str,
    ) -> Result<(), PracticeError> {
        let body = if text.is_empty() { Body::default() } else { markup::parse(text) };
        let now_stamp = (self.service.shared().clock.now().0 * 1_000).max(post + 1);
        let store = &self.service.shared().store;
        let (owner, said) = (name.to_string(), body.clone());
        let edited = store
            .write(move |tx| {
                let (owner, said) = (owner.clone(), said.clone());
                Box::pin(async move { tx.practice_edit(conversation, post, &owner, &said, now_stamp).await })
            })
            .await?
            .ok_or(PracticeError::NotThere)?;
        let at = Post { key: post_key(conversation, post), stamp: post };
        let there = store.practice_posts(conversation).await?.into_iter().find(|it| it.post == post);
        let files = there.map(|post| post.files).unwrap_or_default();
        let wrote = DeskAct::Wrote(self.message(at, name, body, &files, Some(edited)).await?);
        self.happened(thread_key(conversation), wrote).await?;
        self.changed(conversation);
        Ok(())
    }

    /// An agent deletes a post of his own.
    pub async fn agent_deletes(
        &self,
        conversation: ConversationId,
        post: i64,
        name: &str,
    ) -> Result<(), PracticeError> {
        let owner = name.to_string();
        let store = &self.service.shared().store;
        let there = store
            .write(move |tx| {
                let owner = owner.clone();
                Box::pin(async move { tx.practice_delete(conversation, post, &owner).await })
            })
            .await?;
        if !there {
            return Err(PracticeError::NotThere);
        }
        let at = Post { key: post_key(conversation, post), stamp: post };
        self.happened(thread_key(conversation), DeskAct::Deleted(at)).await?;
        self.changed(conversation);
        Ok(())
    }

    /// An agent uses a button or the menu of the card: what he does, as one would type it after the
    /// bot's name. The key makes it the same click when the page sends it again.
    pub async fn agent_does(
        &self,
        conversation: ConversationId,
        key: &str,
        name: &str,
        text: &str,
    ) -> Result<(), PracticeError> {
        let shared = self.service.shared();
        let verb = match parse::command(text, &shared.names).verb.map_err(PracticeError::Wrong)? {
            Verb::Assign(Who::Named(asked)) => match shared.store.practice_agent(&asked).await? {
                Some(name) => Verb::Assign(Who::Agent(agent(&name))),
                None => Verb::Assign(Who::Named(asked)),
            },
            verb => verb,
        };
        self.is_heard_of(conversation).await?;
        let deed = Deed { key: format!("{PLATFORM}/{conversation}/did/{key}"), by: agent(name), verb, elsewhere: None };
        self.happened(thread_key(conversation), DeskAct::Did(deed)).await?;
        self.changed(conversation);
        Ok(())
    }

    async fn message(
        &self,
        post: Post,
        name: &str,
        body: Body,
        files: &[StoredFile],
        edited: Option<i64>,
    ) -> Result<DeskMessage, StoreError> {
        let named = match person_named(&body, false, &self.service.shared().names) {
            Some(asked) => self.service.shared().store.practice_agent(&asked).await?,
            None => None,
        };
        let named = named.as_deref().map(agent).map(Box::new);
        let files = files.iter().map(desk_file).collect();
        Ok(DeskMessage { post, author: Author::Agent(agent(name)), body, files, edited, to_us: false, named })
    }

    /// Waits until it is stored whose thread this is: the card stands on the page a moment before.
    async fn is_heard_of(&self, conversation: ConversationId) -> Result<(), PracticeError> {
        for _ in 0..HEARD_OF_LOOKS {
            let head = self.service.shared().store.head(conversation).await?.ok_or(PracticeError::NotThere)?;
            match head.thread {
                Thread::Open(_) => return Ok(()),
                Thread::None => return Err(PracticeError::NotThere),
                Thread::Wanted => tokio::time::sleep(HEARD_OF_LOOK_EVERY).await,
            }
        }
        Err(StoreError::Unreachable("a thread is not stored".to_string()).into())
    }

    async fn happened(&self, thread: ThreadKey, act: DeskAct) -> Result<(), StoreError> {
        let event = DeskEvent { thread, is_ours: true, act };
        let reading = threadline_core::desk::Reading { frame: None, events: vec![event] };
        self.service.happened(PLATFORM, vec![reading]).await.map_err(|unstored| StoreError::Database(unstored.0))
    }

    /// Begins to take in a file that an agent will attach.
    pub async fn agent_uploads(&self, conversation: ConversationId) -> Result<Uploading, NotUploaded> {
        let key = format!("{PLATFORM}/{}", FileId(self.service.shared().ids.fresh()));
        self.service.begin_own_upload(conversation, key).await
    }

    /// A file at the desk, whoever sent it.
    pub async fn file_of(&self, conversation: ConversationId, id: FileId) -> Result<StoredFile, PracticeError> {
        let row = self.service.shared().store.file(id).await?;
        row.filter(|row| row.conversation == conversation).map(|row| row.file).ok_or(PracticeError::NotThere)
    }

    async fn uploaded(&self, conversation: ConversationId, ids: &[FileId]) -> Result<Vec<StoredFile>, PracticeError> {
        let mut files = Vec::with_capacity(ids.len());
        for id in ids {
            files.push(self.file_of(conversation, *id).await?);
        }
        Ok(files)
    }

    async fn make(&self, conversation: ConversationId, post: PracticePost) -> Result<i64, Trouble> {
        let store = &self.service.shared().store;
        let number = store
            .write(move |tx| {
                let post = post.clone();
                Box::pin(async move { tx.practice_post(conversation, &post).await })
            })
            .await
            .map_err(not_done)?;
        self.changed(conversation);
        Ok(number)
    }

    fn blank(&self, kind: PostKind, name: &str) -> PracticePost {
        PracticePost {
            post: 0,
            kind,
            name: name.to_string(),
            person: None,
            body: Body::default(),
            files: Vec::new(),
            delivery: None,
            retry_of: None,
            edited: None,
            deleted: false,
            received: false,
            seen: false,
            waiting: false,
            emailed: false,
            at: self.service.shared().clock.now(),
        }
    }

    fn changed(&self, conversation: ConversationId) {
        // Nobody looks at the page: nothing to tell.
        let _ = self.service.shared().practice.send(conversation);
    }
}

/// The card in words; the page draws it from the card itself.
fn card_text(card: &Card) -> String {
    let field = |CardField { label, value }: &CardField| match value {
        CardValue::Text(text) | CardValue::Link { text, .. } => format!("{label}: {text}"),
        CardValue::Page { title: Some(title), shown, .. } => format!("{label}: {title} – {shown}"),
        CardValue::Page { title: None, shown, .. } => format!("{label}: {shown}"),
        CardValue::Odd(text) => format!("{label}: ⚠️ {text} ({ODD})"),
    };
    let ticket = card.ticket.map(|(priority, due)| match words::ticket(priority, due) {
        (ticket, Some((before, _))) => format!("{ticket} {before}"),
        (ticket, None) => ticket,
    });
    let standing = [Some(words::standing(&card.standing).0), ticket, card.holder.as_deref().map(words::holder)];
    let mut lines = vec![card.title(), standing.into_iter().flatten().collect::<Vec<_>>().join(" · ")];
    lines.extend(card.fields.iter().map(field));
    lines.extend(card.texts.iter().map(|(label, text)| format!("{label}:\n{text}")));
    lines.extend(card.also_line());
    lines.extend(card.surroundings_line());
    lines.extend(card.continued.then(|| CONTINUED.to_string()));
    lines.join("\n")
}

fn agent(name: &str) -> Agent {
    Agent { id: AgentId(format!("{PLATFORM}/{name}")), name: name.to_string(), picture: None }
}

fn desk_file(file: &StoredFile) -> DeskFile {
    DeskFile { key: file_key(file.id), name: file.name.clone(), bytes: Some(file.bytes), deleted: false }
}

/// As this desk names a file.
pub fn file_key(id: FileId) -> DeskFileKey {
    DeskFileKey(format!("{PLATFORM}/{id}"))
}

fn thread_key(conversation: ConversationId) -> ThreadKey {
    ThreadKey(format!("{PLATFORM}/{conversation}"))
}

fn parse_thread(thread: &ThreadKey) -> Option<ConversationId> {
    thread.0.strip_prefix("practice/")?.parse().ok()
}

fn post_key(conversation: ConversationId, post: i64) -> PostKey {
    PostKey(format!("{PLATFORM}/{conversation}/{post}"))
}

fn parse_post(post: &PostKey) -> Option<(ConversationId, i64)> {
    let (conversation, post) = post.0.strip_prefix("practice/")?.split_once('/')?;
    Some((conversation.parse().ok()?, post.parse().ok()?))
}

fn preview_delivery(conversation: ConversationId, preview: i64) -> String {
    format!("preview/{conversation}/{preview}")
}

/// The number of the preview that a post with this delivery id shows.
pub fn preview_of(delivery: &str) -> Option<i64> {
    delivery.strip_prefix("preview/")?.rsplit('/').next()?.parse().ok()
}

fn delivery_word(piece: Piece) -> String {
    format!("{}/{}", piece.message, piece.index)
}

fn piece_from(word: &str) -> Option<Piece> {
    let (message, index) = word.split_once('/')?;
    Some(Piece { message: message.parse().ok()?, index: index.parse().ok()? })
}

fn not_done(error: StoreError) -> Trouble {
    Trouble::NotDone { why: error.to_string() }
}

fn never(why: &str) -> Trouble {
    Trouble::Never { why: why.to_string() }
}
