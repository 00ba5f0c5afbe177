//! Everything that this Slack is, in one place that all parts share.

use crate::call::Refusal;
use crate::channel::{Channel, Channels};
use crate::delivery::Deliveries;
use crate::faults::Faults;
use crate::files::Files;
use crate::interact::Interactions;
use crate::limits::Limits;
use crate::options::Options;
use crate::people::People;
use crate::record::Record;
use crate::socket::Tickets;
use crate::ts::Stamps;
use crate::views::Views;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::{Notify, watch};

/// The state of the fake Slack. Locks are taken in the order: channels, a room, then any of the
/// others, and never two rooms.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) options: Options,
    /// `http://host:port`, with nothing behind.
    pub(crate) base_url: String,
    pub(crate) stamps: Stamps,
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    pub(crate) record: Record,
    pub(crate) deliveries: Deliveries,
    pub(crate) tickets: Tickets,
    pub(crate) files: Files,
    pub(crate) views: Mutex<Views>,
    pub(crate) interactions: Mutex<Interactions>,
    pub(crate) bot_token_revoked: AtomicBool,
    /// False while nothing can be reached.
    pub(crate) up: watch::Sender<bool>,
    scopes: RwLock<BTreeSet<String>>,
    channels: RwLock<Channels>,
    people: RwLock<People>,
    emoji: RwLock<BTreeMap<String, String>>,
    changed: Notify,
}

impl World {
    pub(crate) fn new(options: Options, base_url: String, deliveries: Deliveries) -> World {
        World {
            base_url,
            stamps: Stamps::new(options.clock.clone()),
            limits: Limits::new(options.rate_limits, options.post_burst),
            faults: Faults::new(options.seed),
            record: Record::new(options.quiet),
            deliveries,
            tickets: Tickets::default(),
            files: Files::default(),
            views: Mutex::default(),
            interactions: Mutex::default(),
            bot_token_revoked: AtomicBool::new(false),
            up: watch::Sender::new(true),
            scopes: RwLock::new(options.scopes.iter().cloned().collect()),
            channels: RwLock::default(),
            people: RwLock::new(People::new(&options.bot_name)),
            emoji: RwLock::default(),
            changed: Notify::new(),
            options,
        }
    }

    pub(crate) fn channels(&self) -> RwLockReadGuard<'_, Channels> {
        self.channels.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn channels_mut(&self) -> RwLockWriteGuard<'_, Channels> {
        self.channels.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn people(&self) -> RwLockReadGuard<'_, People> {
        self.people.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn people_mut(&self) -> RwLockWriteGuard<'_, People> {
        self.people.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Custom emoji: names and pictures.
    pub(crate) fn emoji(&self) -> RwLockReadGuard<'_, BTreeMap<String, String>> {
        self.emoji.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn emoji_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<String, String>> {
        self.emoji.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn views(&self) -> MutexGuard<'_, Views> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn interactions(&self) -> MutexGuard<'_, Interactions> {
        self.interactions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The scopes of the bot's token, sorted.
    pub(crate) fn scopes(&self) -> RwLockReadGuard<'_, BTreeSet<String>> {
        self.scopes.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_scopes(&self, scopes: &[&str]) {
        let scopes = scopes.iter().map(|scope| scope.to_string()).collect();
        *self.scopes.write().unwrap_or_else(PoisonError::into_inner) = scopes;
    }

    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes().contains(scope)
    }

    /// The channel of that id or name.
    pub(crate) fn channel(&self, id_or_name: &str) -> Result<Arc<Channel>, Refusal> {
        self.channels().find(id_or_name).cloned().ok_or_else(|| Refusal::no("channel_not_found"))
    }

    /// The name of a person or bot, for those who read.
    pub(crate) fn name_of(&self, user: &str) -> Option<String> {
        self.people().by_id(user).map(|person| person.name.clone())
    }

    /// Something changed: whoever waits should look again.
    pub(crate) fn touch(&self) {
        self.changed.notify_waiters();
    }

    pub(crate) fn changes(&self) -> &Notify {
        &self.changed
    }
}
