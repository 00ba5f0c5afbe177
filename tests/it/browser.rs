//! The plays in a real Chromium (`tests/browser/*.mjs`): a customer in the sample shop, an agent at
//! the practice desk or in the fake Slack. They need Node.js with what `npm ci` installs, and a
//! Chromium; where one of these is missing a loud line says so, and in CI it is a failure.

use serde_json::json;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use threadline::clock::{Clock, Ids};
use threadline::config::{self, Config};
use threadline::lifecycle::Lifecycle;
use threadline_core::ids::Moment;
use threadline_fake_slack::{FakeSlack, Options};

/// One Chromium at a time is enough for two cores.
static STAGE: Mutex<()> = Mutex::new(());

/// What a newcomer has, on a port and a file of the play's own; the plays write faster than people.
const NEWCOMER: &str = "[limits]\nmessages_per_conversation_per_minute = 0\nconversations_per_address_per_minute = 0\n\
                        requests_per_address_per_minute = 0\n[practice]\nenabled = true\n";

/// The variable for what reply addresses and links are signed with.
const EMAIL: &str = "THREADLINE_EMAIL_SECRET";
/// The variable for what the site signs with, here and in the service.
const IDENTITY: &str = "THREADLINE_IDENTITY_SECRET";

#[test]
fn practice_desk() {
    in_chromium("practice.mjs", "", None, &[]);
}

#[test]
fn access() {
    in_chromium("access.mjs", "", None, &[]);
}

#[test]
fn rating() {
    in_chromium("rating.mjs", "", None, &[]);
}

#[test]
fn saved() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("replies-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let hello = "Good news!\nHello *{customer.first_name|there}*, this is {agent.name}:\n- it is #{number}";
    for (name, text) in [("hello", hello), ("late", "Sorry, {order} is late.")] {
        std::fs::write(folder.join(format!("{name}.md")), text).unwrap();
    }
    in_chromium("saved.mjs", &format!("[replies]\nfolder = {folder:?}\n"), None, &[]);
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn files() {
    in_chromium("files.mjs", "", None, &[]);
}

#[test]
fn faults() {
    in_chromium("faults.mjs", "", None, &[]);
}

#[test]
fn context() {
    let topics = r#"
[[topic]]
id = "other"
label = "Something else"
[[topic]]
id = "technical"
label = "Technical Issues"
[[topic.field]]
id = "campaign_id"
label = "Campaign ID"
help = "For example cp100; we use the id, not the name."
pattern = '^cp\d+$'
error = "A campaign id begins with cp."
required = true
[[topic.field]]
id = "affected"
label = "Who is affected?"
kind = "choice"
choices = ["Only me", "My whole team"]
[[topic.field]]
id = "steps"
label = "Steps"
kind = "text"
[[context]]
key = "campaign_id"
label = "Campaign"
link = "https://app.example.com/campaigns/{campaign_id}"
pattern = '^cp\d+$'
"#;
    in_chromium("context.mjs", topics, None, &[]);
}

#[test]
fn hours() {
    in_chromium_by_hand("hours.mjs", HOURS, &[]);
}

#[test]
fn hidden() {
    in_chromium_by_hand("hidden.mjs", &format!("[widget]\nwhen_closed = \"hide\"\n{HOURS}"), &[]);
}

#[test]
fn there() {
    let topics = "[widget]\nwhen_closed = \"hide\"\n[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                  open_when = \"presence\"\nanswer_within = \"4 hours\"\n";
    in_chromium("there.mjs", topics, None, &[]);
}

#[test]
fn identity() {
    let topics = "[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                  [[topic.field]]\nid = \"campaign_id\"\nlabel = \"Campaign ID\"\n\
                  [[topic]]\nid = \"billing\"\nlabel = \"Billing Questions\"\n";
    let secret = "a secret of the play that is long enough".to_string();
    in_chromium("identity.mjs", topics, None, &[(IDENTITY, secret)]);
}

#[test]
fn hostile() {
    let corpus: Vec<_> = crate::corpus::tricks().iter().map(|it| json!({ "name": it.name, "text": it.text })).collect();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("corpus-{}.json", std::process::id()));
    std::fs::write(&file, json!(corpus).to_string()).unwrap();
    let topics = "[[topic]]\nid = \"other\"\nlabel = \"Something else\"\n[[topic]]\nid = \"more\"\nlabel = \"More\"\n";
    let secret = "a secret of the play that is long enough".to_string();
    in_chromium("hostile.mjs", topics, None, &[(IDENTITY, secret), ("CORPUS", file.display().to_string())]);
    let _ = std::fs::remove_file(&file);
}

