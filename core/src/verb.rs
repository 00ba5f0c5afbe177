//! What an agent can do to a conversation besides replying: one table, and one parser in
//! [`parse`](mod@parse), for every desk and every way (typed in the thread, said to the bot, a
//! command, a button). Doing it is `conversation/verbs.rs`.

pub mod parse;

use crate::availability::Promise;
use crate::body::Body;
use crate::conversation::Standing;
use crate::desk::Agent;
use crate::ticket::Priority;

/// What sets a verb apart from a reply, in a thread.
pub const PREFIX: char = '!';

/// Something an agent can do to a conversation, with what it needs to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Take the conversation, if nobody has it: in a desk of mode `claimed`, only the messages of
    /// whoever has it go out.
    Claim,
    /// Let it go again, whoever has it.
    Release,
    /// Give it to somebody, whoever had it.
    Assign(Who),
    /// Tell the team something that the customer never sees.
    Note(Body),
    /// Say what the conversation is about: the topic's id or label.
    Topic(String),
    /// Send a reply that the team has saved, after a look at it.
    Saved(Saved),
    /// Say that it is done.
    Resolve {
        /// True when the customer is not asked how it was.
        silently: bool,
    },
    /// Say that it is not done after all.
    Reopen,
    /// Have tried again what was given up: of the message of this number, or of all.
    Retry(Option<i64>),
    /// Promise to answer later, or promise something else than before.
    Ticket {
        /// What goes first, where it is said.
        priority: Option<Priority>,
        /// By when, where it is not what the topic promises.
        within: Option<Promise>,
    },
    /// Ask the next tier for help, or the one that is named first; and why.
    Escalate(String),
    /// Say that he takes care of it, for so long.
    Ack(Option<Promise>),
    /// Put it off.
    Snooze {
        /// For how long.
        within: Promise,
        /// Why.
        reason: String,
    },
    /// Say that he is not there, wherever he answers: the chat does not count on him.
    Away,
    /// Say that he is there again.
    Back,
    /// Be told what can be done.
    Help,
}

/// What an agent wants with the saved replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// To be told which there are.
    List,
    /// To see one as the customer would read it.
    Show {
        /// Its name.
        name: String,
        /// What he says goes into its places, by the variable's name.
        given: Vec<(String, String)>,
    },
    /// To send what he was shown.
    Send {
        /// The number of the preview, where he points at one; by default the last that he was shown.
        preview: Option<i64>,
    },
    /// Not to send it.
    Cancel {
        /// The same.
        preview: Option<i64>,
    },
}

/// Somebody whom an agent names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The agent himself.
    Me,
    /// Somebody by a name that nobody has looked up: the desk's platform knows its people, and says
    /// who it is beside the message.
    Named(String),
    /// This agent.
    Agent(Agent),
}

/// A verb, without what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// [`Verb::Claim`]
    Claim,
    /// [`Verb::Release`]
    Release,
    /// [`Verb::Assign`]
    Assign,
    /// [`Verb::Note`]
    Note,
    /// [`Verb::Topic`]
    Topic,
    /// [`Verb::Saved`]
    Saved,
    /// [`Verb::Resolve`]
    Resolve,
    /// [`Verb::Reopen`]
    Reopen,
    /// [`Verb::Retry`]
    Retry,
    /// [`Verb::Ticket`]
    Ticket,
    /// [`Verb::Snooze`]
    Snooze,
    /// [`Verb::Escalate`]
    Escalate,
    /// [`Verb::Ack`]
    Ack,
    /// Offer the customer a session.
    Book,
    /// Start a session now.
    Call,
    /// [`Verb::Away`]
    Away,
    /// [`Verb::Back`]
    Back,
    /// [`Verb::Help`]
    Help,
}

/// What there is to do when a verb is picked by its name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// It can be done at once.
    Ready(Verb),
    /// Something has to be asked first.
    Needs(Need),
    /// Nothing: what it needs is not part of Threadline yet.
    NotYet,
}

/// What a verb needs to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Whom a conversation is given to.
    Person,
    /// What it is about.
    Topic,
    /// What the team should know.
    Note,
    /// Which saved reply is shown.
    Saved,
    /// For how long it is put off, and why.
    Snooze,
    /// Why help is wanted, and perhaps of whom.
    Escalate,
}

/// A verb's line in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Which.
    pub name: Name,
    /// The word for it, unless the operator has chosen another.
    pub word: &'static str,
    /// What follows the word.
    pub takes: Takes,
    /// What it does, in one sentence for agents.
    pub does: &'static str,
    /// False while what it needs is not part of Threadline: it is known, and says so.
    pub is_on: bool,
}

