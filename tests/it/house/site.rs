//! A Threadline of a play's own, in this process: configured from text, on a free port, with its
//! desk beside it. It can be stopped and started again on the same database.

use super::customer::{Customer, NewCustomer};
use super::database::{Database, Left, Probe};
use super::desk::{Agent, Desk, DeskKind};
use super::http::Web;
use super::journal::Journal;
use super::nodes::Nodes;
use super::post::{self, Post};
use super::s3::{self, BUCKET, FakeS3};
use super::slack;
use super::{LOOK_EVERY, PATIENCE};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline::clock::{Clock, Hand, Ids};
use threadline::config::{self, Config};
use threadline::lifecycle::Lifecycle;
use threadline_core::ids::Moment;
use threadline_fake_slack::FakeSlack;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Where a clock by hand starts: 2026-01-01T00:00Z.
const NEW_YEAR: Moment = Moment(1_767_225_600_000);
/// What has to be true twice in a row, because one thing may just be handing over to another.
const CALM_LOOKS: u32 = 2;
/// How long what is at hand at the end of a play may take.
const FINISH_MAX: Duration = Duration::from_secs(10);
/// How long stopping may take: everything at hand is short.
const STOP_MAX: Duration = Duration::from_secs(8);

/// How a site is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    pub desk: DeskKind,
    pub mode: &'static str,
    pub hold_secs: u32,
    /// A clock that stands still until the play moves it.
    pub by_hand: bool,
    /// Slack channels of the desk.
    pub channels: Vec<&'static str>,
    /// Slack's events come by HTTP.
    pub over_http: bool,
    /// Slack's own limits bite, and the service keeps Slack's pace.
    pub rate_limits: bool,
    /// How long Slack waits for an acknowledgement.
    pub ack_timeout: Duration,
    /// How long Slack takes for each call.
    pub latency: Duration,
    /// How long Slack takes to show files.
    pub file_delay: Duration,
    /// What Slack's chance is drawn from.
    pub seed: u64,
    /// More lines of the table `[desk.support]`.
    pub desk_lines: &'static str,
    /// The tables `[[topic]]` and `[[context]]`.
    pub topics: &'static str,
    /// Lines of the table `[widget]`.
    pub widget: &'static str,
    /// What the site signs with to say who a customer is; it says nothing when this is empty.
    pub identity: &'static str,
    /// Lines of the table `[verbs]`.
    pub verbs: &'static str,
    /// Saved replies: the name of each, and its text.
    pub replies: &'static [(&'static str, &'static str)],
    /// Lines of the table `[limits]`; without them there are no limits per minute.
    pub limits: &'static str,
    /// Lines of the table `[files]`.
    pub files: &'static str,
    /// Files are kept in a bucket.
    pub in_a_bucket: bool,
    /// What customers do not see goes to them by email.
    pub by_email: bool,
    /// So many of the real program, in processes of their own; with none it runs in this one.
    pub programs: usize,
}

/// A running Threadline and what is around it. Clones are the same site.
#[derive(Clone, Debug)]
pub struct Site {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    setup: Setup,
    directory: std::path::PathBuf,
    config: Config,
    nodes: Option<Nodes>,
    clock: Clock,
    hand: Option<Hand>,
    slack: Option<FakeSlack>,
    post: Option<Post>,
    s3: Option<FakeS3>,
    web: Web,
    probe: Probe,
    journal: Journal,
    customers: Mutex<Vec<Customer>>,
    running: Mutex<Option<Running>>,
}

