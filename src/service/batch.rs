//! One transaction of the service: load what the events touch, step each conversation over its
//! events in order, store what changed together with the effects. It can run twice, because a
//! shared transaction may fail: it changes nothing but the database and what it returns.

use super::{Answer, Inner, Refusal, Token};
use crate::hub::Placed;
use crate::store::files::{FileRow, Owner};
use crate::store::orders::{OrderKey, OrderRow, Task};
use crate::store::{StoreError, Tx, dialect};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use threadline_core::context::Context;
use threadline_core::conversation::{Conversation, Dialogue, Effect, Event, Order, Rejected, Thread};
use threadline_core::desk::{Agent, Frame, Post};
use threadline_core::file::{Attachment, StoredFile};
use threadline_core::ids::{ConversationId, DeskName, FileId, MessageId, Moment, ThreadKey};
use threadline_core::message::{Kind, Message};
use threadline_core::presence::Sign;
use threadline_core::session::{Book, Session};
use threadline_core::words;
use tokio::sync::oneshot;

/// Work that waits for a transaction, and who waits for it.
#[derive(Debug)]
pub(super) struct Request {
    pub work: Work,
    pub asker: oneshot::Sender<Result<Answer, Refusal>>,
}

/// Events that belong in one transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    /// What happened.
    pub acts: Vec<Act>,
    /// What has to open the conversations, when a customer is the one who acts.
    pub token: Option<Token>,
    /// Frames that these events were read from as they came, not stored yet.
    pub frames_taken: Vec<(&'static str, Frame)>,
    /// Stored frames that these events were read from.
    pub frames_read: Vec<(&'static str, String)>,
    /// Orders that were carried out.
    pub done: Vec<OrderKey>,
}

/// An event and the conversation it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub subject: Subject,
    pub event: Event,
}

/// How a conversation is named.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    Conversation(ConversationId),
    Thread {
        /// Which.
        key: ThreadKey,
        /// True when, should the thread be unknown, it will be known soon.
        waits: bool,
    },
}

/// What a transaction did.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// An answer for each work.
    pub answers: Vec<Result<Answer, Refusal>>,
    /// What customers can see now.
    pub changes: Vec<(ConversationId, Seen)>,
    /// Orders that were stored.
    pub placed: Vec<Placed>,
    /// True when a hold was stored or forgotten.
    pub holds_changed: bool,
    /// True when somebody said that he is there or away.
    pub somebody_signed: bool,
    /// True when a letter to be sent was stored.
    pub letters_wait: bool,
    /// How many messages were stored, by who said them.
    pub stored: Stored,
    /// True when a session was stored.
    pub sessions_changed: bool,
    /// Conversations whose thread was read, and when the reading began.
    pub threads_read: Vec<(ConversationId, Moment)>,
}

/// Messages that were stored, by who said them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stored {
    pub customer: u64,
    pub agent: u64,
    pub bot: u64,
}

/// Something a customer can see.
#[derive(Debug)]
pub(super) enum Seen {
    Message(Box<Message>),
    Typing(Option<String>),
    Standing,
}

/// A conversation in memory while the transaction runs.
struct Loaded {
    dialogue: Dialogue,
    before: Dialogue,
    /// Files of it that no message has yet.
    unowned: HashSet<FileId>,
}

pub(super) async fn run(tx: &mut Tx, inner: &Inner, works: &[Work]) -> Result<Outcome, StoreError> {
    let now = inner.clock.now();
    let mut conversations = load(tx, inner, works).await?;
    let before = book(tx, inner, works, &mut conversations, now).await?;
    let mut book = before.clone();
    let mut outcome = Outcome::default();
    let mut effects: Vec<(ConversationId, Effect)> = Vec::new();
    for work in works {
        let answer = apply(inner, now, work, &mut conversations, &mut book, &mut effects);
        outcome.answers.push(answer);
    }
    for act in works.iter().flat_map(|work| &work.acts) {
        if let (Event::ThreadRead(snapshot), Some(loaded)) = (&act.event, conversations.of(&act.subject))
            && loaded.dialogue.head.thread == Thread::Open(snapshot.thread.clone())
        {
            outcome.threads_read.push((loaded.dialogue.head.id, snapshot.asked_at));
        }
    }
    let changed = |session: &&Session| !before.sessions.contains(session);
    tx.save_sessions(&book.sessions.iter().filter(changed).collect::<Vec<_>>()).await?;
    store(tx, inner, now, works, &conversations, effects, &mut outcome).await?;
    outcome.sessions_changed = book != before;
    Ok(outcome)
}

