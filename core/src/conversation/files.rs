//! Files on their way: a customer's to the desk, piece by piece like his text, and an agent's to the
//! customer. A file that does not arrive takes nothing else with it, and both sides are told.

use super::{Effect, Order, Step};
use crate::desk::Piece;
use crate::file::{AtDesk, Attachment, DeskFile, DeskFileKey, FILES_MAX, FileTrouble, StoredFile, clean_name};
use crate::ids::MessageId;
use crate::message::{Kind, Message, Posting, Stage};
use crate::words::Said;

/// What is to be fetched of a reply that was just written.
pub(super) fn awaited(files: Vec<DeskFile>) -> Vec<Attachment> {
    let named = |file: DeskFile| DeskFile { name: clean_name(&file.name, &[]), ..file };
    files.into_iter().filter(|file| !file.deleted).take(FILES_MAX).map(named).map(Attachment::Awaited).collect()
}

/// The thread that these were for is gone, and what the desk has of them with it.
pub(super) fn uploaded_to_nowhere(files: &mut [Attachment]) {
    for file in files {
        match file {
            Attachment::Sent { desk: AtDesk::TriedAgain, .. } => {}
            Attachment::Sent { desk, .. } => *desk = AtDesk::NotYet,
            Attachment::Awaited(_) | Attachment::Fetched { .. } | Attachment::Missing { .. } => {}
        }
    }
}

impl Step<'_> {
    /// From now on it is known by this name, whatever becomes of the order to show it.
    pub(super) fn file_uploaded(&mut self, piece: Piece, uploaded: DeskFileKey) {
        if let Some((_, desk @ AtDesk::NotYet)) = self.file_on_its_way(piece) {
            *desk = AtDesk::Uploaded(uploaded);
        }
    }

    pub(super) fn file_refused(&mut self, piece: Piece, why: String) {
        let Some((name, desk @ (AtDesk::NotYet | AtDesk::Uploaded(_)))) = self.file_on_its_way(piece) else { return };
        *desk = AtDesk::Refused { why: why.clone() };
        self.whole_at_desk(piece.message);
        self.show(piece.message);
        let seq = self.messages.iter().find(|m| m.id == piece.message).map_or(0, |m| m.seq);
        self.say(&Said::FileNotPosted { seq, name, why });
    }

    /// The pieces that these files of ours are.
    pub(super) fn pieces_of_files(&self, keys: &[DeskFileKey]) -> Vec<Piece> {
        let chars_max = self.rules.post_chars_max;
        let of = |message: &Message, key: &DeskFileKey| {
            let is_it =
                |file: &Attachment| matches!(file, Attachment::Sent { desk: AtDesk::Uploaded(it), .. } if it == key);
            message.files.iter().position(is_it).map(|at| message.piece_of_file(at, chars_max))
        };
        keys.iter().filter_map(|key| self.messages.iter().find_map(|message| of(message, key))).collect()
    }

    pub(super) fn file_fetched(&mut self, message: MessageId, key: &DeskFileKey, file: StoredFile) {
        self.awaited_became(message, key, |_| Attachment::Fetched { key: key.clone(), file });
    }

    pub(super) fn file_missed(&mut self, message: MessageId, key: &DeskFileKey, why: FileTrouble) {
        let of = self.messages.iter().find(|m| m.id == message);
        let (seq, has_text) = of.map_or((0, false), |m| (m.seq, !m.body.is_blank()));
        let mut said = None;
        self.awaited_became(message, key, |file| {
            said = Some(Said::FileNotSent { seq, name: file.name.clone(), why: why.clone(), has_text });
            Attachment::Missing { key: key.clone(), name: file.name, why }
        });
        if let Some(said) = said {
            self.say(&said);
        }
    }

    /// Files that were deleted at the desk are gone for the customer, too. That is for good: no
    /// version of a post brings one back.
    pub(super) fn files_deleted(&mut self, at: usize, files: &[DeskFile]) {
        let message = &mut self.messages[at];
        let (id, seq) = (message.id, message.seq);
        let is_deleted = |key: &DeskFileKey| files.iter().any(|file| file.deleted && file.key == *key);
        let (mut changed, mut settled) = (false, false);
        for file in &mut message.files {
            let key = match file {
                Attachment::Awaited(DeskFile { key, .. }) | Attachment::Fetched { key, .. } => key.clone(),
                Attachment::Sent { .. } | Attachment::Missing { .. } => continue,
            };
            if is_deleted(&key) {
                settled |= matches!(file, Attachment::Awaited(_));
                changed = true;
                let name = file.name().to_string();
                *file = Attachment::Missing { key, name, why: FileTrouble::Deleted };
            }
        }
        if settled && !message.files.iter().any(|file| matches!(file, Attachment::Awaited(_))) {
            self.effects.push(Effect::Settled(Order::Fetch(seq)));
        }
        if changed && self.is_shown(id) {
            self.show(id);
        }
    }

    /// A reply that is taken back has no files any more.
    pub(super) fn forget_files(&mut self, at: usize) {
        let message = &mut self.messages[at];
        let files = std::mem::take(&mut message.files);
        if files.iter().any(|file| matches!(file, Attachment::Awaited(_))) {
            self.effects.push(Effect::Settled(Order::Fetch(message.seq)));
        }
    }

    fn awaited_became(&mut self, id: MessageId, key: &DeskFileKey, became: impl FnOnce(DeskFile) -> Attachment) {
        let Some(message) = self.messages.iter_mut().find(|m| m.id == id) else { return };
        let seq = message.seq;
        let is_it = |file: &&mut Attachment| matches!(file, Attachment::Awaited(file) if file.key == *key);
        let Some(file) = message.files.iter_mut().find(is_it) else { return };
        let Attachment::Awaited(awaited) = file else { return };
        *file = became(awaited.clone());
        if !message.files.iter().any(|file| matches!(file, Attachment::Awaited(_))) {
            self.effects.push(Effect::Settled(Order::Fetch(seq)));
        }
        if self.is_shown(id) {
            self.show(id);
        }
    }

    /// The name of a customer's file that is on its way to the desk, and what the desk has of it.
    fn file_on_its_way(&mut self, piece: Piece) -> Option<(String, &mut AtDesk)> {
        let chars_max = self.rules.post_chars_max;
        let message = self.messages.iter_mut().find(|m| m.id == piece.message)?;
        let at = message.file_at(piece.index, chars_max)?;
        let Kind::FromCustomer(Posting::Waiting { .. }) = message.kind else { return None };
        match message.files.get_mut(at)? {
            Attachment::Sent { file, desk } => Some((file.name.clone(), desk)),
            Attachment::Awaited(_) | Attachment::Fetched { .. } | Attachment::Missing { .. } => None,
        }
    }

    fn is_shown(&self, id: MessageId) -> bool {
        let shown = |m: &Message| matches!(m.kind, Kind::Reply { stage: Stage::Shown { .. }, .. });
        self.messages.iter().any(|m| m.id == id && shown(m))
    }
}
