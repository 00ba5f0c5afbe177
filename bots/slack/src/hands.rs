//! What agents do with their hands: buttons, menus, commands, forms. Slack wants each acknowledged
//! within three seconds and never sends one again, so each is a task of its own that waits for
//! nothing but what it needs. A verb is stored before it is acknowledged, and who asked for it is told
//! when it was not; a form opens with what is at hand, whatever the database does.

use crate::command::{self, Command};
use crate::directory::Place;
use crate::format::NAMELESS_AGENT;
use crate::forms::{self, Asks, Choices, Filled, Form, Subject};
use crate::interaction::{self, Act, Interaction, Person};
use crate::outbound::{Slack, Us};
use crate::saved::Decided;
use crate::{PLATFORM, ids, lists, rich};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::desk::{Agent, Deed, DeskAct, DeskEvent, Inbox, Reading, Unstored};
use threadline_core::ids::{AgentId, ThreadKey};
use threadline_core::overview::{Glance, Overview, Sought};
use threadline_core::presence::Sign;
use threadline_core::verb::parse::Wrong;
use threadline_core::verb::{Start, Verb, Who};
use threadline_core::words::{self, Notice};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::warn;

/// How long looking up a name may take: the payload has one too, though not the one people see.
const NAME_WITHIN: Duration = Duration::from_millis(700);
/// How long looking up a conversation may take.
pub(crate) const FOUND_WITHIN: Duration = Duration::from_millis(900);
/// How long storing may take. Together with what comes before it, and the way to Slack, it stays
/// within Slack's three seconds (docs.slack.dev, "Handling user interaction").
const STORED_WITHIN: Duration = Duration::from_millis(1_500);
/// Interactions under way at once; a team has fewer hands.
const UNDER_WAY_MAX: usize = 1_024;
/// Conversations in each part of a list or a menu.
const LISTED_MAX: u32 = 20;

/// Carries out what was done with a button, a menu, a command or a form.
#[derive(Clone)]
pub(crate) struct Hands {
    inner: Arc<Inner>,
}

struct Inner {
    slack: Slack,
    inbox: Arc<dyn Inbox>,
    overview: Arc<dyn Overview>,
    places: Semaphore,
    tasks: TaskTracker,
}

/// What Slack is answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply {
    /// It was taken, with this to say besides.
    Taken(Option<Value>),
    /// It was not: Slack tells who did it that it did not work.
    Failed,
}

/// The database did not answer in time.
struct NoAnswer;

/// A verb to be done, and by whom.
struct Wanted {
    key: String,
    by: Agent,
    verb: Verb,
    /// Where he reads what became of it, when that is not the thread.
    answer_to: Option<String>,
}

impl Hands {
    pub fn new(slack: Slack, inbox: Arc<dyn Inbox>, overview: Arc<dyn Overview>) -> Hands {
        let places = Semaphore::new(UNDER_WAY_MAX);
        Hands { inner: Arc::new(Inner { slack, inbox, overview, places, tasks: TaskTracker::new() }) }
    }

    /// Carries out what the payload says, and answers as soon as that is right.
    pub fn take(&self, payload: Value, answer: impl FnOnce(Reply) + Send + 'static) {
        let inner = self.inner.clone();
        self.inner.tasks.spawn(async move {
            let reply = match inner.places.try_acquire() {
                Ok(_place) => inner.carry_out(&payload).await,
                Err(_) => Reply::Failed,
            };
            answer(reply);
        });
    }

    /// Waits until nothing is under way; each thing is short.
    pub async fn finish(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }
}

impl fmt::Debug for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hands").field("under_way", &self.inner.tasks.len()).finish_non_exhaustive()
    }
}