/// The sessions, where an event can touch them; nobody else changes them before this transaction ends. Heads
/// are locked before.
async fn book(
    tx: &mut Tx,
    inner: &Inner,
    works: &[Work],
    conversations: &mut Conversations,
    now: Moment,
) -> Result<Book, StoreError> {
    let mut wanted = BTreeSet::new();
    for act in works.iter().flat_map(|work| &work.acts) {
        let Some(loaded) = conversations.of(&act.subject) else { continue };
        let head = &loaded.dialogue.head;
        if act.event.wants_book() && inner.rules(&head.desk).sessions.is_some() {
            wanted.insert(head.id);
        }
    }
    if wanted.is_empty() {
        return Ok(Book::default());
    }
    tx.book(&wanted.into_iter().collect::<Vec<_>>(), now).await
}

fn apply(
    inner: &Inner,
    now: Moment,
    work: &Work,
    conversations: &mut Conversations,
    book: &mut Book,
    effects: &mut Vec<(ConversationId, Effect)>,
) -> Result<Answer, Refusal> {
    let mut answer = Answer::default();
    if work.token.as_ref().is_some_and(|token| !conversations.opens(token)) {
        return Err(Refusal::NotYours);
    }
    for act in &work.acts {
        let Some(loaded) = conversations.of(&act.subject) else {
            // A thread that is none of ours concerns nobody; a customer has to name one that is.
            match &act.subject {
                _ if work.token.is_some() => return Err(Refusal::NotYours),
                Subject::Thread { waits: true, .. } => return Err(Refusal::TooEarly),
                Subject::Conversation(_) | Subject::Thread { waits: false, .. } => continue,
            }
        };
        if let Some((key, files)) = act.event.brings()
            && !files.is_empty()
            && !loaded.dialogue.messages.iter().any(|message| message.key == *key)
        {
            let unowned = |file: &StoredFile| loaded.unowned.remove(&file.id);
            // Every one of them is taken, so that none is twice in a message.
            if files.iter().map(unowned).filter(|is| *is).count() < files.len() {
                return Err(Refusal::NoSuchFile);
            }
        }
        let id = loaded.dialogue.head.id;
        let rules = &*inner.rules(&loaded.dialogue.head.desk);
        let last_seq = loaded.dialogue.head.last_seq;
        // One book for all: what one of them books is taken for the next.
        std::mem::swap(&mut loaded.dialogue.book, book);
        let steps = loaded.dialogue.step(act.event.clone(), now, rules, &mut || MessageId(inner.ids.fresh()));
        let steps = steps.map_err(|rejected| match rejected {
            Rejected::Blank => Refusal::Blank,
            Rejected::NotResolved => Refusal::NotResolved,
            Rejected::SomebodyElse => Refusal::SomebodyElse,
            Rejected::Unfit(unfit) => Refusal::Unfit(unfit),
            Rejected::Session(refused) => Refusal::Session(refused),
        });
        std::mem::swap(&mut loaded.dialogue.book, book);
        let steps = steps?;
        if let Event::SessionAsked(ask) = &act.event {
            answer.session = book.asked(ask, id).cloned();
        }
        if let Event::CustomerWrote { key, .. } = &act.event {
            let message = loaded.dialogue.messages.iter().find(|message| message.key == *key);
            answer.written = message.map(|message| (message.clone(), message.seq > last_seq));
        }
        effects.extend(steps.into_iter().map(|effect| (id, effect)));
    }
    Ok(answer)
}

/// The conversations of a transaction, by id and by thread, and the tokens that open them.
#[derive(Default)]
struct Conversations {
    by_id: HashMap<ConversationId, Loaded>,
    by_thread: HashMap<ThreadKey, ConversationId>,
    by_token: HashMap<String, ConversationId>,
}