#[test]
fn another_website() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let origin = format!("http://localhost:{free}");
    let allowed = format!("allowed_origins = [\"{origin}\"]\n");
    in_chromium("website.mjs", &allowed, None, &[("SITE_ORIGIN", origin)]);
}

#[test]
fn slack() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let _entered = runtime.enter();
    let slack = runtime.block_on(async {
        let slack = FakeSlack::start(Options::default()).await;
        slack.add_channel("C0SUPPORT1", "support");
        slack
    });
    let fake_url = slack.base_url().to_string();
    in_chromium("slack.mjs", "", Some(&slack), &[("FAKE_URL", fake_url)]);
    assert_eq!(slack.complaints(), Vec::<String>::new());
}

#[test]
fn ticket() {
    // Nobody is there, so that something is promised.
    at_the_customers_page("open_when = \"presence\"\nanswer_within = \"4 hours\"\n");
}

#[test]
fn ticket_of_a_chat() {
    at_the_customers_page("");
}

fn at_the_customers_page(topic: &str) {
    let topics = format!("[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n{topic}");
    let secret = EMAIL_SECRET;
    let signer = threadline::email::address::Signer::new("support@example.com", [secret]);
    let more = [(EMAIL, secret.to_string()), ("LINK", signer.page(1001)), ("OTHER", signer.page(1099))];
    in_chromium("ticket.mjs", &format!("{topics}{EMAIL_TABLE}"), None, &more);
}

#[test]
fn session() {
    let signer = threadline::email::address::Signer::new("support@example.com", [EMAIL_SECRET]);
    let more = [(EMAIL, EMAIL_SECRET.to_string()), ("LINK", signer.page(1001))];
    let sessions = "[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                    [[topic]]\nid = \"billing\"\nlabel = \"Billing Questions\"\n\
                    [sessions]\njoin_url = \"https://meet.example.com/room\"\nprepare = \"Your campaign id\"\n\
                    [engineer.grace]\nname = \"Grace\"\ntopics = [\"technical\"]\n";
    in_chromium("session.mjs", &format!("{sessions}{EMAIL_TABLE}"), None, &more);
}

#[test]
fn form() {
    let server = format!("[widget]\nask_name = \"off\"\nask_email = \"off\"\n{HOURS}{EMAIL_TABLE}");
    in_chromium_by_hand("form.mjs", &server, &[(EMAIL, EMAIL_SECRET.to_string())]);
}

const EMAIL_SECRET: &str = "a secret of at least thirty-two characters";
/// Nobody answers at these ports: the letters wait.
const EMAIL_TABLE: &str = "[email]\naddress = \"support@example.com\"\n[email.smtp]\nhost = \"localhost\"\nport = 9\n\
                           [email.imap]\nhost = \"localhost\"\nport = 9\nuser = \"support\"\n";

/// Office hours in Madrid.
const HOURS: &str = "[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                     [[topic]]\nid = \"billing\"\nlabel = \"Billing Questions\"\n\
                     [calendar.office]\nzone = \"Europe/Madrid\"\nhours = \"Mo-Fr 09:00-18:00\"\n";

/// Where a clock by hand starts: Thursday, 2026-01-01T00:00Z.
const NEW_YEAR: Moment = Moment(1_767_225_600_000);

/// Plays one script against a site of its own.
fn in_chromium(script: &str, server: &str, slack: Option<&FakeSlack>, more: &[(&str, String)]) {
    in_chromium_at(Clock::Real, script, server, slack, more);
}

/// The same with a clock that stands still until the script moves it: it writes to `HAND` by how many
/// milliseconds, one number a line, and reads the time that it is then.
fn in_chromium_by_hand(script: &str, server: &str, more: &[(&str, String)]) {
    let (clock, hand) = Clock::by_hand(NEW_YEAR);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let shown = clock.clone();
    // It ends with the process: nobody connects any more after the play.
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut line = String::new();
            BufReader::new(&connection).read_line(&mut line).unwrap();
            hand.advance(line.trim().parse().unwrap());
            writeln!(connection, "{}", shown.now().0).unwrap();
        }
    });
    let more: Vec<_> = more.iter().cloned().chain([("HAND", port)]).collect();
    in_chromium_at(clock, script, server, None, &more);
}

