//! Saved replies: looked at by one agent alone, and sent when he says so. What he was shown is stored
//! with its values as a [preview](Kind::Preview), and that is what is sent, whatever the file or the
//! conversation has become since; so a restart between the two changes nothing. An agent has one open
//! preview in a conversation, so that it is never in doubt which one he means.

use super::meaning::{self, For, Meaning};
use super::verbs::Outcome;
use super::{Effect, Event, Step};
use crate::body::Body;
use crate::desk::{Agent, Author, DeskMessage, DeskRules, Mark, Mode};
use crate::ids::{AgentId, MessageId, PostKey};
use crate::message::{Fate, Kind, Message, Posting, Stage};
use crate::saved::Source;
use crate::verb::{PREFIX, Saved, Verb};
use crate::words::{Notice, Said, SavedNotice};

/// What an event needs of saved replies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantsSaved {
    /// True when something is wanted of them at all.
    pub any: bool,
    /// The previews that it names, by their numbers.
    pub previews: Vec<i64>,
}

impl Event {
    /// What the caller has to load for it because it has to do with saved replies: see
    /// [`Dialogue`](super::Dialogue).
    pub fn wants_saved(&self, rules: &DeskRules, number: i64) -> WantsSaved {
        let mut wants = WantsSaved::default();
        match self {
            Event::PreviewShown { seq } => wants.previews.push(*seq),
            Event::AgentDid(deed) => wants.add(&deed.verb),
            Event::DeskWrote { message, .. } => wants.add_message(message, rules, number),
            Event::ThreadRead(snapshot) => {
                snapshot.messages.iter().for_each(|message| wants.add_message(message, rules, number));
            }
            Event::CustomerWrote { .. }
            | Event::CustomerReceived { .. }
            | Event::CustomerSaw { .. }
            | Event::RepliesDelayed
            | Event::LetterDue
            | Event::PatienceEnded
            | Event::Reminded { .. }
            | Event::StepDue
            | Event::CustomerLeft
            | Event::CustomerIsBack
            | Event::ClosingDue
            | Event::CustomerMailed { .. }
            | Event::AutomaticLetter { .. }
            | Event::LetterSent { .. }
            | Event::LetterEmpty { .. }
            | Event::LetterRefused { .. }
            | Event::LetterBounced { .. }
            | Event::CustomerRated { .. }
            | Event::SiteTold(_)
            | Event::SessionAsked(_)
            | Event::SessionDue
            | Event::DeskDeleted(_)
            | Event::HoldEnded(_)
            | Event::ThreadOpened(_)
            | Event::PiecesPosted { .. }
            | Event::PostsDelayed(_)
            | Event::PostRefused { .. }
            | Event::ThreadVanished(_)
            | Event::CardEdited { .. }
            | Event::OutcomeLost { .. }
            | Event::CardsFound(_)
            | Event::FileUploaded { .. }
            | Event::FileRefused { .. }
            | Event::FileFetched { .. }
            | Event::FileMissed { .. } => {}
        }
        wants
    }
}

impl WantsSaved {
    fn add(&mut self, verb: &Verb) {
        let Verb::Saved(asked) = verb else { return };
        self.any = true;
        match asked {
            Saved::Send { preview } | Saved::Cancel { preview } => self.previews.extend(preview),
            Saved::List | Saved::Show { .. } => {}
        }
    }

    fn add_message(&mut self, message: &DeskMessage, rules: &DeskRules, number: i64) {
        let Author::Agent(agent) = &message.author else { return };
        if !message.to_us && !message.body.opening().starts_with(PREFIX) {
            return;
        }
        let body = meaning::tidy(message.body.clone());
        let means = match For::of(message.to_us, !message.files.is_empty()) {
            For::Us => meaning::of_command(&body, rules, number),
            For::Anybody { has_files } => meaning::of(body, has_files, agent, rules, None),
        };
        if let Meaning::Verb(verb) = means {
            self.add(&verb);
        }
    }
}