impl Conversations {
    fn add(&mut self, heads: Vec<Conversation>) {
        for head in heads {
            let id = head.id;
            if let Thread::Open(thread) = &head.thread {
                self.by_thread.insert(thread.clone(), id);
            }
            let dialogue = Dialogue { head, messages: Vec::new(), context: Context::default(), book: Book::default() };
            self.by_id.insert(id, Loaded { before: dialogue.clone(), dialogue, unowned: HashSet::new() });
        }
    }

    fn opens(&self, token: &Token) -> bool {
        self.by_token.get(token.hash()) == Some(&token.conversation)
    }

    fn of(&mut self, subject: &Subject) -> Option<&mut Loaded> {
        let id = match subject {
            Subject::Conversation(id) => *id,
            Subject::Thread { key, .. } => *self.by_thread.get(key)?,
        };
        self.by_id.get_mut(&id)
    }
}

async fn load(tx: &mut Tx, inner: &Inner, works: &[Work]) -> Result<Conversations, StoreError> {
    let acts = || works.iter().flat_map(|work| &work.acts);
    let (mut ids, mut threads) = (BTreeSet::new(), BTreeSet::new());
    for act in acts() {
        match &act.subject {
            Subject::Conversation(id) => ids.insert(*id),
            Subject::Thread { key, .. } => threads.insert(key.clone()),
        };
    }
    if ids.is_empty() && threads.is_empty() {
        return Ok(Conversations::default());
    }
    let threads: Vec<ThreadKey> = threads.into_iter().collect();
    let mut conversations = Conversations::default();
    conversations.add(tx.heads(&ids.into_iter().collect::<Vec<_>>(), &threads).await?);
    let unknown: Vec<ThreadKey> =
        threads.into_iter().filter(|thread| !conversations.by_thread.contains_key(thread)).collect();
    if !unknown.is_empty() {
        let former = tx.former_threads(&unknown).await?;
        let more: BTreeSet<ConversationId> = former.iter().map(|(_, id)| *id).collect();
        let more: Vec<ConversationId> = more.into_iter().filter(|id| !conversations.by_id.contains_key(id)).collect();
        if !more.is_empty() {
            conversations.add(tx.heads(&more, &[]).await?);
        }
        conversations.by_thread.extend(former);
    }
    let hashes: BTreeSet<&str> = works.iter().filter_map(|work| work.token.as_ref()).map(Token::hash).collect();
    let hashes: Vec<String> = hashes.into_iter().map(str::to_string).collect();
    conversations.by_token.extend(tx.tokens(&hashes).await?);
    let wanted = wanted(inner, acts(), &mut conversations);
    for (id, context) in tx.contexts(&wanted.contexts).await? {
        if let Some(loaded) = conversations.by_id.get_mut(&id) {
            loaded.before.context.clone_from(&context);
            loaded.dialogue.context = context;
        }
    }
    let mut messages: HashMap<MessageId, Message> = HashMap::new();
    let mut found = tx.messages_of(&wanted.whole).await?;
    found.extend(tx.held_replies(&wanted.held).await?);
    found.extend(tx.open_previews(&wanted.previews).await?);
    found.extend(tx.numbered_messages(&wanted.numbers).await?);
    found.extend(tx.messages_by_key(wanted.keys).await?);
    found.extend(tx.messages_by_id(&wanted.ids).await?);
    for (conversation, rev) in wanted.replies_above {
        found.extend(tx.replies_above(conversation, rev).await?);
    }
    for (conversation, stamp) in wanted.after {
        found.extend(tx.desk_message_after(conversation, stamp).await?);
    }
    messages.extend(found.into_iter().map(|message| (message.id, message)));
    for message in messages.into_values() {
        // A key of one conversation that a hostile customer sends in another finds nothing.
        if let Some(loaded) = conversations.by_id.get_mut(&message.conversation) {
            loaded.dialogue.messages.push(message);
        }
    }
    for row in tx.files(&wanted.files).await?.into_iter().filter(|row| row.owner.is_none()) {
        if let Some(loaded) = conversations.by_id.get_mut(&row.conversation) {
            loaded.unowned.insert(row.file.id);
        }
    }
    for loaded in conversations.by_id.values_mut() {
        loaded.before.messages.clone_from(&loaded.dialogue.messages);
    }
    Ok(conversations)
}