impl Inner {
    async fn carry_out(self: &Arc<Self>, payload: &Value) -> Reply {
        let Ok(Ok(us)) = tokio::time::timeout(NAME_WITHIN, self.slack.us()).await else { return Reply::Failed };
        let Some(it) = interaction::decode(us, payload) else { return Reply::Taken(None) };
        if it.act == Act::Other {
            return Reply::Taken(None);
        }
        if !it.by.team.as_deref().is_some_and(|team| us.is_home(team)) {
            return self.taken_but(it.answer_to.as_deref(), &Notice::OutsiderNotDone).await;
        }
        if let Some(name) = it.act.verb()
            && self.slack.config().verbs.word(name).is_none()
        {
            // The app's manifest is older than the configuration.
            return self.taken_but(it.answer_to.as_deref(), &Notice::WrongCommand(Wrong::Off(name))).await;
        }
        match it.act.clone() {
            Act::OnCard { thread, picked } => match picked.name.start() {
                Start::Ready(verb) => self.pressed(us, &it, thread, verb).await,
                Start::Needs(need) => self.opens(it, Asks::This { need, of: Subject::Number(picked.number) }, false),
                Start::NotYet => Reply::Taken(None),
            },
            Act::Retries { thread, seq } => self.pressed(us, &it, thread, Verb::Retry(Some(seq))).await,
            Act::AtHome(picked) => match picked.name.start() {
                Start::Ready(verb) => self.picked_at_home(us, &it, Subject::Number(picked.number), verb).await,
                Start::Needs(need) => self.opens(it, Asks::This { need, of: Subject::Number(picked.number) }, false),
                Start::NotYet => Reply::Taken(None),
            },
            Act::OnMessage { thread, name } => match name.start() {
                Start::Ready(verb) => self.picked(us, &it, Subject::Thread(thread), verb).await,
                Start::Needs(need) => self.opens(it, Asks::This { need, of: Subject::Thread(thread) }, false),
                Start::NotYet => Reply::Taken(None),
            },
            Act::OnPreview(decided) => self.decided(us, &it, decided).await,
            Act::Wrote(text) => self.wrote(us, it, &text).await,
            Act::FilledIn(form, filled) => self.filled_in(us, &it, form, filled).await,
            Act::Types(text) => self.types(us, &it, &text).await,
            Act::Other => Reply::Taken(None),
        }
    }

    /// A verb on a card: the thread is at hand.
    async fn pressed(&self, us: &Us, it: &Interaction, thread: ThreadKey, verb: Verb) -> Reply {
        let Some(by) = self.agent(us, &it.by).await else {
            return self.taken_but(it.answer_to.as_deref(), &Notice::OutsiderNotDone).await;
        };
        let wanted = Wanted { key: it.key.clone(), by, verb, answer_to: None };
        match self.store(thread, wanted).await {
            Ok(()) => Reply::Taken(None),
            Err(NoAnswer) => {
                self.taken_but(it.answer_to.as_deref(), &Notice::PerhapsNotDone).await;
                Reply::Failed
            }
        }
    }

    /// A verb at home, which is shown again as it is then.
    async fn picked_at_home(&self, us: &Us, it: &Interaction, of: Subject, verb: Verb) -> Reply {
        let reply = self.picked(us, it, of, verb).await;
        self.slack.homes().opened(&it.by.user);
        reply
    }

    /// A preview that he alone was shown: it goes away once what he decided is stored. Slack says where
    /// such a thing stood, and not in which thread.
    async fn decided(self: &Arc<Self>, us: &Us, it: &Interaction, decided: Decided) -> Reply {
        let notice = match self.look_up_and_store(us, it, Subject::Number(decided.number), decided.verb()).await {
            Ok(()) => {
                if let Some(url) = it.answer_to.clone() {
                    let inner = self.clone();
                    self.tasks.spawn(async move {
                        if let Err(trouble) = inner.slack.take_away(&url).await {
                            warn!(?trouble, "a preview that was decided about still stands there");
                        }
                    });
                }
                return Reply::Taken(None);
            }
            Err(notice) => notice,
        };
        self.taken_but(it.answer_to.as_deref(), &notice).await
    }

    /// A verb of a conversation that has to be looked up.
    async fn picked(&self, us: &Us, it: &Interaction, of: Subject, verb: Verb) -> Reply {
        match self.look_up_and_store(us, it, of, verb).await {
            Ok(()) => Reply::Taken(None),
            Err(notice) => self.taken_but(it.answer_to.as_deref(), &notice).await,
        }
    }