fn in_chromium_at(clock: Clock, script: &str, server: &str, slack: Option<&FakeSlack>, more: &[(&str, String)]) {
    let Some(chromium) = chromium() else { return };
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{script}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let config = configuration(&directory, server, slack, more);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let life = Lifecycle::new();
    let running =
        runtime.block_on(threadline::start(config, listener, life.clone(), clock, Ids::Real)).expect("it starts");
    let finished = runtime.spawn(running.finished());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser").join(script);
    let mut node = Command::new("node");
    node.arg(&script)
        .env("CHROMIUM", chromium)
        .env("SHOP_URL", format!("http://{address}/"))
        .env("PRACTICE_URL", format!("http://{address}/practice"))
        .envs(more.iter().map(|(name, value)| (*name, value.as_str())))
        .stdin(Stdio::null());
    if std::env::var_os("SCREENSHOTS").is_none() {
        node.env("SCREENSHOTS", directory.join("screenshots"));
    }
    let played = node.output().expect("node runs");
    life.stop();
    runtime.block_on(finished).unwrap().expect("it stops in order");
    let said = format!("{}{}", String::from_utf8_lossy(&played.stdout), String::from_utf8_lossy(&played.stderr));
    let thread = slack.map(FakeSlack::transcript).unwrap_or_default();
    assert!(played.status.success(), "{}:\n{said}\n{thread}", script.display());
    let _ = std::fs::remove_dir_all(&directory);
}

fn configuration(directory: &Path, server: &str, slack: Option<&FakeSlack>, more: &[(&str, String)]) -> Config {
    let desk = slack.map_or(String::new(), |slack| {
        format!(
            "[desk.support]\nplatform = \"slack\"\nchannels = [\"C0SUPPORT1\"]\n[slack]\napi_url = \"{}\"\n",
            slack.api_url().trim_end_matches('/')
        )
    });
    let database = directory.join("threadline.db");
    let toml = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n{server}[database]\nurl = \"sqlite:{}\"\n[files]\nfolder = {:?}\n{desk}{NEWCOMER}",
        database.display(),
        directory.join("files")
    );
    let env = |name: &str| match (slack, name) {
        (Some(slack), "SLACK_BOT_TOKEN") => Some(slack.bot_token().to_string()),
        (Some(slack), "SLACK_APP_TOKEN") => Some(slack.app_token().to_string()),
        (_, EMAIL) => more.iter().find(|(name, _)| *name == EMAIL).map(|(_, secret)| secret.clone()),
        (_, "THREADLINE_IMAP_PASSWORD") => Some("a-password".to_string()),
        (_, IDENTITY) => more.iter().find(|(name, _)| *name == IDENTITY).map(|(_, secret)| secret.clone()),
        _ => None,
    };
    let read = |path: &Path| {
        if path == Path::new(config::FILE) { Ok(toml.clone()) } else { std::fs::read_to_string(path) }
    };
    config::load(None, None, &env, &read, &config::files_in).unwrap_or_else(|errors| panic!("{errors}\n{toml}"))
}

/// The Chromium to play in, if everything is here.
fn chromium() -> Option<OsString> {
    let named = std::env::var_os("CHROMIUM");
    let chromium = named.or_else(|| {
        let paths = std::env::var_os("PATH")?;
        let found = std::env::split_paths(&paths).map(|path| path.join("chromium")).find(|path| path.is_file());
        found.map(PathBuf::into_os_string)
    });
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/playwright-core");
    let node = Command::new("node").arg("--version").output().is_ok_and(|answer| answer.status.success());
    let missing = match (&chromium, node, modules.is_dir()) {
        (None, _, _) => "no chromium (Debian: apt install chromium)",
        (_, false, _) => "no node (Debian: apt install nodejs npm)",
        (_, _, false) => "no playwright-core (npm ci)",
        (Some(_), true, true) => return chromium,
    };
    assert!(std::env::var_os("CI").is_none(), "BROWSER TESTS CANNOT RUN: {missing}");
    eprintln!("BROWSER TESTS NOT RUN: {missing}");
    None
}