/// Which messages the events can touch.
#[derive(Default)]
struct Wanted {
    keys: Vec<String>,
    ids: Vec<MessageId>,
    whole: Vec<ConversationId>,
    held: Vec<ConversationId>,
    replies_above: Vec<(ConversationId, i64)>,
    after: Vec<(ConversationId, i64)>,
    files: Vec<FileId>,
    contexts: Vec<ConversationId>,
    previews: Vec<ConversationId>,
    numbers: Vec<(ConversationId, i64)>,
}

fn wanted<'a>(inner: &Inner, acts: impl Iterator<Item = &'a Act>, conversations: &mut Conversations) -> Wanted {
    let mut wanted = Wanted::default();
    let (mut whole, mut held, mut replies) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut previews = HashSet::new();
    for act in acts {
        let Some(loaded) = conversations.of(&act.subject) else { continue };
        let head = &loaded.dialogue.head;
        if act.event.asks_for_all(&inner.names) {
            whole.insert(head.id);
        }
        let mut late = |post: &Post| {
            if post.stamp < head.last_stamp {
                wanted.after.push((head.id, post.stamp));
            }
        };
        match &act.event {
            Event::CustomerWrote { key, files, .. } => {
                wanted.keys.push(key.clone());
                wanted.files.extend(files.iter().map(|file| file.id));
            }
            Event::CustomerMailed { key, files, .. } => {
                wanted.keys.push(key.clone());
                wanted.files.extend(files.iter().map(|file| file.id));
                if replies.insert(head.id) {
                    wanted.replies_above.push((head.id, head.seen.min(head.received)));
                }
            }
            Event::AutomaticLetter { key, .. } => wanted.keys.push(key.clone()),
            Event::CustomerRated { key, .. } | Event::Reminded { key, .. } => wanted.keys.push(key.clone()),
            Event::AgentDid(deed) => wanted.keys.push(deed.key.clone()),
            Event::SiteTold(_) | Event::SessionAsked(_) | Event::SessionDue => wanted.contexts.push(head.id),
            Event::CustomerReceived { .. } | Event::CustomerSaw { .. } | Event::RepliesDelayed | Event::LetterDue => {
                if replies.insert(head.id) {
                    wanted.replies_above.push((head.id, head.seen.min(head.received)));
                }
            }
            Event::DeskWrote { message, .. } => {
                late(&message.post);
                wanted.keys.push(message.post.key.0.clone());
                // What may be an older version of a reply can take it back.
                if message.edited.is_some() || message.post.stamp <= head.last_stamp {
                    held.insert(head.id);
                }
            }
            Event::DeskDeleted(post) => {
                late(post);
                wanted.keys.push(post.key.0.clone());
                held.insert(head.id);
            }
            Event::ThreadRead(_)
            | Event::CardsFound(_)
            | Event::ThreadVanished(_)
            | Event::LetterSent { .. }
            | Event::LetterEmpty { .. }
            | Event::LetterRefused { .. }
            | Event::LetterBounced { .. } => {
                whole.insert(head.id);
            }
            Event::HoldEnded(message) => {
                wanted.ids.push(*message);
                held.insert(head.id);
            }
            Event::PiecesPosted { pieces, .. } => wanted.ids.extend(pieces.iter().map(|piece| piece.message)),
            Event::PostsDelayed(messages) => wanted.ids.extend(messages),
            Event::PostRefused { message, .. }
            | Event::FileFetched { message, .. }
            | Event::FileMissed { message, .. } => wanted.ids.push(*message),
            Event::FileUploaded { piece, .. } | Event::FileRefused { piece, .. } => wanted.ids.push(piece.message),
            Event::PreviewShown { .. }
            | Event::PatienceEnded
            | Event::StepDue
            | Event::CustomerLeft
            | Event::CustomerIsBack
            | Event::ClosingDue
            | Event::ThreadOpened(_)
            | Event::CardEdited { .. }
            | Event::OutcomeLost { .. } => {}
        }
        let saved = act.event.wants_saved(&inner.rules(&head.desk), head.number);
        wanted.numbers.extend(saved.previews.iter().map(|seq| (head.id, *seq)));
        if saved.any && previews.insert(head.id) {
            held.insert(head.id);
            wanted.contexts.push(head.id);
        }
    }
    wanted.whole.extend(whole);
    wanted.held.extend(held);
    wanted.previews.extend(previews);
    wanted
}