/// It runs in this process.
#[derive(Debug)]
struct Running {
    life: Lifecycle,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Setup {
    pub fn at(desk: DeskKind) -> Setup {
        Setup {
            desk,
            mode: "open",
            hold_secs: 0,
            by_hand: false,
            channels: vec![slack::CHANNEL],
            over_http: false,
            rate_limits: false,
            ack_timeout: Duration::from_secs(3),
            latency: Duration::ZERO,
            file_delay: Duration::from_millis(20),
            seed: 1,
            desk_lines: "",
            topics: TOPICS,
            widget: "",
            identity: "",
            verbs: "",
            replies: &[],
            limits: NO_LIMITS,
            files: "",
            in_a_bucket: false,
            by_email: false,
            programs: 0,
        }
    }

    /// The folder of saved replies, if there are any.
    fn replies_in(&self, directory: &Path) -> Option<std::path::PathBuf> {
        (!self.replies.is_empty()).then(|| directory.join("replies"))
    }

    /// The configuration file, with this database and the folder beside it for files.
    fn toml(
        &self,
        database: &str,
        directory: &Path,
        slack: Option<&FakeSlack>,
        s3: Option<&FakeS3>,
        post: Option<&Post>,
    ) -> String {
        let storage = s3.map_or(String::new(), |s3| {
            format!("storage = \"s3\"\nbucket = \"{BUCKET}\"\nendpoint = \"{}\"\n", s3.address)
        });
        let channels = self.channels.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ");
        let desk = match self.desk {
            DeskKind::Practice => "platform = \"practice\"".to_string(),
            DeskKind::Slack => format!("platform = \"slack\"\nchannels = [{channels}]"),
        };
        let slack = slack.map_or(String::new(), |slack| {
            let events = if self.over_http { "http" } else { "socket" };
            let pace = if self.rate_limits { 60 } else { 0 };
            format!(
                "[slack]\napi_url = \"{}\"\nevents = \"{events}\"\nposts_per_minute_per_channel = {pace}\n",
                slack.api_url().trim_end_matches('/')
            )
        });
        let post = post.map_or(String::new(), Post::toml);
        let replies = self.replies_in(directory);
        let replies = replies.map_or(String::new(), |folder| format!("[replies]\nfolder = {folder:?}\n"));
        format!(
            "{}\n[server]\nlisten = \"127.0.0.1:0\"\nallowed_origins = [\"https://shop.example.com\"]\n\
             [database]\nurl = \"{}\"\n[files]\nfolder = {:?}\n{storage}{}\n\
             [widget]\nask_email = \"optional\"\n{}\n\
             [desk.support]\n{desk}\n{}\nmode = \"{}\"\nhold_secs = {}\n{slack}{post}{replies}[verbs]\n{}\n[limits]\n{}\n",
            self.topics,
            database,
            directory.join("files"),
            self.files,
            self.widget,
            self.desk_lines,
            self.mode,
            self.hold_secs,
            self.verbs,
            self.limits
        )
    }
}

const TOPICS: &str = "[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                      [[topic]]\nid = \"billing\"\nlabel = \"Billing Questions\"\n";

const NO_LIMITS: &str = "conversations_per_address_per_minute = 0\nmessages_per_conversation_per_minute = 0\n\
                         requests_per_address_per_minute = 0\nconnections_per_address_max = 0\nstreams_per_address_max = 0";

/// The environment variables that a configuration's secrets come from.
pub fn secret(slack: &FakeSlack, name: &str) -> Option<String> {
    match name {
        "SLACK_BOT_TOKEN" => Some(slack.bot_token().to_string()),
        "SLACK_APP_TOKEN" => Some(slack.app_token().to_string()),
        "SLACK_SIGNING_SECRET" => Some(slack.signing_secret().to_string()),
        _ => None,
    }
}

impl Site {
    /// Opens a site on a database.
    pub async fn open(setup: Setup, database: &Database, journal: Journal) -> Site {
        let s3 = if setup.in_a_bucket { Some(FakeS3::start().await) } else { None };
        let (clock, hand) = if setup.by_hand {
            let (clock, hand) = Clock::by_hand(NEW_YEAR);
            (clock, Some(hand))
        } else {
            (Clock::Real, None)
        };
        let fake = match setup.desk {
            DeskKind::Slack => Some(slack::start(&setup, &clock).await),
            DeskKind::Practice => None,
        };
        let post = if setup.by_email { Some(Post::opens().await) } else { None };
        let toml = setup.toml(&database.url, &database.directory, fake.as_ref(), s3.as_ref(), post.as_ref());
        let env = |name: &str| match name {
            "THREADLINE_IDENTITY_SECRET" => Some(setup.identity.to_string()),
            "THREADLINE_S3_ACCESS_KEY_ID" => Some(s3::ACCESS_KEY_ID.to_string()),
            "THREADLINE_S3_SECRET_ACCESS_KEY" => Some(s3::SECRET_ACCESS_KEY.to_string()),
            name => post::secret(name).or_else(|| fake.as_ref().and_then(|slack| secret(slack, name))),
        };
        let read = |path: &Path| -> io::Result<String> {
            if path == Path::new(config::FILE) { Ok(toml.clone()) } else { std::fs::read_to_string(path) }
        };
        if let Some(folder) = setup.replies_in(&database.directory) {
            std::fs::create_dir_all(&folder).unwrap();
            for (name, text) in setup.replies {
                std::fs::write(folder.join(format!("{name}.md")), text).unwrap();
            }
        }
        let config = config::load(None, None, &env, &read, &config::files_in)
            .unwrap_or_else(|errors| panic!("{errors}\n{toml}"));
        let nodes = match setup.programs {
            0 => None,
            count => {
                let toml = |url: &str| setup.toml(url, &database.directory, fake.as_ref(), s3.as_ref(), post.as_ref());
                Some(Nodes::new(count, &database.directory, &database.url, toml).await)
            }
        };
        let inner = Inner {
            directory: database.directory.clone(),
            config,
            nodes,
            clock,
            hand,
            slack: fake,
            post,
            s3,
            web: Web::new(),
            probe: database.probe(),
            journal,
            customers: Mutex::default(),
            running: Mutex::default(),
            setup,
        };
        let site = Site { inner: Arc::new(inner) };
        site.starts().await;
        site
    }