impl Step<'_> {
    pub(super) fn saved(&mut self, asked: Saved, by: Agent) -> Result<Outcome, SavedNotice> {
        match asked {
            Saved::List => Err(SavedNotice::List { list: self.rules.replies.list() }),
            Saved::Show { name, given } => self.preview(&name, &given, by),
            Saved::Send { preview } => self.send_saved(preview, by),
            Saved::Cancel { preview } => self.cancel_saved(preview, by),
        }
    }

    fn preview(&mut self, asked: &str, given: &[(String, String)], by: Agent) -> Result<Outcome, SavedNotice> {
        // Whatever comes of this, what he looked at before is not what he means by `send` now.
        for message in self.messages.iter_mut() {
            if let Kind::Preview { by: whose, fate, .. } = &mut message.kind
                && whose.id == by.id
                && fate.is_open()
            {
                *fate = Fate::Replaced;
            }
        }
        let Some(reply) = self.rules.replies.named(asked) else {
            return Err(SavedNotice::NoSuch { asked: asked.to_string(), near: self.rules.replies.nearest(asked) });
        };
        let name = reply.name.clone();
        if let Some((variable, _)) = given.iter().find(|(variable, _)| !reply.has(variable)) {
            return Err(SavedNotice::NoSuchPlace { name, asked: variable.clone(), places: reply.variables() });
        }
        let (topics, context) = (&self.rules.topics, &*self.context);
        let filled = reply.filled(&Source { head: self.head, context, by: &by, topics, given });
        if !filled.missing.is_empty() {
            return Err(SavedNotice::Lacks { name, missing: filled.missing, body: filled.body });
        }
        let key = format!("preview/{}/{}", self.head.id, self.head.last_seq + 1);
        let kind = Kind::Preview { by, name: name.clone(), fate: Fate::Unseen };
        let (_, seq) = self.add(key, filled.body.clone(), Vec::new(), kind, None);
        Ok(Outcome::Shown { seq, notice: Notice::Saved(SavedNotice::Preview { name, body: filled.body }) })
    }

    /// Only what he can see can be sent: who types both in one breath, or while nobody listened, has
    /// not looked.
    pub(super) fn preview_shown(&mut self, seq: i64) {
        if let Some(message) = self.messages.iter_mut().find(|message| message.seq == seq)
            && let Kind::Preview { fate: fate @ Fate::Unseen, .. } = &mut message.kind
        {
            *fate = Fate::Seen;
        }
    }

    fn send_saved(&mut self, preview: Option<i64>, by: Agent) -> Result<Outcome, SavedNotice> {
        let Some((at, name, fate)) = self.preview_of(&by.id, preview) else { return Err(SavedNotice::Nothing) };
        match (fate, preview) {
            (Fate::Sent, _) => return Err(SavedNotice::SentAlready { name }),
            (Fate::Cancelled | Fate::Replaced, _) => return Err(SavedNotice::Over { name }),
            (Fate::Unseen, None) => return Err(SavedNotice::Unseen { name }),
            // Who points at it sees it, though nobody has told of it yet.
            (Fate::Unseen, Some(_)) | (Fate::Seen, _) => {}
        }
        match (self.rules.mode, &self.head.claimed_by) {
            (Mode::Open | Mode::Explicit, _) => {}
            (Mode::Claimed, Some(holder)) if holder.id == by.id => {}
            (Mode::Claimed, Some(holder)) => return Err(SavedNotice::OfOther { holder: holder.name.clone() }),
            (Mode::Claimed, None) => return Err(SavedNotice::Unclaimed),
        }
        self.decide(at, Fate::Sent);
        let body: Body = self.messages[at].body.clone();
        let key = format!("saved/{}/{}", self.head.id, self.messages[at].seq);
        let stage = self.answered();
        self.want_thread();
        let posting = Posting::Waiting { pieces_posted: 0, late: false };
        let kind = Kind::Saved { by: by.clone(), name: name.clone(), posting, post: None, stage };
        let (id, seq) = self.add(key, body, Vec::new(), kind, None);
        self.effects.push(Effect::PostToDesk { message: id, seq });
        self.goes_out(id, stage, by.name);
        Ok(Outcome::Sent { name })
    }

    /// Not to send what he was shown; or, when he has just sent it and it is still held, to take it back.
    fn cancel_saved(&mut self, preview: Option<i64>, by: Agent) -> Result<Outcome, SavedNotice> {
        let shown = self.preview_of(&by.id, preview);
        if let Some((at, name, _)) = shown.clone().filter(|(_, _, fate)| fate.is_open()) {
            self.decide(at, Fate::Cancelled);
            return Err(SavedNotice::Cancelled { name });
        }
        let held = |message: &Message| matches!(&message.kind, Kind::Saved { by: whose, stage: Stage::Held { .. }, .. } if whose.id == by.id);
        let all = self.messages.iter().enumerate();
        let last = all.filter(|(_, message)| held(message)).max_by_key(|(_, message)| message.seq).map(|(at, _)| at);
        match (last, shown) {
            (Some(at), _) => {
                self.withdraw(at);
                Ok(Outcome::Said(Said::SavedTakenBack { by: by.name }))
            }
            (None, Some((_, name, Fate::Sent))) => Err(SavedNotice::SentAlready { name }),
            (None, Some((_, name, _))) => Err(SavedNotice::Over { name }),
            (None, None) => Err(SavedNotice::Nothing),
        }
    }

    /// The preview that he means: the one of this number, if it is his, or his open one; where it
    /// stands among the messages, what the reply is called, and what became of it.
    fn preview_of(&self, person: &AgentId, number: Option<i64>) -> Option<(usize, String, Fate)> {
        let found = self.messages.iter().enumerate().filter_map(|(at, message)| {
            let Kind::Preview { by, name, fate } = &message.kind else { return None };
            let is_meant = number.map_or(fate.is_open(), |number| message.seq == number);
            (by.id == *person && is_meant).then(|| (at, name.clone(), *fate))
        });
        found.max_by_key(|(at, ..)| self.messages[*at].seq)
    }

    fn decide(&mut self, at: usize, decided: Fate) {
        if let Kind::Preview { fate, .. } = &mut self.messages[at].kind {
            *fate = decided;
        }
    }

    /// The bot's post for a saved reply is known: receipts that were due before are shown under it.
    pub(super) fn saved_stands(&mut self, id: MessageId, key: Option<&PostKey>) {
        let (Some(key), Some(message)) = (key, self.messages.iter_mut().find(|message| message.id == id)) else {
            return;
        };
        let seq = message.seq;
        let Kind::Saved { post: post @ None, stage, .. } = &mut message.kind else { return };
        *post = Some(key.clone());
        let Stage::Shown { first_rev, .. } = *stage else { return };
        let (received, seen, waits) = (self.head.received, self.head.seen, self.head.waits);
        let is_emailed = first_rev <= self.head.mailing.emailed;
        let is_there = first_rev <= received;
        let due = [
            (is_there, Mark::Received),
            (first_rev <= seen, Mark::Seen),
            (!is_there && !is_emailed && first_rev <= waits, Mark::Waiting),
            (is_emailed, Mark::Emailed),
        ];
        for (_, mark) in due.into_iter().filter(|(is_due, _)| *is_due) {
            self.effects.push(Effect::MarkPost { seq, post: key.clone(), mark });
        }
        if !is_there && first_rev > waits {
            self.receipt_wanted();
        }
    }
}