async fn store(
    tx: &mut Tx,
    inner: &Inner,
    now: Moment,
    works: &[Work],
    conversations: &Conversations,
    effects: Vec<(ConversationId, Effect)>,
    outcome: &mut Outcome,
) -> Result<(), StoreError> {
    let (mut heads, mut threads, mut customers, mut contexts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut inserted, mut updated) = (Vec::new(), Vec::new());
    for loaded in conversations.by_id.values() {
        if loaded.dialogue.head != loaded.before.head {
            heads.push(&loaded.dialogue.head);
        }
        let (now, before) = (&loaded.dialogue.head, &loaded.before.head);
        if now.thread != before.thread || now.doubt != before.doubt {
            threads.push(now);
        }
        if now.customer != before.customer {
            customers.push(now);
        }
        if loaded.dialogue.context != loaded.before.context {
            contexts.push((now.id, &loaded.dialogue.context));
        }
        // Messages are only ever added at the end, so what was loaded stands at the front.
        let (old, new) = loaded.dialogue.messages.split_at(loaded.before.messages.len());
        inserted.extend(new);
        updated.extend(old.iter().zip(&loaded.before.messages).filter(|(now, before)| now != before));
    }
    inserted.sort_by_key(|message| message.id);
    for message in &inserted {
        match message.kind {
            Kind::FromCustomer(_) => outcome.stored.customer += 1,
            Kind::FromBot(_) => outcome.stored.bot += 1,
            Kind::Reply { .. } | Kind::Saved { .. } | Kind::Note { .. } => outcome.stored.agent += 1,
            Kind::Letter { .. } | Kind::Preview { .. } | Kind::Deed { .. } | Kind::Set { .. } => {}
        }
    }
    heads.sort_by_key(|head| head.id);
    tx.save_heads(&heads).await?;
    for head in threads {
        tx.update_thread(head).await?;
    }
    for head in customers {
        tx.update_customer(head).await?;
    }
    for (conversation, context) in contexts {
        tx.save_context(conversation, context).await?;
    }
    tx.insert_messages(&inserted).await?;
    tx.update_messages(&updated.iter().map(|(message, _)| *message).collect::<Vec<_>>()).await?;
    for message in inserted.iter().filter(|message| !message.files.is_empty()) {
        let ids: Vec<FileId> = message.files.iter().filter_map(Attachment::stored).map(|file| file.id).collect();
        if !ids.is_empty() {
            tx.own_files(&Owner::Message(message.id), &ids).await?;
        }
    }
    for (message, before) in updated {
        if message.body != before.body || message.files != before.files {
            tx.update_content(message).await?;
        }
        if message.files != before.files {
            store_files(tx, now, message, before).await?;
        }
    }
    let mut orders = Orders::default();
    let mut holds: Vec<(MessageId, ConversationId, Moment)> = Vec::new();
    let mut forgotten: Vec<MessageId> = Vec::new();
    let mut former: Vec<(ThreadKey, ConversationId)> = Vec::new();
    let mut signs: Vec<(DeskName, Agent, Sign)> = Vec::new();
    let mut letters: BTreeMap<(ConversationId, i64), bool> = BTreeMap::new();
    let mut looks: BTreeMap<ConversationId, Option<(DeskName, Moment)>> = BTreeMap::new();
    for (conversation, effect) in effects {
        let Some(loaded) = conversations.by_id.get(&conversation) else { continue };
        let head = &loaded.dialogue.head;
        let message = |id: MessageId| loaded.dialogue.messages.iter().find(|message| message.id == id);
        let place = |task, seq| OrderRow { conversation, task, seq, desk: head.desk.clone(), at: now };
        match effect {
            Effect::OpenThread => orders.add(place(Task::Open, 0)),
            Effect::PostToDesk { seq, .. } => orders.add(place(Task::Post, seq)),
            Effect::FetchFiles { seq, .. } => orders.add(place(Task::Fetch, seq)),
            Effect::MarkPost { seq, post, mark } => orders.add(place(Task::Mark(mark, post), seq)),
            Effect::WaitsNoMore { seq, post } => orders.add(place(Task::Arrived(post), seq)),
            Effect::TellPrivately { seq, person, notice } => {
                let words = words::notice(&notice, &inner.names);
                orders.add(place(Task::Tell(person, words), seq));
            }
            Effect::ShowPreview { seq, person, notice } => {
                let words = words::notice(&notice, &inner.names);
                orders.add(place(Task::Preview(person, words), seq));
            }
            Effect::EditCard => orders.add(place(Task::Card, 0)),
            Effect::TakeBack { post } => orders.add(place(Task::TakeBack(post.key), post.stamp)),
            Effect::PointTheWay { post } => orders.add(place(Task::PointTheWay(post.key), post.stamp)),
            Effect::ShowTheWay { seq, person, thread } => orders.add(place(Task::ShowTheWay(person, thread), seq)),
            Effect::RememberThread(thread) => former.push((thread, conversation)),
            Effect::LookAgainAt(at) => drop(looks.insert(conversation, Some((head.desk.clone(), at)))),
            Effect::LookNoMore => drop(looks.insert(conversation, None)),
            Effect::Settled(Order::Open) => orders.remove((conversation, "open", 0)),
            Effect::Settled(Order::Card) => orders.remove((conversation, "card", 0)),
            Effect::Settled(Order::Post(seq)) => orders.remove((conversation, "post", seq)),
            Effect::Settled(Order::Fetch(seq)) => orders.remove((conversation, "fetch", seq)),
            Effect::SendLetter { seq } => drop(letters.insert((conversation, seq), true)),
            Effect::Settled(Order::Letter(seq)) => drop(letters.insert((conversation, seq), false)),
            Effect::EndHoldAt { message, at } => holds.push((message, conversation, at)),
            Effect::ForgetHold(message) => forgotten.push(message),
            Effect::Sign { agent, sign } => signs.push((head.desk.clone(), agent, sign)),
            Effect::ShowToCustomer(id) => {
                outcome
                    .changes
                    .extend(message(id).map(|message| (conversation, Seen::Message(Box::new(message.clone())))));
            }
            Effect::ShowStanding => outcome.changes.push((conversation, Seen::Standing)),
            Effect::ShowTyping { by } => outcome.changes.push((conversation, Seen::Typing(by))),
        }
    }
    for done in works.iter().flat_map(|work| &work.done) {
        orders.remove(*done);
    }
    outcome.holds_changed = !holds.is_empty();
    let (added, removed) = orders.split();
    tx.insert_orders(&added).await?;
    tx.delete_orders(&removed).await?;
    let (to_send, settled): (Vec<_>, Vec<_>) = letters.into_iter().partition(|(_, waits)| *waits);
    let named =
        |letters: Vec<((ConversationId, i64), bool)>| letters.into_iter().map(|(letter, _)| letter).collect::<Vec<_>>();
    outcome.letters_wait = !to_send.is_empty();
    tx.insert_letters(&named(to_send), now).await?;
    tx.delete_letters(&named(settled)).await?;
    outcome.somebody_signed = !signs.is_empty();
    for (desk, agent, sign) in signs {
        tx.sign(&[desk], &agent, sign, now).await?;
    }
    tx.insert_holds(&holds, now).await?;
    tx.delete_holds(&forgotten).await?;
    let (due, over): (Vec<_>, Vec<_>) = looks.into_iter().partition(|(_, look)| look.is_some());
    let due: Vec<_> = due.into_iter().filter_map(|(id, look)| look.map(|(desk, at)| (id, desk, at))).collect();
    tx.insert_looks(&due).await?;
    tx.delete_looks(&over.into_iter().map(|(id, _)| id).collect::<Vec<_>>()).await?;
    former.sort_unstable();
    former.dedup_by(|one, other| one.0 == other.0);
    tx.remember_threads(&former).await?;
    let mut taken: HashMap<&'static str, BTreeMap<&str, &Frame>> = HashMap::new();
    // What is not accepted comes again.
    let accepted = || works.iter().zip(&outcome.answers).filter(|(_, answer)| answer.is_ok()).map(|(work, _)| work);
    for (platform, frame) in accepted().flat_map(|work| &work.frames_taken) {
        taken.entry(platform).or_default().insert(&frame.key, frame);
    }
    for (platform, frames) in taken {
        tx.insert_read_frames(platform, &frames.into_values().collect::<Vec<_>>(), now).await?;
    }
    let mut read: HashMap<&'static str, Vec<String>> = HashMap::new();
    for (platform, key) in accepted().flat_map(|work| &work.frames_read) {
        read.entry(platform).or_default().push(key.clone());
    }
    for (platform, keys) in read {
        tx.mark_frames_read(platform, &keys, now).await?;
    }
    tell_peers(tx, inner.node, &outcome.changes, &added).await?;
    for order in added {
        let Some(loaded) = conversations.by_id.get(&order.conversation) else { continue };
        let head = &loaded.dialogue.head;
        let message = matches!(order.task, Task::Post)
            .then(|| loaded.dialogue.messages.iter().find(|message| message.seq == order.seq).cloned())
            .flatten();
        let customer = head.customer.name.clone();
        outcome.placed.push(Placed { thread: head.thread.clone(), message, customer, order });
    }
    Ok(())
}