    /// Starts the service; done when it answers and its desk is connected.
    pub async fn starts(&self) {
        let inner = &self.inner;
        if let Some(nodes) = &inner.nodes {
            nodes.start(inner.slack.as_ref()).await;
            inner.web.moves_to(nodes.address());
        } else {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            inner.web.moves_to(&listener.local_addr().unwrap().to_string());
            let (config, life, clock) = (inner.config.clone(), Lifecycle::new(), inner.clock.clone());
            let task = tokio::spawn({
                let life = life.clone();
                async move { threadline::start(config, listener, life, clock, Ids::Real).await?.finished().await }
            });
            *lock(&inner.running) = Some(Running { life, task });
        }
        inner.web.get("/readyz", None).await.expect_text(200);
        if inner.setup.over_http
            && let Some(slack) = &inner.slack
        {
            let url = format!("http://{}/slack/events", inner.web.address());
            slack.set_events_url(Some(&url)).await.unwrap();
            let hand_url = |name: &str| format!("http://{}/slack/{name}", inner.web.address());
            slack.set_hand_urls(&hand_url("interactions"), &hand_url("commands"));
        }
    }

    /// Stops the service, as SIGTERM does.
    pub async fn stops(&self) {
        let Running { life, task } = lock(&self.inner.running).take().expect("it runs");
        let began = Instant::now();
        life.stop();
        task.await.unwrap().unwrap();
        assert!(began.elapsed() < STOP_MAX, "stopping took {:?}", began.elapsed());
    }

    /// Ends every program with `kill -9`.
    pub fn is_killed(&self) {
        self.nodes().kill_all();
    }

    /// Writes a saved reply into its folder: it counts from the next start of the programs on.
    pub fn saves_reply(&self, name: &str, text: &str) {
        let folder = self.inner.setup.replies_in(&self.inner.directory).expect("a folder of saved replies");
        std::fs::write(folder.join(format!("{name}.md")), text).unwrap();
    }

    /// The programs.
    pub fn nodes(&self) -> &Nodes {
        self.inner.nodes.as_ref().expect("it runs in programs of its own")
    }

    /// A customer with an open page.
    pub async fn customer(&self, name: &str) -> Customer {
        self.new_customer(NewCustomer::named(name)).await
    }

    /// A customer.
    pub async fn new_customer(&self, new: NewCustomer) -> Customer {
        let customer = Customer::open(&self.inner.web, new).await;
        lock(&self.inner.customers).push(customer.clone());
        customer
    }

    /// A customer who writes to one program and listens to another.
    pub async fn customer_between(&self, name: &str, writes_to: usize, listens_to: usize) -> Customer {
        let (writes_to, listens_to) = (self.nodes().web(writes_to), self.nodes().web(listens_to));
        let customer = Customer::open_between(&writes_to, &listens_to, NewCustomer::named(name)).await;
        lock(&self.inner.customers).push(customer.clone());
        customer
    }

    /// A customer whose browser tries until there is a conversation.
    pub async fn patient_customer(&self, name: &str) -> Customer {
        let customer = Customer::open_in_the_end(&self.inner.web, NewCustomer::named(name)).await;
        lock(&self.inner.customers).push(customer.clone());
        customer
    }

    /// Whose conversation has this number, for one that began with a letter.
    pub async fn who_mailed(&self, number: i64) -> Customer {
        let id = self.inner.probe.id_of(number).await;
        Customer::by_mail(&self.inner.web, id, number)
    }

    /// How many letters were taken in and read.
    pub async fn letters_read(&self) -> i64 {
        self.inner.probe.number("SELECT COUNT(*) FROM frame WHERE platform = 'mail' AND read_at IS NOT NULL").await
    }

    /// Somebody of the team.
    pub fn agent(&self, name: &str) -> Agent {
        self.desk().agent(name)
    }

    /// The desk.
    pub fn desk(&self) -> Desk {
        match &self.inner.slack {
            Some(slack) => Desk::Slack(slack.clone()),
            None => Desk::Practice(self.inner.web.clone()),
        }
    }

    /// The thread as the team sees it.
    pub async fn thread(&self, customer: &Customer) -> String {
        self.desk().transcript(customer).await
    }

    /// Slack.
    pub fn slack(&self) -> &FakeSlack {
        self.inner.slack.as_ref().expect("this desk is in Slack")
    }

    /// Whether it has a post office.
    pub fn sends_letters(&self) -> bool {
        self.inner.post.is_some()
    }

    /// The post office.
    pub fn post(&self) -> &Post {
        self.inner.post.as_ref().expect("it sends letters")
    }

