//! What agents write in the thread, and what becomes of it: replies that are held, shown, edited and
//! taken back, notes, and whatever must not reach the customer.

use super::meaning::{self, For, Meaning, notice_for, tidy};
use super::verbs::with_person;
use super::{Effect, Standing, Step, files};
use crate::body::Body;
use crate::desk::{Agent, Author, DeskMessage, Post};
use crate::file::DeskFile;
use crate::ids::{MessageId, Moment, ThreadKey};
use crate::message::{Kind, Message, Stage};
use crate::words::Notice;
use std::cmp::Ordering;

impl Step<'_> {
    pub(super) fn desk_wrote(&mut self, thread: &ThreadKey, mut message: DeskMessage) {
        message.body = tidy(message.body);
        match self.messages.iter().position(|m| m.key == message.post.key.0) {
            Some(at) => self.desk_edited(at, message),
            None if self.is_here(thread) => self.desk_wrote_first(message),
            None => self.desk_wrote_elsewhere(thread, message),
        }
    }

    pub(super) fn desk_wrote_first(&mut self, message: DeskMessage) {
        let DeskMessage { post, author, body, files, edited, to_us, named } = message;
        let by = match author {
            Author::Agent(agent) => agent,
            Author::Stranger(stranger) => {
                let notice = notice_for(stranger.why);
                let seq = self.add_from_desk(post.clone(), Body::default(), Vec::new(), Kind::Set { post }).1;
                if let Some(person) = stranger.person {
                    self.effects.push(Effect::TellPrivately { seq, person, notice });
                }
                return;
            }
        };
        let is_for = For::of(to_us, !files.is_empty());
        match self.meaning(&by, body.clone(), is_for) {
            Meaning::Reply(body) => self.reply(by, post, edited, body, files),
            Meaning::Note => {
                self.add_from_desk(post.clone(), body, Vec::new(), Kind::Note { by, post, edited });
            }
            Meaning::NotAllowed(notice) => {
                let person = by.id.clone();
                let seq = self.add_from_desk(post.clone(), body, Vec::new(), Kind::Note { by, post, edited }).1;
                self.tell(seq, &person, notice);
            }
            Meaning::Wrong(wrong) => {
                let person = by.id.clone();
                let seq = self.add_from_desk(post.clone(), body, Vec::new(), Kind::Note { by, post, edited }).1;
                self.tell(seq, &person, Notice::Wrong(wrong));
            }
            Meaning::Verb(verb) => {
                let verb = with_person(verb, named.map(|agent| *agent));
                let kind = Kind::Note { by: by.clone(), post: post.clone(), edited };
                let seq = self.add_from_desk(post, body, Vec::new(), kind).1;
                self.do_verb(seq, verb, by, None);
            }
        }
    }

    pub(super) fn reply(&mut self, by: Agent, post: Post, edited: Option<i64>, body: Body, files: Vec<DeskFile>) {
        let stage = self.answered();
        let name = by.name.clone();
        let files = files::awaited(files);
        let fetch = !files.is_empty();
        let (id, seq) = self.add_from_desk(post.clone(), body, files, Kind::Reply { by, post, edited, stage });
        if fetch {
            self.effects.push(Effect::FetchFiles { message: id, seq });
        }
        self.goes_out(id, stage, name);
    }

    /// Somebody answers now: where the answer is on its way at first.
    pub(super) fn answered(&mut self) -> Stage {
        let held = self.rules.hold_millis > 0;
        match self.head.standing {
            // What is held may still be taken back, and then the word before it is the last again.
            Standing::Answered { .. } if held => {}
            // A word after the last word.
            Standing::Resolved { .. } | Standing::Closed { .. } => {}
            Standing::Fresh | Standing::AwaitingAgent { .. } | Standing::Answered { .. } => {
                self.head.standing = Standing::Answered { since: self.now };
            }
        }
        let until = self.now.plus_millis(self.rules.hold_millis);
        if held { Stage::Held { until } } else { Stage::Shown { first_rev: self.head.rev + 1, reworded: false } }
    }

    /// The answer of this agent is on its way.
    pub(super) fn goes_out(&mut self, id: MessageId, stage: Stage, name: String) {
        match stage {
            Stage::Held { until } => {
                self.effects.push(Effect::EndHoldAt { message: id, at: until });
                self.effects.push(Effect::ShowTyping { by: Some(name) });
            }
            Stage::Shown { .. } | Stage::Withdrawn { .. } => {
                self.show(id);
                self.receipt_wanted();
                self.letter_wanted();
            }
        }
    }

    /// The latest version counts, in whatever order the versions come. A message of which any
    /// version was a note stays away from the customer for good, and who edits it to be more learns so.
    pub(super) fn desk_edited(&mut self, at: usize, message: DeskMessage) {
        self.files_deleted(at, &message.files);
        let has_files = message.files.iter().any(|file| !file.deleted);
        let (meaning, person) = match &message.author {
            Author::Agent(agent) => {
                let is_for = For::of(message.to_us, has_files);
                (self.meaning(agent, message.body.clone(), is_for), Some(agent.id.0.clone()))
            }
            Author::Stranger(stranger) => (Meaning::NotAllowed(notice_for(stranger.why)), stranger.person.clone()),
        };
        let old = &mut self.messages[at];
        let (id, seq) = (old.id, old.seq);
        match &mut old.kind {
            Kind::Note { edited, .. } => {
                if *edited < message.edited {
                    *edited = message.edited;
                    if old.body != message.body {
                        old.body = message.body;
                        self.edit_in_vain(seq, person, meaning);
                    }
                }
            }
            Kind::Reply { edited, stage: Stage::Withdrawn { .. }, .. } => {
                if *edited < message.edited {
                    *edited = message.edited;
                    self.edit_in_vain(seq, person, meaning);
                }
            }
            Kind::Reply { edited, stage, .. } => {
                let version = message.edited.cmp(edited);
                *edited = message.edited.max(*edited);
                let held = matches!(stage, Stage::Held { .. });
                match (version, meaning) {
                    (Ordering::Equal, _) => {}
                    (Ordering::Greater, Meaning::Note) => self.withdraw(at),
                    (Ordering::Greater, Meaning::Verb(_)) => {
                        self.withdraw(at);
                        let notice = Notice::VerbByEdit;
                        self.effects.extend(person.map(|person| Effect::TellPrivately { seq, person, notice }));
                    }
                    // What is a reply now was a note before.
                    (Ordering::Less, Meaning::Note | Meaning::Verb(_)) => {
                        self.withdraw(at);
                        let notice = Notice::EditedInVain;
                        self.effects.extend(person.map(|person| Effect::TellPrivately { seq, person, notice }));
                    }
                    (Ordering::Less | Ordering::Greater, Meaning::Wrong(wrong)) => {
                        self.withdraw(at);
                        let notice = Notice::Wrong(wrong);
                        self.effects.extend(person.map(|person| Effect::TellPrivately { seq, person, notice }));
                    }
                    (Ordering::Less, Meaning::Reply(_) | Meaning::NotAllowed(_)) => {}
                    (Ordering::Greater, Meaning::Reply(body)) => {
                        if old.body != body {
                            old.body = body;
                            if let Stage::Shown { reworded, .. } = stage {
                                *reworded = true;
                                self.show(id);
                            }
                        }
                    }
                    // Who may no longer send does not change what was sent, and learns so; and what
                    // is held and was edited must not go out as it was first.
                    (Ordering::Greater, Meaning::NotAllowed(notice)) => {
                        if old.body != message.body {
                            if held {
                                self.withdraw(at);
                            }
                            self.effects.extend(person.map(|person| Effect::TellPrivately { seq, person, notice }));
                        }
                    }
                }
            }
            Kind::Set { .. }
            | Kind::Deed { .. }
            | Kind::Letter { .. }
            | Kind::FromCustomer(_)
            | Kind::FromBot(_)
            | Kind::Saved { .. }
            | Kind::Preview { .. } => {}
        }
    }

    /// What stays inside was edited into what would go out, or be done, if it were new.
    fn edit_in_vain(&mut self, seq: i64, person: Option<String>, meaning: Meaning) {
        let notice = match meaning {
            Meaning::Note => return,
            Meaning::Reply(_) | Meaning::Verb(_) => Notice::EditedInVain,
            Meaning::Wrong(wrong) => Notice::Wrong(wrong),
            Meaning::NotAllowed(notice) => notice,
        };
        self.effects.extend(person.map(|person| Effect::TellPrivately { seq, person, notice }));
    }

    pub(super) fn desk_deleted(&mut self, post: Post) {
        match self.messages.iter().position(|m| m.key == post.key.0) {
            Some(at) => self.withdraw(at),
            // Deleted before it was ever read: when it comes, late, it stays away.
            None => {
                self.add_from_desk(post.clone(), Body::default(), Vec::new(), Kind::Set { post });
            }
        }
    }

    pub(super) fn withdraw(&mut self, at: usize) {
        self.nothing_waits_of(at);
        let message = &mut self.messages[at];
        let (id, written) = (message.id, message.at);
        let Some(stage) = message.kind.stage_mut() else { return };
        match *stage {
            Stage::Held { .. } => {
                *stage = Stage::Withdrawn { was_shown: false };
                self.forget_files(at);
                self.effects.push(Effect::ForgetHold(id));
                self.typing_changed();
                self.answer_taken_back(written);
            }
            Stage::Shown { .. } => {
                *stage = Stage::Withdrawn { was_shown: true };
                message.body = Body::default();
                self.forget_files(at);
                self.show(id);
            }
            Stage::Withdrawn { .. } => {}
        }
    }

    /// The customer waits again when the held reply that answered him is taken back, unless another
    /// one is held.
    pub(super) fn answer_taken_back(&mut self, written: Moment) {
        if self.head.standing != (Standing::Answered { since: written }) {
            return;
        }
        let other = self.last_held().map(|other| other.at);
        self.head.standing = match other {
            Some(since) => Standing::Answered { since },
            None => Standing::AwaitingAgent { since: written },
        };
    }

    pub(super) fn hold_ended(&mut self, id: MessageId) {
        let rev = self.head.rev + 1;
        let Some(message) = self.messages.iter_mut().find(|m| m.id == id) else { return };
        let Some(stage @ Stage::Held { .. }) = message.kind.stage_mut() else { return };
        *stage = Stage::Shown { first_rev: rev, reworded: false };
        if let Standing::Answered { since } = &mut self.head.standing {
            *since = message.at.max(*since);
        }
        self.effects.push(Effect::ForgetHold(id));
        self.show(id);
        self.receipt_wanted();
        self.letter_wanted();
        self.typing_changed();
    }

    pub(super) fn meaning(&self, by: &Agent, body: Body, is_for: For) -> Meaning {
        match is_for {
            For::Us => meaning::of_command(&body, self.rules, self.head.number),
            For::Anybody { has_files } => meaning::of(body, has_files, by, self.rules, self.head.claimed_by.as_ref()),
        }
    }

    pub(super) fn typing_changed(&mut self) {
        let by = self.last_held().and_then(Message::from_agent).map(|(by, _)| by.name.clone());
        self.effects.push(Effect::ShowTyping { by });
    }

    pub(super) fn last_held(&self) -> Option<&Message> {
        let held = |message: &&Message| matches!(message.from_agent(), Some((_, Stage::Held { .. })));
        self.messages.iter().filter(held).max_by_key(|message| message.seq)
    }
}