/// Files that a message has got since it was loaded are here, and those it has lost are forgotten.
async fn store_files(tx: &mut Tx, now: Moment, message: &Message, before: &Message) -> Result<(), StoreError> {
    let stored = |message: &Message| -> BTreeMap<FileId, StoredFile> {
        message.files.iter().filter_map(Attachment::stored).map(|file| (file.id, file.clone())).collect()
    };
    let (old, new) = (stored(before), stored(message));
    let row = |file: &StoredFile| FileRow {
        file: file.clone(),
        conversation: message.conversation,
        key: format!("{}/{}", message.id, file.id),
        owner: Some(Owner::Message(message.id)),
        at: now,
    };
    let come: Vec<FileRow> = new.values().filter(|file| !old.contains_key(&file.id)).map(row).collect();
    let gone: Vec<FileId> = old.into_keys().filter(|id| !new.contains_key(id)).collect();
    tx.insert_files(&come).await?;
    if gone.is_empty() { Ok(()) } else { tx.forget_files(&gone).await }
}

/// Tells other processes which conversations customers see changed, and which desks have orders.
async fn tell_peers(
    tx: &mut Tx,
    node: u64,
    changes: &[(ConversationId, Seen)],
    added: &[OrderRow],
) -> Result<(), StoreError> {
    if matches!(tx, Tx::Lite(_)) || (changes.is_empty() && added.is_empty()) {
        return Ok(());
    }
    let conversations: BTreeSet<String> = changes.iter().map(|(id, _)| id.to_string()).collect();
    let desks: BTreeSet<String> = added.iter().map(|order| format!("desk/{}", order.desk)).collect();
    // A long list is split into several payloads, so every word says whose it is.
    let words: Vec<String> = conversations.into_iter().chain(desks).map(|word| format!("{node:x}:{word}")).collect();
    dialect::tell_peers(tx, &words).await
}

/// Orders of one transaction; the last word on each counts.
#[derive(Default)]
struct Orders(BTreeMap<OrderKey, Option<OrderRow>>);

impl Orders {
    fn add(&mut self, order: OrderRow) {
        self.0.insert((order.conversation, order.task.kind(), order.seq), Some(order));
    }

    fn remove(&mut self, key: OrderKey) {
        self.0.insert(key, None);
    }

    /// Those to be stored, and those to be taken out.
    fn split(self) -> (Vec<OrderRow>, Vec<OrderKey>) {
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for (key, order) in self.0 {
            match order {
                Some(order) => added.push(order),
                None => removed.push(key),
            }
        }
        (added, removed)
    }
}