    /// Stores a verb of a conversation that has to be looked up; else why it was not.
    async fn look_up_and_store(&self, us: &Us, it: &Interaction, of: Subject, verb: Verb) -> Result<(), Notice> {
        let (by, found) = futures_util::join!(self.agent(us, &it.by), self.find(us, it, &of));
        match (by, found) {
            (None, _) => Err(Notice::OutsiderNotDone),
            (Some(_), Err(NoAnswer)) => Err(Notice::NotLookedUp),
            (Some(_), Ok(None)) => Err(no_such(&of)),
            (Some(by), Ok(Some(glance))) => {
                let wanted = Wanted { key: it.key.clone(), by, verb, answer_to: None };
                self.store(glance.thread, wanted).await.map_err(|NoAnswer| Notice::PerhapsNotDone)
            }
        }
    }

    /// Our command. What there is to say goes with the acknowledgement, for his eyes only.
    async fn wrote(self: &Arc<Self>, us: &Us, it: Interaction, text: &str) -> Reply {
        let (number, verb) = match command::read(text, &self.slack.config().verbs) {
            Command::Pick => return self.opens(it, Asks::Everything, true),
            Command::Ask(of, need) => return self.opens(it, Asks::This { need, of }, true),
            Command::Tell(notice) => return self.says(&notice),
            Command::List => return self.lists(us, &it).await,
            Command::Late => return self.late(us, &it).await,
            Command::Sign(sign) => return self.signs(us, &it, sign).await,
            Command::Do(number, Verb::Assign(Who::Named(name))) => match self.slack.directory().known_as(&name) {
                Some(user) => match self.agent(us, &Person { user, team: None, handle: None }).await {
                    Some(agent) => (number, Verb::Assign(Who::Agent(agent))),
                    None => return self.says(&Notice::NoSuchPerson { asked: name }),
                },
                None => return self.says(&Notice::NoSuchPerson { asked: name }),
            },
            Command::Assign(number, user) => {
                let asked = format!("<@{user}>");
                match self.agent(us, &Person { user, team: None, handle: None }).await {
                    Some(agent) => (number, Verb::Assign(Who::Agent(agent))),
                    None => return self.says(&Notice::NoSuchPerson { asked }),
                }
            }
            Command::Do(number, verb) => (number, verb),
        };
        let of = Subject::Number(number);
        let (by, found) = futures_util::join!(self.agent(us, &it.by), self.find(us, &it, &of));
        match (by, found) {
            (None, _) => self.says(&Notice::OutsiderNotDone),
            (Some(_), Err(NoAnswer)) => self.says(&Notice::NotLookedUp),
            (Some(_), Ok(None)) => self.says(&no_such(&of)),
            (Some(by), Ok(Some(glance))) => {
                let answer_to = it.answer_to.map(|url| ids::elsewhere(&by.id, &url));
                match self.store(glance.thread, Wanted { key: it.key, by, verb, answer_to }).await {
                    Ok(()) => Reply::Taken(None),
                    Err(NoAnswer) => self.says(&Notice::PerhapsNotDone),
                }
            }
        }
    }

    /// A form: it stays open, with what is wrong said at its field, until the verb is stored.
    async fn filled_in(&self, us: &Us, it: &Interaction, form: Form, filled: Filled) -> Reply {
        let field = form.asks.main_field();
        let wrong = |words: &str| Reply::Taken(Some(forms::error(field, words)));
        let (of, verb) = match filled {
            Filled::Missing(field) => return Reply::Taken(Some(forms::error(field, forms::missing(field)))),
            Filled::Needs { of, need } => {
                let next = Form { asks: Asks::This { need, of }, ..form };
                let view = self.view(&next);
                return Reply::Taken(Some(json!({ "response_action": "update", "view": view })));
            }
            Filled::Assign { of, user } => match self.agent(us, &Person { user, team: None, handle: None }).await {
                Some(agent) => (of, Verb::Assign(Who::Agent(agent))),
                None => return wrong(forms::NO_AGENT),
            },
            Filled::Verb { of, verb } => (of, verb),
        };
        let (by, found) = futures_util::join!(self.agent(us, &it.by), self.find(us, it, &of));
        let said = |notice: Notice| words::notice(&notice, &self.slack.config().verbs).text();
        match (by, found) {
            (None, _) => wrong(&said(Notice::OutsiderNotDone)),
            (Some(_), Err(NoAnswer)) => wrong(forms::NOT_STORED),
            (Some(_), Ok(None)) => wrong(&said(no_such(&of))),
            (Some(by), Ok(Some(glance))) => {
                let answer_to = form.answer_to.map(|url| ids::elsewhere(&by.id, &url));
                match self.store(glance.thread, Wanted { key: it.key.clone(), by, verb, answer_to }).await {
                    Ok(()) => Reply::Taken(None),
                    Err(NoAnswer) => wrong(forms::NOT_STORED),
                }
            }
        }
    }