    /// The bucket.
    pub fn s3(&self) -> &FakeS3 {
        self.inner.s3.as_ref().expect("files are kept in a bucket")
    }

    /// A client of the site.
    pub fn web(&self) -> &Web {
        &self.inner.web
    }

    /// The tables.
    pub fn probe(&self) -> &Probe {
        &self.inner.probe
    }

    /// What `threadline check` says of where files are kept.
    pub async fn checks_files(&self) -> Result<String, Vec<String>> {
        threadline::check_files(self.inner.config.files.clone()).await
    }

    /// The folder of files.
    pub fn files_folder(&self) -> &Path {
        &self.inner.config.files.folder
    }

    /// The log.
    pub fn journal(&self) -> &Journal {
        &self.inner.journal
    }

    /// How often the log says this, over all starts.
    pub fn logged(&self, text: &str) -> usize {
        if let Some(nodes) = &self.inner.nodes {
            return nodes.log().lines().filter(|line| line.contains(text)).count();
        }
        self.journal().count(text)
    }

    /// The service's time, in seconds since 1970.
    pub fn now_secs(&self) -> i64 {
        self.inner.clock.now().0 / 1_000
    }

    /// Lets time pass, on a clock by hand.
    pub fn time_passes(&self, millis: i64) {
        self.inner.hand.as_ref().expect("a clock by hand").advance(millis);
    }

    /// Waits until nothing is under way: no order, no unread frame, no hold that is due, no event
    /// that Slack waits to have acknowledged, and every open page shows all there is.
    pub async fn settle(&self) {
        self.settle_within(PATIENCE).await;
    }

    /// [`Site::settle`] for plays in which much has to be made good.
    pub async fn settle_within(&self, patience: Duration) {
        let (began, mut calm) = (Instant::now(), 0);
        while calm < CALM_LOOKS {
            match self.unrest().await {
                None => calm += 1,
                Some(what) => {
                    calm = 0;
                    assert!(began.elapsed() < patience, "not settled after {patience:?}: {what}");
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// What is under way, if anything.
    pub async fn unrest(&self) -> Option<String> {
        let left = self.left().await;
        if left != Left::NOTHING {
            return Some(format!("{left:?}"));
        }
        if let Some(slack) = &self.inner.slack
            && slack.unacked_events() > 0
        {
            return Some(format!("{} events of Slack are not acknowledged", slack.unacked_events()));
        }
        let customers = lock(&self.inner.customers).clone();
        let standings = self.inner.probe.standings().await;
        for standing in standings {
            let Some(customer) = customers.iter().find(|customer| customer.id() == standing.id) else { continue };
            for tab in customer.tabs().iter().filter(|tab| tab.is_open()) {
                let page = tab.page();
                let is_typing = standing.held > 0;
                if !page.is_live || page.last_rev != standing.rev || page.typing.is_some() != is_typing {
                    return Some(format!(
                        "{}'s page is at {} (live: {}, typing: {:?}), the conversation {standing:?}",
                        customer.name(),
                        page.last_rev,
                        page.is_live,
                        page.typing
                    ));
                }
            }
            if customer.sends_receipts() && standing.received != standing.rev {
                return Some(format!("{} has not told what the page has: {standing:?}", customer.name()));
            }
        }
        None
    }

    async fn left(&self) -> Left {
        self.inner.probe.left(self.inner.clock.now().0).await
    }

    /// Ends the site and, if the play went well, looks whether anything was left over; what is at
    /// hand just then may be finished.
    pub async fn close(self, went_well: bool) {
        let (began, mut left) = (Instant::now(), self.left().await);
        while went_well && left != Left::NOTHING && began.elapsed() < FINISH_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
            left = self.left().await;
        }
        let customers = std::mem::take(&mut *lock(&self.inner.customers));
        let tabs: Vec<_> = customers.iter().flat_map(|customer| customer.tabs()).collect();
        let complaints: Vec<String> = tabs.iter().flat_map(|tab| tab.page().complaints.clone()).collect();
        tabs.iter().for_each(|tab| tab.close());
        let runs = lock(&self.inner.running).is_some();
        if runs {
            self.stops().await;
        }
        if let Some(nodes) = &self.inner.nodes {
            nodes.kill_all();
        }
        if !went_well {
            if let Some(nodes) = &self.inner.nodes {
                eprintln!("{}", nodes.log());
            }
            return;
        }
        assert_eq!(complaints, Vec::<String>::new(), "the customers' pages complain");
        if let Some(slack) = &self.inner.slack {
            assert_eq!(slack.complaints(), Vec::<String>::new(), "Slack complains");
        }
        if let Some(s3) = &self.inner.s3 {
            assert_eq!(s3.complaints(), Vec::<String>::new(), "the bucket complains");
        }
        assert_eq!(left, Left::NOTHING, "something was left over");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