/// What follows a verb's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// Perhaps this word.
    Perhaps(&'static str),
    /// Something like this.
    Something(&'static str),
}

/// The verbs that make sense now, for the buttons and the menu of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// Those that are done with one click, as buttons.
    pub buttons: Vec<Name>,
    /// The others, in a menu.
    pub more: Vec<Name>,
}

/// What makes sense to do to a conversation that stands like this.
pub fn offered(standing: &Standing, is_claimed: bool, names: &Names) -> Offered {
    let done = match standing {
        Standing::Fresh | Standing::AwaitingAgent { .. } | Standing::Answered { .. } => Name::Resolve,
        Standing::Resolved { .. } | Standing::Closed { .. } => Name::Reopen,
    };
    let here = |wanted: &[Name]| wanted.iter().copied().filter(|name| names.word(*name).is_some()).collect();
    Offered {
        buttons: here(&[if is_claimed { Name::Release } else { Name::Claim }, done]),
        // Slack's menu has five entries: where there are more, help is what can be typed.
        more: here(match done {
            Name::Resolve => {
                &[Name::Saved, Name::Assign, Name::Escalate, Name::Note, Name::Ticket, Name::Topic, Name::Help]
            }
            _ => &[Name::Saved, Name::Assign, Name::Topic, Name::Note, Name::Help],
        }),
    }
}

/// Every verb, in the order of the help.
pub const VERBS: [Entry; 18] = [
    entry(Name::Claim, "claim", Takes::Nothing, "Take this conversation."),
    entry(Name::Release, "release", Takes::Nothing, "Let it go, so that somebody else can take it."),
    entry(Name::Assign, "assign", Takes::Something("@Grace"), "Give it to somebody, or take it over with “me”."),
    entry(Name::Note, "note", Takes::Something("she is in a hurry"), "Tell the team; the customer never sees it."),
    entry(Name::Topic, "topic", Takes::Something("billing"), "Say what it is about."),
    entry(Name::Saved, "r", Takes::Perhaps("name"), "Look at a saved reply, then send it; alone, the list of them."),
    entry(
        Name::Resolve,
        "resolve",
        Takes::Perhaps("silently"),
        "Say that it is done; “silently” asks the customer for no rating.",
    ),
    entry(Name::Reopen, "reopen", Takes::Nothing, "Say that it is not done after all."),
    entry(Name::Retry, "retry", Takes::Perhaps("7"), "Try again what could not be delivered: all of it, or message 7."),
    entry(
        Name::Ticket,
        "ticket",
        Takes::Perhaps("high 4 hours"),
        "Promise the customer an answer later, by the usual time or another.",
    ),
    entry(
        Name::Snooze,
        "snooze",
        Takes::Something("2 hours waits for a part"),
        "Put it off, for a reason: nobody is reminded before.",
    ),
    entry(
        Name::Escalate,
        "escalate",
        Takes::Perhaps("leads why"),
        "Ask for help: of the next tier, or of one that you name.",
    ),
    entry(
        Name::Ack,
        "ack",
        Takes::Perhaps("1 hour"),
        "Say that you take care of it, for 30 minutes or as long as you say: nobody else is told before.",
    ),
    later(Name::Book, "book", Takes::Perhaps("30m"), "Offer the customer a session."),
    later(Name::Call, "call", Takes::Nothing, "Start a session now."),
    entry(Name::Away, "away", Takes::Nothing, "Say that you are not there: the chat does not count on you."),
    entry(Name::Back, "back", Takes::Nothing, "Say that you are there again."),
    entry(Name::Help, "help", Takes::Nothing, "This list, for you only."),
];

const fn entry(name: Name, word: &'static str, takes: Takes, does: &'static str) -> Entry {
    Entry { name, word, takes, does, is_on: true }
}

const fn later(name: Name, word: &'static str, takes: Takes, does: &'static str) -> Entry {
    Entry { is_on: false, ..entry(name, word, takes, does) }
}

impl Verb {
    /// Which verb it is.
    pub fn name(&self) -> Name {
        match self {
            Verb::Claim => Name::Claim,
            Verb::Release => Name::Release,
            Verb::Assign(_) => Name::Assign,
            Verb::Note(_) => Name::Note,
            Verb::Topic(_) => Name::Topic,
            Verb::Saved(_) => Name::Saved,
            Verb::Resolve { .. } => Name::Resolve,
            Verb::Reopen => Name::Reopen,
            Verb::Retry(_) => Name::Retry,
            Verb::Ticket { .. } => Name::Ticket,
            Verb::Escalate(_) => Name::Escalate,
            Verb::Ack(_) => Name::Ack,
            Verb::Snooze { .. } => Name::Snooze,
            Verb::Away => Name::Away,
            Verb::Back => Name::Back,
            Verb::Help => Name::Help,
        }
    }
}