    /// What the field for a conversation offers: one's own and those that wait, or what is typed.
    async fn types(&self, us: &Us, it: &Interaction, text: &str) -> Reply {
        let found = match text.trim() {
            "" => {
                let own = Sought::HeldBy(self.id(us, &it.by));
                let (own, waiting) =
                    futures_util::join!(self.look_up(us, it, own), self.look_up(us, it, Sought::Waiting));
                own.and_then(|own| waiting.map(|waiting| lists::menu_of_two(&own, &waiting)))
            }
            text => self.look_up(us, it, Sought::Like(text.to_string())).await.map(|found| lists::menu(&found)),
        };
        // There is no way to say here that the database does not answer.
        Reply::Taken(Some(found.unwrap_or_else(|NoAnswer| lists::menu(&[]))))
    }

    async fn lists(&self, us: &Us, it: &Interaction) -> Reply {
        let own = Sought::HeldBy(self.id(us, &it.by));
        let (own, free) = futures_util::join!(self.look_up(us, it, own), self.look_up(us, it, Sought::Unclaimed));
        match (own, free) {
            (Ok(own), Ok(free)) => Reply::Taken(Some(lists::own_and_free(us, &own, &free))),
            (Err(NoAnswer), _) | (_, Err(NoAnswer)) => self.says(&Notice::NotLookedUp),
        }
    }

    /// He says that he is there or away: it concerns every desk in whose channels he is.
    async fn signs(&self, us: &Us, it: &Interaction, sign: Sign) -> Reply {
        let rooms = tokio::time::timeout(FOUND_WITHIN, self.slack.channels_of(&it.by.user));
        let (by, rooms) = futures_util::join!(self.agent(us, &it.by), rooms);
        let Some(by) = by else { return self.says(&Notice::OutsiderNotDone) };
        let Ok(Ok(channels)) = rooms else { return self.says(&Notice::NotLookedUp) };
        let storing = self.inbox.signed(PLATFORM, channels, by, sign);
        match tokio::time::timeout(STORED_WITHIN, storing).await {
            Ok(Ok(notice)) => self.says(&notice),
            Ok(Err(_)) | Err(_) => self.says(&Notice::PerhapsNotDone),
        }
    }

    async fn late(&self, us: &Us, it: &Interaction) -> Reply {
        match self.look_up(us, it, Sought::Waiting).await {
            Ok(waiting) => Reply::Taken(Some(lists::waiting(us, &waiting))),
            Err(NoAnswer) => self.says(&Notice::NotLookedUp),
        }
    }

    /// Opens a form beside the acknowledgement: what opens it is good for three seconds only.
    fn opens(self: &Arc<Self>, it: Interaction, asks: Asks, answers_elsewhere: bool) -> Reply {
        let Some(trigger) = it.trigger else { return Reply::Taken(None) };
        let answer_to = it.answer_to.clone().filter(|_| answers_elsewhere);
        let view = self.view(&Form { asks, channel: it.channel, answer_to });
        let inner = self.clone();
        self.tasks.spawn(async move {
            let opened = inner.slack.call("views.open", &json!({ "trigger_id": trigger, "view": view })).await;
            if let Err(trouble) = opened {
                warn!(?trouble, "a form could not be opened; who wanted it is told");
                inner.taken_but(it.answer_to.as_deref(), &Notice::FormNotShown).await;
            }
        });
        Reply::Taken(None)
    }

    fn view(&self, form: &Form) -> Value {
        let config = self.slack.config();
        let choices = Choices { topics: &config.topics_in(form.channel.as_deref()), replies: &config.replies };
        forms::view(form, choices, &config.verbs)
    }

    /// Stores a verb, once, within the time that is left for it.
    async fn store(&self, thread: ThreadKey, wanted: Wanted) -> Result<(), NoAnswer> {
        let Wanted { key, by, verb, answer_to: elsewhere } = wanted;
        let events = vec![DeskEvent { thread, is_ours: true, act: DeskAct::Did(Deed { key, by, verb, elsewhere }) }];
        let storing = self.inbox.happened(PLATFORM, vec![Reading { frame: None, events }]);
        let why = match tokio::time::timeout(STORED_WITHIN, storing).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the database does not answer".to_string(),
        };
        warn!(why, "what an agent asked for was not stored in time; he is told");
        Err(NoAnswer)
    }

    async fn find(&self, us: &Us, it: &Interaction, of: &Subject) -> Result<Option<Glance>, NoAnswer> {
        let sought = match of {
            Subject::Number(number) => Sought::Number(*number),
            Subject::Thread(thread) => Sought::Thread(thread.clone()),
        };
        Ok(self.look_up(us, it, sought).await?.pop())
    }

    /// Looks conversations up in the channels that he is in.
    async fn look_up(&self, us: &Us, it: &Interaction, sought: Sought) -> Result<Vec<Glance>, NoAnswer> {
        let looking = async {
            // A command is written and a message pressed by whoever is in its channel.
            let here =
                it.channel.as_deref().filter(|channel| self.slack.config().channels.iter().any(|own| own == channel));
            let channels = match (here, self.slack.channels_of(&it.by.user).await) {
                (_, Ok(channels)) => channels,
                (Some(here), Err(_)) => vec![here.to_string()],
                (None, Err(trouble)) => return Err(Unstored(format!("Slack does not say who is where: {trouble:?}"))),
            };
            let here = here.filter(|here| !channels.iter().any(|channel| channel == here));
            let channels = channels.iter().map(String::as_str).chain(here);
            let threads = channels.map(|channel| ids::threads_in(&us.team, channel)).collect();
            self.overview.glances(threads, sought, LISTED_MAX).await
        };
        match tokio::time::timeout(FOUND_WITHIN, looking).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                warn!(%error, "conversations could not be looked up");
                Err(NoAnswer)
            }
            Err(_) => Err(NoAnswer),
        }
    }

    /// The agent who he is; nobody, when he belongs elsewhere.
    async fn agent(&self, us: &Us, person: &Person) -> Option<Agent> {
        let agent = |name: Option<String>, picture| Agent {
            id: self.id(us, person),
            name: name.unwrap_or_else(|| NAMELESS_AGENT.to_string()),
            picture,
        };
        match tokio::time::timeout(NAME_WITHIN, self.slack.directory().person(us, &person.user)).await {
            Ok(Ok(known)) => match known.place {
                Place::Here => Some(agent(known.name, known.picture)),
                Place::App | Place::Elsewhere => None,
            },
            // The payload says where he belongs, and half of what he is called.
            Ok(Err(_)) | Err(_) => {
                let at_home = person.team.as_deref().is_some_and(|team| us.is_home(team));
                at_home.then(|| agent(person.handle.clone(), None))
            }
        }
    }

    fn id(&self, us: &Us, person: &Person) -> AgentId {
        ids::agent(&us.team, &person.user)
    }

    /// Says something with the acknowledgement of a command.
    fn says(&self, notice: &Notice) -> Reply {
        Reply::Taken(Some(rich::answer(&words::notice(notice, &self.slack.config().verbs))))
    }

    /// Taken, and who did it is told something, where Slack takes an answer for him alone.
    async fn taken_but(&self, answer_to: Option<&str>, notice: &Notice) -> Reply {
        if let Some(url) = answer_to {
            let words = words::notice(notice, &self.slack.config().verbs);
            if let Err(trouble) = self.slack.respond(url, &words).await {
                warn!(?trouble, "somebody could not be told what became of what he did");
            }
        }
        Reply::Taken(None)
    }
}

fn no_such(of: &Subject) -> Notice {
    match of {
        Subject::Number(number) => Notice::NoSuchConversation { number: *number },
        Subject::Thread(_) => Notice::NoConversationHere,
    }
}