impl Need {
    /// The verb that needs it.
    pub fn name(self) -> Name {
        match self {
            Need::Person => Name::Assign,
            Need::Topic => Name::Topic,
            Need::Note => Name::Note,
            Need::Saved => Name::Saved,
            Need::Snooze => Name::Snooze,
            Need::Escalate => Name::Escalate,
        }
    }
}

impl Name {
    /// What there is to do when this verb is picked by its name alone.
    pub fn start(self) -> Start {
        match self {
            Name::Claim => Start::Ready(Verb::Claim),
            Name::Release => Start::Ready(Verb::Release),
            Name::Resolve => Start::Ready(Verb::Resolve { silently: false }),
            Name::Reopen => Start::Ready(Verb::Reopen),
            Name::Retry => Start::Ready(Verb::Retry(None)),
            Name::Away => Start::Ready(Verb::Away),
            Name::Back => Start::Ready(Verb::Back),
            Name::Help => Start::Ready(Verb::Help),
            Name::Assign => Start::Needs(Need::Person),
            Name::Topic => Start::Needs(Need::Topic),
            Name::Note => Start::Needs(Need::Note),
            Name::Saved => Start::Needs(Need::Saved),
            Name::Ticket => Start::Ready(Verb::Ticket { priority: None, within: None }),
            Name::Escalate => Start::Needs(Need::Escalate),
            Name::Ack => Start::Ready(Verb::Ack(None)),
            Name::Snooze => Start::Needs(Need::Snooze),
            Name::Book | Name::Call => Start::NotYet,
        }
    }

    /// False for what is done to no conversation: it needs no number, and stands in no form that asks for one.
    pub fn is_about_a_conversation(self) -> bool {
        !matches!(self, Name::Away | Name::Back)
    }

    /// Its line in the table.
    pub fn entry(self) -> &'static Entry {
        // Every name has one: a test counts them.
        VERBS.iter().find(|entry| entry.name == self).unwrap_or(&VERBS[0])
    }

    /// The verb whose own word this is, whatever the team calls it.
    pub fn of_word(word: &str) -> Option<Name> {
        VERBS.iter().find(|entry| entry.word == word).map(|entry| entry.name)
    }
}

/// Longer words than this nobody types.
pub const WORD_CHARS_MAX: usize = 40;

/// True for what can be typed as a verb's word: letters of any script, digits, - and _, beginning
/// with a letter. Anything else would end the word, or begin a note.
pub fn is_word(text: &str) -> bool {
    let mut chars = text.chars();
    let good = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    chars.next().is_some_and(char::is_alphabetic) && chars.all(good) && text.chars().count() <= WORD_CHARS_MAX
}

/// True when both are typed alike, in any case.
pub fn is_same_word(one: &str, other: &str) -> bool {
    one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}

/// What a team calls the verbs: their own words, or words of its own, and which are switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    chosen: Vec<(Name, Chosen)>,
}

/// What the operator decided about a verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// It is called so.
    Word(String),
    /// It is not to be had: another app of the team's may have the word.
    Off,
}

impl Names {
    /// Decides about a verb.
    pub fn choose(&mut self, name: Name, chosen: Chosen) {
        self.chosen.retain(|(known, _)| *known != name);
        self.chosen.push((name, chosen));
    }

    /// What the operator decided otherwise than it would be, in the order of the help.
    pub fn chosen(&self) -> impl Iterator<Item = (&'static Entry, &Chosen)> {
        VERBS.iter().filter_map(|entry| {
            let (_, chosen) = self.chosen.iter().find(|(name, _)| *name == entry.name)?;
            let is_other = !matches!(chosen, Chosen::Word(word) if word == entry.word);
            is_other.then_some((entry, chosen))
        })
    }

    /// The word for a verb; none when it is switched off.
    pub fn word(&self, name: Name) -> Option<&str> {
        match self.chosen.iter().find(|(known, _)| *known == name) {
            Some((_, Chosen::Word(word))) => Some(word),
            Some((_, Chosen::Off)) => None,
            None => Some(name.entry().word),
        }
    }

    /// How a verb is typed in a thread, with what may follow it: `!assign @Grace`.
    pub fn example(&self, name: Name) -> String {
        let entry = name.entry();
        let word = self.word(name).unwrap_or(entry.word);
        match entry.takes {
            Takes::Nothing => format!("{PREFIX}{word}"),
            Takes::Perhaps(this) | Takes::Something(this) => format!("{PREFIX}{word} {this}"),
        }
    }

    /// How a verb is typed in a thread: `!claim`.
    pub fn typed(&self, name: Name) -> String {
        format!("{PREFIX}{}", self.word(name).unwrap_or(name.entry().word))
    }
}
