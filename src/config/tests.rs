//! Configurations as operators write them, and what they are told.

mod calendars;
mod email;
mod replies;
mod sessions;
mod verbs;

use super::*;
use expect_test::{Expect, expect};
use std::collections::{BTreeMap, BTreeSet};
use threadline_core::availability::OpenWhen;

const EXAMPLE: &str = include_str!("../../threadline.example.toml");

const BOT: &str = "xoxb-1-bot";
const DISCORD_BOT: &str = "MTIzNDU2Nzg5MDEy.Gabcde.abcdefghijklmnopqrstuvwxyz";
const APP: &str = "xapp-1-app";
const CA: &str = "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n";
/// What a file says that is no text.
const NOT_UTF_8: &str = "(not UTF-8)";
const IDENTITY: &str = "0123456789abcdef0123456789abcdef";

/// The world of one reading: files and variables, and nothing else.
#[derive(Default)]
struct World {
    files: BTreeMap<&'static str, String>,
    env: BTreeMap<&'static str, &'static str>,
}

impl World {
    fn with(toml: &str) -> World {
        World { files: BTreeMap::from([(FILE, toml.to_owned())]), ..World::default() }
    }

    fn var(mut self, name: &'static str, value: &'static str) -> World {
        self.env.insert(name, value);
        self
    }

    fn file(mut self, name: &'static str, text: &str) -> World {
        self.files.insert(name, text.to_owned());
        self
    }

    fn tokens(self) -> World {
        self.var("SLACK_BOT_TOKEN", BOT).var("SLACK_APP_TOKEN", APP)
    }

    fn load_at(&self, path: Option<&str>, listen: Option<&str>) -> Result<Config, ConfigErrors> {
        let env = |name: &str| self.env.get(name).map(|value| (*value).to_owned());
        let read = |path: &Path| {
            let text = path.to_str().and_then(|path| self.files.get(path));
            match text {
                Some(text) if text == NOT_UTF_8 => Err(io::ErrorKind::InvalidData.into()),
                Some(text) => Ok(text.clone()),
                None => Err(io::ErrorKind::NotFound.into()),
            }
        };
        load(path.map(Path::new), listen, &env, &read, &|folder| self.list(folder))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let inside = self.files.iter().filter_map(|(path, text)| {
            let name = Path::new(path).strip_prefix(folder).ok()?.to_str()?.to_owned();
            Some(Entry { name, bytes: text.len() as u64 })
        });
        let inside: Vec<Entry> = inside.collect();
        if inside.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(inside) }
    }

    fn load(&self) -> Config {
        self.load_at(None, None).unwrap_or_else(|errors| panic!("{errors}"))
    }

    fn wrong(&self, expected: Expect) {
        expected.assert_eq(&self.load_at(None, None).unwrap_err().to_string());
    }
}

fn wrong(toml: &str, expected: Expect) {
    World::with(toml).wrong(expected);
}

/// The example with each key in force: a key is a line that begins with `#` and no blank.
fn whole_example() -> String {
    let in_force = |line: &'static str| match line.strip_prefix('#') {
        Some(key) if !key.is_empty() && !key.starts_with(' ') => key,
        Some(_) | None => line,
    };
    EXAMPLE.lines().map(in_force).collect::<Vec<_>>().join("\n")
}

fn with_secret_files(world: World) -> World {
    world
        .file("/run/secrets/slack_bot_token", BOT)
        .file("/run/secrets/slack_app_token", APP)
        .file("/run/secrets/slack_signing_secret", "8f742231b10e8888")
        .file("/run/secrets/discord_bot_token", DISCORD_BOT)
        .file("/run/secrets/threadline_identity", IDENTITY)
        .file("/run/secrets/threadline_email", IDENTITY)
        .file("/run/secrets/smtp_password", "smtp password")
        .file("/run/secrets/imap_password", "imap password")
        .file("/run/secrets/s3_access_key_id", "AKIAEXAMPLE")
        .file("/run/secrets/s3_secret_access_key", "a key")
        .file("/etc/threadline/ca.pem", CA)
        .file("replies/shipping.md", "It is on its way.")
}

#[test]
fn a_newcomer_needs_no_file() {
    expect![[r#"
        Config {
            server: Server {
                listen: 127.0.0.1:8087,
                public_url: None,
                allowed_origins: [],
                trusted_proxies: [],
            },
            database: Database {
                url: Secret(…),
                place: File(
                    "threadline.db",
                ),
            },
            widget: Widget {
                title: "Chat with us",
                greeting: "Hello! What can we do for you?",
                ask_name: Optional,
                ask_email: Required,
                when_closed: Show,
            },
            topics: [
                Topic {
                    id: "campaign-setup",
                    label: "Campaign Setup",
                    desk: DeskName(
                        "support",
                    ),
                    fields: [
                        Field {
                            id: "campaign_id",
                            label: "Campaign ID",
                            help: Some(
                                "For example cp100; we use the id, not the name.",
                            ),
                            kind: Line,
                            required: false,
                            pattern: None,
                            error: None,
                        },
                    ],
                    calendar: CalendarName(
                        "always",
                    ),
                    policy: Policy {
                        open_when: InHours,
                        answer_within: Days(
                            1,
                        ),
                        urgent_within: None,
                        high_within: None,
                        low_within: None,
                        respond_within: None,
                        ticket_after: None,
                        ticket_when_left: None,
                    },
                },
                Topic {
                    id: "technical-issues",
                    label: "Technical Issues",
                    desk: DeskName(
                        "support",
                    ),
                    fields: [
                        Field {
                            id: "campaign_id",
                            label: "Campaign ID",
                            help: Some(
                                "For example cp100; we use the id, not the name.",
                            ),
                            kind: Line,
                            required: false,
                            pattern: None,
                            error: None,
                        },
                        Field {
                            id: "transaction_id",
                            label: "Transaction ID",
                            help: Some(
                                "If it is about one transaction.",
                            ),
                            kind: Line,
                            required: false,
                            pattern: None,
                            error: None,
                        },
                        Field {
                            id: "error",
                            label: "The exact error",
                            help: Some(
                                "Copied from the screen, if you can.",
                            ),
                            kind: Text,
                            required: false,
                            pattern: None,
                            error: None,
                        },
                        Field {
                            id: "steps",
                            label: "What did you do, step by step?",
                            help: None,
                            kind: Text,
                            required: false,
                            pattern: None,
                            error: None,
                        },
                        Field {
                            id: "expected",
                            label: "What did you expect?",
                            help: None,
                            kind: Text,
                            required: false,
                            pattern: None,
                            error: None,
                        },
                        Field {
                            id: "actual",
                            label: "What happened instead?",
                            help: None,
                            kind: Text,
                            required: false,
                            pattern: None,
                            error: None,
                        },
                    ],
                    calendar: CalendarName(
                        "always",
                    ),
                    policy: Policy {
                        open_when: InHours,
                        answer_within: Days(
                            1,
                        ),
                        urgent_within: None,
                        high_within: None,
                        low_within: None,
                        respond_within: None,
                        ticket_after: None,
                        ticket_when_left: None,
                    },
                },
                Topic {
                    id: "billing-questions",
                    label: "Billing Questions",
                    desk: DeskName(
                        "support",
                    ),
                    fields: [
                        Field {
                            id: "campaign_id",
                            label: "Campaign ID",
                            help: Some(
                                "For example cp100; we use the id, not the name.",
                            ),
                            kind: Line,
                            required: false,
                            pattern: None,
                            error: None,
                        },
                        Field {
                            id: "transaction_id",
                            label: "Transaction ID",
                            help: Some(
                                "If it is about one transaction.",
                            ),
                            kind: Line,
                            required: false,
                            pattern: None,
                            error: None,
                        },
                    ],
                    calendar: CalendarName(
                        "always",
                    ),
                    policy: Policy {
                        open_when: InHours,
                        answer_within: Days(
                            1,
                        ),
                        urgent_within: None,
                        high_within: None,
                        low_within: None,
                        respond_within: None,
                        ticket_after: None,
                        ticket_when_left: None,
                    },
                },
                Topic {
                    id: "platform-navigation",
                    label: "Platform Navigation",
                    desk: DeskName(
                        "support",
                    ),
                    fields: [],
                    calendar: CalendarName(
                        "always",
                    ),
                    policy: Policy {
                        open_when: InHours,
                        answer_within: Days(
                            1,
                        ),
                        urgent_within: None,
                        high_within: None,
                        low_within: None,
                        respond_within: None,
                        ticket_after: None,
                        ticket_when_left: None,
                    },
                },
                Topic {
                    id: "other",
                    label: "Other",
                    desk: DeskName(
                        "support",
                    ),
                    fields: [],
                    calendar: CalendarName(
                        "always",
                    ),
                    policy: Policy {
                        open_when: InHours,
                        answer_within: Days(
                            1,
                        ),
                        urgent_within: None,
                        high_within: None,
                        low_within: None,
                        respond_within: None,
                        ticket_after: None,
                        ticket_when_left: None,
                    },
                },
            ],
            facts: [],
            desks: [
                Desk {
                    name: DeskName(
                        "support",
                    ),
                    platform: Practice,
                    channels: [],
                    mode: Open,
                    hold_secs: 3,
                    presence: Signed,
                    chats_per_agent: None,
                    missed_means_away: false,
                },
            ],
            default_desk: DeskName(
                "support",
            ),
            verbs: Names {
                chosen: [],
            },
            replies: SavedReplies(
                [],
            ),
            calendars: [
                NamedCalendar {
                    name: CalendarName(
                        "always",
                    ),
                    calendar: Calendar(UTC, "24/7"),
                    hours_at: Place {
                        line: Some(
                            (
                                "threadline.toml",
                                1,
                            ),
                        ),
                        key: "calendar",
                    },
                    exceptions_at: [],
                },
            ],
            default_calendar: CalendarName(
                "always",
            ),
            tiers: [],
            ladder: Ladder {
                steps: [],
            },
            reminders: [],
            policy: Policy {
                open_when: InHours,
                answer_within: Days(
                    1,
                ),
                urgent_within: None,
                high_within: None,
                low_within: None,
                respond_within: None,
                ticket_after: None,
                ticket_when_left: None,
            },
            close_after_days: 7,
            sessions: None,
            slack: None,
            discord: None,
            identity_secrets: [],
            email: None,
            files: Files {
                folder: "threadline-files",
                keep: Here,
                bytes_max: 26214400,
                per_message_max: 10,
                bytes_per_conversation_per_day: Some(
                    524288000,
                ),
                types: [
                    "image/png",
                    "image/jpeg",
                    "image/gif",
                    "image/webp",
                    "image/svg+xml",
                    "application/pdf",
                    "text/plain",
                    "text/csv",
                    "text/html",
                    "application/json",
                    "application/xml",
                    "video/mp4",
                    "video/webm",
                    "video/quicktime",
                    "audio/mpeg",
                    "audio/mp4",
                    "application/zip",
                    "application/gzip",
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                ],
            },
            limits: Limits {
                message_chars_max: 10000,
                body_bytes_max: 131072,
                conversations_per_address_per_minute: Some(
                    10,
                ),
                messages_per_conversation_per_minute: Some(
                    60,
                ),
                requests_per_address_per_minute: Some(
                    600,
                ),
                connections_per_address_max: Some(
                    200,
                ),
                streams_per_address_max: Some(
                    50,
                ),
                streams_max: 20000,
            },
            practice: Practice {
                enabled: true,
            },
            log: Log {
                format: Text,
                level: Info,
            },
            remarks: [],
        }
    "#]]
    .assert_debug_eq(&World::default().load());
}

#[test]
fn the_example_as_it_stands_says_what_is_so_anyway() {
    let (default, example) = (World::default().load(), World::with(EXAMPLE).load());
    assert_eq!(format!("{default:#?}"), format!("{example:#?}"));
}

#[test]
fn the_example_names_every_key_and_its_default() {
    let whole = whole_example();
    let config = with_secret_files(World::with(&whole)).load();

    let world = with_secret_files(World::default());
    let read = |path: &Path| Ok(world.files[path.to_str().unwrap()].clone());
    let document = Document::parse(FILE, &whole);
    assert!(
        sections::read(&document, None, &Sources { env: &|_| None, read: &read, list: &|_| Ok(Vec::new()) }).is_some()
    );
    let known = document.known_keys();
    assert_eq!(document.into_problems(), []);
    assert_eq!(known, keys_in(&whole), "left: what the code asks for; right: what the example names");

    let default = World::default().load();
    assert_eq!((config.limits, config.log), (default.limits, default.log));
    assert_eq!((config.widget, config.database), (default.widget, default.database));
    assert_eq!(config.server.listen, default.server.listen);
    assert_eq!((config.desks[0].mode, config.desks[0].hold_secs), (default.desks[0].mode, default.desks[0].hold_secs));
    let slack = config.slack.unwrap();
    let by_default = World::with("desk.a = { platform = 'slack', channels = ['C0123ABCD'] }").tokens().load();
    assert_eq!(Some(slack), by_default.slack);
}

/// Each `key =` of the text with its table before it, found without the reader under test.
fn keys_in(toml: &str) -> BTreeSet<String> {
    let mut table = String::new();
    let mut keys = BTreeSet::new();
    for line in toml.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            table = format!("{}.", line.trim_matches(['[', ']']).replace("desk.support", "desk.NAME"));
            table = table.replace("calendar.office", "calendar.NAME");
            table = table.replace("engineer.grace", "engineer.NAME");
        } else if let Some((key, _)) = line.split_once(" = ") {
            keys.insert(format!("{table}{key}"));
        }
    }
    keys
}

#[test]
fn a_bucket_has_a_name_and_what_opens_it() {
    let wrong = |files: &str| World::with(&format!("[files]\n{files}")).load_at(None, None).unwrap_err().to_string();
    expect![[r#"
        threadline.toml:1: files.bucket: is missing: storage = "s3" needs the name of a bucket
        threadline.toml:1: files.access_key_id_file: is missing: what opens the bucket; set THREADLINE_S3_ACCESS_KEY_ID in the environment, or name a file that holds it in THREADLINE_S3_ACCESS_KEY_ID_FILE or files.access_key_id_file
        threadline.toml:1: files.secret_access_key_file: is missing: what opens the bucket; set THREADLINE_S3_SECRET_ACCESS_KEY in the environment, or name a file that holds it in THREADLINE_S3_SECRET_ACCESS_KEY_FILE or files.secret_access_key_file"#]].assert_eq(&wrong("storage = 's3'"));
    expect![[r#"
        threadline.toml:1: files.access_key_id_file: is missing: what opens the bucket; set THREADLINE_S3_ACCESS_KEY_ID in the environment, or name a file that holds it in THREADLINE_S3_ACCESS_KEY_ID_FILE or files.access_key_id_file
        threadline.toml:1: files.secret_access_key_file: is missing: what opens the bucket; set THREADLINE_S3_SECRET_ACCESS_KEY in the environment, or name a file that holds it in THREADLINE_S3_SECRET_ACCESS_KEY_FILE or files.secret_access_key_file
        threadline.toml:3: files.bucket: is no name of a bucket: 3 to 63 of a-z, 0-9, - and ., is "No"
        threadline.toml:4: files.endpoint: must be an address such as https://minio.example.com:9000, is "minio:9000""#]].assert_eq(&wrong("storage = 's3'\nbucket = 'No'\nendpoint = 'minio:9000'"));
    expect![[r#"threadline.toml:2: files.bucket: is for storage = "s3" only"#]]
        .assert_eq(&wrong("bucket = 'threadline-files'"));
    expect![[r#"threadline.toml:2: files.storage: must be "folder" or "s3", is "gcs""#]]
        .assert_eq(&wrong("storage = 'gcs'"));
    let world = with_secret_files(World::with(
        "[files]\nstorage = 's3'\nbucket = 'threadline-files'\n\
        access_key_id_file = '/run/secrets/s3_access_key_id'\nsecret_access_key_file = '/run/secrets/s3_secret_access_key'",
    ));
    let Keep::Bucket(bucket) = world.load().files.keep else { panic!("kept in the folder") };
    assert_eq!(
        (bucket.name.as_str(), bucket.endpoint, bucket.region.as_str()),
        ("threadline-files", None, "us-east-1")
    );
}

#[test]
fn a_file_that_is_named_has_to_be_there() {
    let errors = World::default().load_at(Some("chat.toml"), None).unwrap_err();
    expect!["chat.toml: cannot be read: entity not found"].assert_eq(&errors.to_string());
    let found = World::default().file("chat.toml", "[server]\nlisten = '[::1]:9000'").load_at(Some("chat.toml"), None);
    assert_eq!(found.unwrap().server.listen.port(), 9000);
}

#[test]
fn the_secret_that_the_site_signs_with_is_long_and_not_in_this_file() {
    let given = |secrets: &'static str| World::default().var("THREADLINE_IDENTITY_SECRET", secrets);
    let secrets = |world: World| world.load().identity_secrets.iter().map(|it| it.expose().len()).collect::<Vec<_>>();
    assert_eq!(secrets(given(IDENTITY)), [32]);
    assert_eq!(secrets(given("0123456789abcdef0123456789abcdef, 0123456789abcdef0123456789abcdefg,")), [32, 33]);
    let in_file = World::with("identity.secret_file = '/run/secrets/threadline_identity'");
    assert_eq!(secrets(with_secret_files(in_file)), [32]);
    given("0123456789abcdef0123456789abcdef,short").wrong(expect!["THREADLINE_IDENTITY_SECRET: each secret has at least 32 characters, such as `openssl rand -hex 32` prints; several have commas between them"]);
    wrong(
        "identity.secret = '0123456789abcdef0123456789abcdef'",
        expect![
            "threadline.toml:1: identity.secret: secrets do not go into this file; set THREADLINE_IDENTITY_SECRET in the environment, or name a file that holds it in THREADLINE_IDENTITY_SECRET_FILE or identity.secret_file"
        ],
    );
}

#[test]
fn a_whole_site_in_slack() {
    let world = World::with(
        r#"
        default_desk = "support"
        [server]
        listen = "0.0.0.0:8087"
        public_url = "https://Chat.Example.com:443"
        allowed_origins = ["https://shop.example.com", "http://localhost:3000"]
        trusted_proxies = ["10.0.0.0/8", "::1"]
        [[topic]]
        id = "billing"
        label = "Billing"
        desk = "money"
        [[topic]]
        id = "other"
        label = "Other"
        [desk.support]
        platform = "slack"
        channels = ["C0123ABCD", "C0123ABCE"]
        [desk.money]
        platform = "slack"
        channels = ["G0123ABCD"]
        mode = "claimed"
        hold_secs = 0
        [slack]
        events = "http"
        [limits]
        requests_per_address_per_minute = 0
        "#,
    );
    let config = world
        .var("SLACK_BOT_TOKEN_FILE", "/run/bot")
        .file("/run/bot", "xoxb-1-2-3\n")
        .var("SLACK_SIGNING_SECRET", "0123456789abcdef, fedcba9876543210")
        .var("THREADLINE_DATABASE_URL", "postgres://threadline:pw@db:5432/chat?sslmode=require")
        .load();
    assert_eq!(config.database.url.expose(), "postgres://threadline:pw@db:5432/chat?sslmode=require");
    assert!(!format!("{config:?}").contains("pw@"), "a password shows itself");
    expect![[r#"
        (
            Server {
                listen: 0.0.0.0:8087,
                public_url: Some(
                    "https://chat.example.com",
                ),
                allowed_origins: [
                    "https://shop.example.com",
                    "http://localhost:3000",
                ],
                trusted_proxies: [
                    10.0.0.0/8,
                    ::1/128,
                ],
            },
            Database {
                url: Secret(…),
                place: Server(
                    "db:5432/chat",
                ),
            },
            [
                Topic {
                    id: "billing",
                    label: "Billing",
                    desk: DeskName(
                        "money",
                    ),
                    fields: [],
                    calendar: CalendarName(
                        "always",
                    ),
                    policy: Policy {
                        open_when: InHours,
                        answer_within: Days(
                            1,
                        ),
                        urgent_within: None,
                        high_within: None,
                        low_within: None,
                        respond_within: None,
                        ticket_after: None,
                        ticket_when_left: None,
                    },
                },
                Topic {
                    id: "other",
                    label: "Other",
                    desk: DeskName(
                        "support",
                    ),
                    fields: [],
                    calendar: CalendarName(
                        "always",
                    ),
                    policy: Policy {
                        open_when: InHours,
                        answer_within: Days(
                            1,
                        ),
                        urgent_within: None,
                        high_within: None,
                        low_within: None,
                        respond_within: None,
                        ticket_after: None,
                        ticket_when_left: None,
                    },
                },
            ],
            [
                Desk {
                    name: DeskName(
                        "support",
                    ),
                    platform: Slack,
                    channels: [
                        "C0123ABCD",
                        "C0123ABCE",
                    ],
                    mode: Open,
                    hold_secs: 3,
                    presence: Platform,
                    chats_per_agent: None,
                    missed_means_away: false,
                },
                Desk {
                    name: DeskName(
                        "money",
                    ),
                    platform: Slack,
                    channels: [
                        "G0123ABCD",
                    ],
                    mode: Claimed,
                    hold_secs: 0,
                    presence: Platform,
                    chats_per_agent: None,
                    missed_means_away: false,
                },
            ],
            Some(
                Slack {
                    api_url: "https://slack.com/api",
                    bot_token: Secret(…),
                    events: Http {
                        signing_secrets: [
                            Secret(…),
                            Secret(…),
                        ],
                    },
                    posts_per_minute_per_channel: Some(
                        60,
                    ),
                },
            ),
            None,
            Practice {
                enabled: false,
            },
            [],
        )
    "#]]
    .assert_debug_eq(&(
        &config.server,
        &config.database,
        &config.topics,
        &config.desks,
        &config.slack,
        config.limits.requests_per_address_per_minute,
        config.practice,
        &config.remarks,
    ));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    wrong(
        r##"default_desk = "suport"
[server]
listen = "localhost:8087"
public_url = "chat.example.com"
allowed_origins = ["https://shop.example.com/", "*", "https://a.example/path"]
trusted_proxies = ["10.0.0.0/33"]
port = 8087
[widget]
title = ""
ask_name = "maybe"
ask_email = true
[desk.support]
platform = "slack"
channels = ["#support", "D0123ABCD", "U0123ABCD", "C0123ABCD"]
hold_secs = 900
[desk.sales]
platform = "slak"
mode = 1
[desk.Sales]
[[topic]]
id = "Billing!"
label = "Billing"
[[topic]]
id = "other"
desk = "sales2"
[limits]
message_chars_max = 40001
streams_max = -1
body_bytes_max = "64k"
[log]
level = "loud"
"##,
        expect![[r##"
            threadline.toml:1: default_desk: there is no desk "suport"; it can be "support", "sales" or "Sales"
            threadline.toml:3: server.listen: must be an address and a port, such as "127.0.0.1:8087", is "localhost:8087"
            threadline.toml:4: server.public_url: must begin with https:// or http://, such as "https://shop.example.com", is "chat.example.com"
            threadline.toml:5: server.allowed_origins: must end after the host and the port, as in "https://shop.example.com", is "https://shop.example.com/"
            threadline.toml:5: server.allowed_origins: must name each website, such as "https://shop.example.com", is "*"
            threadline.toml:5: server.allowed_origins: must end after the host and the port, as in "https://a.example", is "https://a.example/path"
            threadline.toml:6: server.trusted_proxies: must be an address or a network, such as "10.0.0.0/8", is "10.0.0.0/33"
            threadline.toml:7: server.port: there is no such key in [server]; it belongs in [email.imap]
            threadline.toml:9: widget.title: must be from 1 to 80 characters long, is 0
            threadline.toml:10: widget.ask_name: must be "off", "optional" or "required", is "maybe"
            threadline.toml:11: widget.ask_email: must be text in quotes, is true or false
            threadline.toml:13: desk.support.platform: a desk in Slack needs the bot's token; set SLACK_BOT_TOKEN in the environment, or name a file that holds it in SLACK_BOT_TOKEN_FILE or slack.bot_token_file
            threadline.toml:13: desk.support.platform: a desk in Slack needs an app-level token for its sockets; set SLACK_APP_TOKEN in the environment, or name a file that holds it in SLACK_APP_TOKEN_FILE or slack.app_token_file
            threadline.toml:14: desk.support.channels: must be the channel's id, such as "C0123ABCD", is "#support"; in Slack, click the channel's name: the id stands at the bottom of About
            threadline.toml:14: desk.support.channels: "D0123ABCD" is a conversation with one person; name a channel
            threadline.toml:14: desk.support.channels: "U0123ABCD" is a person; name a channel
            threadline.toml:15: desk.support.hold_secs: must be from 0 to 60, is 900
            threadline.toml:17: desk.sales.platform: must be "slack", "discord" or "practice", is "slak"
            threadline.toml:18: desk.sales.mode: must be text in quotes, is a number
            threadline.toml:19: desk.Sales: a name is 1 to 40 of the letters a-z, digits, - and _, not "Sales"
            threadline.toml:19: desk.Sales.platform: is missing; write "slack", "discord" or "practice"
            threadline.toml:21: topic.id: a name is 1 to 40 of the letters a-z, digits, - and _, not "Billing!"
            threadline.toml:23: topic.label: is missing; every topic has one, such as "Billing Questions"
            threadline.toml:27: limits.message_chars_max: must be from 1 to 40000, is 40001
            threadline.toml:28: limits.streams_max: must be from 1 to 1000000, is -1
            threadline.toml:29: limits.body_bytes_max: must be a whole number, is text
            threadline.toml:31: log.level: must be "error", "warn", "info", "debug" or "trace", is "loud""##]],
    );
}

#[test]
fn who_is_there_is_known_in_one_way() {
    let config = World::with(
        r#"
        open_when = "both"
        [desk.support]
        platform = "practice"
        chats_per_agent = 2
        missed_means_away = true
        [[topic]]
        id = "billing"
        label = "Billing"
        open_when = "presence"
        [[topic]]
        id = "other"
        label = "Other"
        "#,
    )
    .load();
    let open_when: Vec<OpenWhen> = config.topics.iter().map(|topic| topic.policy.open_when).collect();
    assert_eq!(open_when, [OpenWhen::Attended, OpenWhen::InHoursAndAttended]);
    let desk = &config.desks[0];
    let is = (desk.presence, desk.chats_per_agent, desk.missed_means_away);
    assert_eq!(is, (Presence::Signed, Some(2), true));
    wrong(
        r#"open_when = "sometimes"
[desk.support]
platform = "practice"
presence = "platform"
chats_per_agent = 0
[[topic]]
id = "billing"
label = "Billing"
open_when = "presence"
[verbs]
back = false
"#,
        expect![[r#"
            threadline.toml:1: open_when: must be "hours", "presence" or "both", is "sometimes"
            threadline.toml:4: desk.support.presence: the practice desk does not know who is there; write "verbs"
            threadline.toml:5: desk.support.chats_per_agent: must be from 1 to 100, is 0
            threadline.toml:11: verbs.back: cannot be switched off: at the desk "support" it is how people say that they are there"#]],
    );
}

#[test]
fn a_ladder_names_its_tiers() {
    wrong(
        r##"[desk.support]
platform = "slack"
channels = ["C0123ABCD"]
[[tier]]
name = "leads"
call = ["holder", "@grace", "U0123ABCD", "S0123ABCD", "C0123ABCD"]
[[tier]]
name = "Leads"
[[tier]]
call = []
[[step]]
tier = "leads"
[[step]]
after = "soon"
tier = "leads"
[[step]]
after = "5 minutes"
left = 10
tier = "leads"
[[step]]
left = 100
tier = "executives"
[[step]]
left = 0
tier = "executives"
[[step]]
left = 0
"##,
        expect![[r#"
            threadline.toml:2: desk.support.platform: a desk in Slack needs the bot's token; set SLACK_BOT_TOKEN in the environment, or name a file that holds it in SLACK_BOT_TOKEN_FILE or slack.bot_token_file
            threadline.toml:2: desk.support.platform: a desk in Slack needs an app-level token for its sockets; set SLACK_APP_TOKEN in the environment, or name a file that holds it in SLACK_APP_TOKEN_FILE or slack.app_token_file
            threadline.toml:6: tier.call: must be "holder", or the id of a person, such as "U0123ABCD", or of a user group, such as "S0123ABCD", is "@grace"; in Slack, a profile's menu has "Copy member ID", a group's "Copy group ID"
            threadline.toml:6: tier.call: must be "holder", or the id of a person, such as "U0123ABCD", or of a user group, such as "S0123ABCD", is "C0123ABCD"; in Slack, a profile's menu has "Copy member ID", a group's "Copy group ID"
            threadline.toml:8: tier.name: another tier has the name "Leads" already
            threadline.toml:9: tier.name: is missing; it is what the team reads, such as "leads"
            threadline.toml:11: step.after: is missing; say after how long, such as "30 minutes", or how much is left, such as left = 50
            threadline.toml:14: step.after: must be a time such as "30 minutes", "4 hours" (up to 1000) or "1 business day" (up to 60), counted while business is open, is "soon"
            threadline.toml:16: step.left: does not go with after: a step is taken at one of them
            threadline.toml:21: step.left: must be from 0 to 99, is 100
            threadline.toml:25: step.tier: there is no tier "executives"; there are: leads, Leads
            threadline.toml:26: step.tier: is missing; name the tier that is told"#]],
    );
}

#[test]
fn a_reminder_says_when_and_where() {
    wrong(
        r##"[[reminder]]
name = "morning"
cron = "0 9 * * 1-5"
zone = "Europe/Madrid"
[[reminder]]
name = "morning"
cron = "0 25 * * *"
zone = "Europe/Madrid"
about = "late"
[[reminder]]
name = "morning"
cron = "@daily"
zone = "Madrid"
about = "everything"
[[reminder]]
name = "Morning!"
cron = "@daily"
zone = "UTC"
[[reminder]]
"##,
        expect![[r#"
            threadline.toml:7: reminder.cron: hour: 25 is not between 0 and 23
            threadline.toml:13: reminder.zone: must be a time zone such as "Europe/Madrid", is "Madrid"
            threadline.toml:14: reminder.about: must be "unanswered" or "late", is "everything"
            threadline.toml:16: reminder.name: a name is 1 to 40 of the letters a-z, digits, - and _, not "Morning!"
            threadline.toml:19: reminder.name: is missing; every reminder has one, such as "morning"
            threadline.toml:19: reminder.cron: is missing; every reminder has one, such as "0 9 * * 1-5"
            threadline.toml:19: reminder.zone: is missing; every reminder has one, such as "Europe/Madrid""#]],
    );
}

#[test]
fn an_unknown_key_is_told_where_it_belongs() {
    wrong(
        "
[server]
listem = '127.0.0.1:1'
hold_secs = 3
colour = 'red'
[log]
default_desk = 'support'
[topics]
id = 'a'
[desk.support]
platform = 'practice'
hold_seconds = 3
",
        expect![[r#"
            threadline.toml:3: server.listem: there is no such key; did you mean "listen"?
            threadline.toml:4: server.hold_secs: there is no such key in [server]; it belongs in [desk.NAME]
            threadline.toml:5: server.colour: there is no such key; the keys in [server] are allowed_origins, listen, public_url, trusted_proxies
            threadline.toml:7: log.default_desk: there is no such key in [log]; it belongs at the top, before the first [table]
            threadline.toml:8: topics: there is no such key; did you mean "topic"?
            threadline.toml:12: desk.support.hold_seconds: there is no such key; did you mean "hold_secs"?"#]],
    );
}

#[test]
fn what_is_not_toml_is_said_with_its_line() {
    wrong(
        "[server]\nlisten = 127.0.0.1:8087\n[widget]\ntitle = 'a\n[server]\n",
        expect![[r#"
        threadline.toml:2: this is not TOML: invalid float, expected nothing; text has to stand in quotes
        threadline.toml:4: this is not TOML: invalid literal string, expected `'`; text has to stand in quotes
        threadline.toml:5: this is not TOML: duplicate key"#]],
    );
    wrong(
        "topic = 'billing'\ndesk = 3\nlog = []\n[[server]]",
        expect![[r#"
        threadline.toml:1: topic: must be a list of tables, each beginning with [[topic]], is text
        threadline.toml:2: desk: must be a table, beginning with [desk.NAME], is a number
        threadline.toml:3: log: must be a table, beginning with [log], is a list
        threadline.toml:4: server: must be a table, beginning with [server], is a list"#]],
    );
}

#[test]
fn secrets_in_the_file_are_refused_and_not_repeated() {
    let toml = "
[database]
url = 'postgres://ada:hunter2@db/chat'
password = 'hunter2'
[slack]
bot_token = 'xoxb-hunter2'
app_token_file = 'xapp-hunter2'
signing_secret_file = '0123456789abcdef0123456789abcdef'
xoxb-hunter2 = 1
[widget]
title = 'xoxb-hunter2'
[desk.xoxb-hunter2]
platform = 'xoxb-hunter2'
channels = ['xoxb-hunter2']
";
    wrong(
        toml,
        expect![[r#"
        threadline.toml:3: database.url: this looks like a secret, and secrets do not go into this file: set it in the environment, or put it into a file of its own and give that file's name
        threadline.toml:4: database.password: a password does not go into this file: set the whole address in THREADLINE_DATABASE_URL, or put it into a file that THREADLINE_DATABASE_URL_FILE names
        threadline.toml:6: slack.bot_token: secrets do not go into this file; set SLACK_BOT_TOKEN in the environment, or name a file that holds it in SLACK_BOT_TOKEN_FILE or slack.bot_token_file
        threadline.toml:7: slack.app_token_file: this looks like a secret, and secrets do not go into this file: set it in the environment, or put it into a file of its own and give that file's name
        threadline.toml:8: slack.signing_secret_file: this looks like a secret, and secrets do not go into this file: set it in the environment, or put it into a file of its own and give that file's name
        threadline.toml:9: slack.(a secret): there is no such key; the keys in [slack] are api_url, app_token_file, bot_token_file, events, posts_per_minute_per_channel, signing_secret_file, sockets
        threadline.toml:11: widget.title: this looks like a secret, and secrets do not go into this file: set it in the environment, or put it into a file of its own and give that file's name
        threadline.toml:12: desk.(a secret): a name is 1 to 40 of the letters a-z, digits, - and _, not "(a secret)"
        threadline.toml:13: desk.(a secret).platform: this looks like a secret, and secrets do not go into this file: set it in the environment, or put it into a file of its own and give that file's name
        threadline.toml:14: desk.(a secret).channels: this looks like a secret, and secrets do not go into this file: set it in the environment, or put it into a file of its own and give that file's name"#]],
    );
    let said = World::with(toml).load_at(None, None).unwrap_err().to_string();
    assert!(!said.contains("hunter2") && !said.contains("0123456789abcdef"), "{said}");
}

const IN_SLACK: &str = "server.allowed_origins = ['https://shop.example.com']\n[desk.support]\nplatform = 'slack'\n\
                        channels = ['C0123ABCD']\n";

#[test]
fn a_desk_in_slack_needs_tokens() {
    wrong(
        IN_SLACK,
        expect![[r#"
        threadline.toml:3: desk.support.platform: a desk in Slack needs the bot's token; set SLACK_BOT_TOKEN in the environment, or name a file that holds it in SLACK_BOT_TOKEN_FILE or slack.bot_token_file
        threadline.toml:3: desk.support.platform: a desk in Slack needs an app-level token for its sockets; set SLACK_APP_TOKEN in the environment, or name a file that holds it in SLACK_APP_TOKEN_FILE or slack.app_token_file"#]],
    );
    wrong(
        &format!("{IN_SLACK}[slack]\nevents = 'http'\n"),
        expect![[r#"
        threadline.toml:3: desk.support.platform: a desk in Slack needs the bot's token; set SLACK_BOT_TOKEN in the environment, or name a file that holds it in SLACK_BOT_TOKEN_FILE or slack.bot_token_file
        threadline.toml:3: desk.support.platform: a desk in Slack needs the signing secret to know its requests by; set SLACK_SIGNING_SECRET in the environment, or name a file that holds it in SLACK_SIGNING_SECRET_FILE or slack.signing_secret_file"#]],
    );
    assert_eq!(World::with(IN_SLACK).tokens().load().remarks, []);
}

#[test]
fn tokens_are_known_by_their_form() {
    World::with(IN_SLACK).var("SLACK_BOT_TOKEN", "xapp-1").var("SLACK_APP_TOKEN", "xoxb-1").wrong(expect![[r#"
        SLACK_BOT_TOKEN: must be the bot's token, beginning with xoxb-; this is an app-level token
        SLACK_APP_TOKEN: must be an app-level token, beginning with xapp-; this is a bot's token"#]]);
    World::with(IN_SLACK).var("SLACK_BOT_TOKEN", "xoxb-1 2").var("SLACK_APP_TOKEN", "hunter2").wrong(expect![[r#"
        SLACK_BOT_TOKEN: must be the bot's token, beginning with xoxb-; this is cut short, or has blanks or quotes in it
        SLACK_APP_TOKEN: must be an app-level token, beginning with xapp-; this is something else"#]]);
    World::with(IN_SLACK).var("SLACK_BOT_TOKEN", "xoxp-1").var("SLACK_APP_TOKEN", "xoxe.xoxb-1").wrong(expect![[r#"
        SLACK_BOT_TOKEN: must be the bot's token, beginning with xoxb-; this is a person's token
        SLACK_APP_TOKEN: must be an app-level token, beginning with xapp-; this is a token that expires; switch token rotation off by making a new app"#]]);
    World::with(&format!("{IN_SLACK}[slack]\nevents = 'http'\n"))
        .var("SLACK_BOT_TOKEN", BOT)
        .var("SLACK_SIGNING_SECRET", "ab-cd")
        .wrong(expect!["SLACK_SIGNING_SECRET: must be the app's signing secret, letters and digits only (in Slack: the app's Basic Information), or several with commas between them"]);
}

#[test]
fn secrets_come_from_one_place() {
    World::with(IN_SLACK)
        .tokens()
        .var("SLACK_BOT_TOKEN_FILE", "/run/bot")
        .var("THREADLINE_DATABASE_URL_FILE", "/run/db")
        .wrong(expect![[r#"
            THREADLINE_DATABASE_URL_FILE: the file /run/db cannot be read: entity not found
            SLACK_BOT_TOKEN_FILE: SLACK_BOT_TOKEN is set too; keep one of them"#]]);
    World::with(&format!("{IN_SLACK}[slack]\nbot_token_file = '/run/bot'"))
        .file("/run/bot", " \n")
        .var("SLACK_APP_TOKEN", APP)
        .wrong(expect!["threadline.toml:6: slack.bot_token_file: the file /run/bot is empty"]);
    let environment_first = World::with(&format!("{IN_SLACK}[slack]\nbot_token_file = '/run/bot'")).tokens().load();
    assert_eq!(environment_first.slack.unwrap().bot_token.expose(), BOT);
}

#[test]
fn the_practice_desk_stays_on_this_machine() {
    wrong(
        "[server]\nlisten = '0.0.0.0:8087'",
        expect![[
            r#"threadline.toml:2: server.listen: the practice desk lets everybody who can reach it answer as the team, so it is served to this machine only, and 0.0.0.0:8087 is open to others; listen on 127.0.0.1:8087, or use Slack: a desk with platform = "slack", and practice.enabled = false"#
        ]],
    );
    let errors = World::default().load_at(None, Some("[::]:80")).unwrap_err();
    expect![[r#"--listen: the practice desk lets everybody who can reach it answer as the team, so it is served to this machine only, and [::]:80 is open to others; listen on 127.0.0.1:8087, or use Slack: a desk with platform = "slack", and practice.enabled = false"#]].assert_eq(&errors.to_string());
    wrong(
        "[practice]\nenabled = false",
        expect![[
            r#"threadline.toml:2: practice.enabled: cannot be false while the desk "support" is a practice desk: nobody could answer there; give it platform = "slack" and its channels"#
        ]],
    );
    for loopback in ["127.0.0.1:0", "127.1.2.3:8087", "[::1]:8087"] {
        assert!(World::default().load_at(None, Some(loopback)).unwrap().practice.enabled, "{loopback}");
    }
    let shop_page_for_slack = World::with(&format!("{IN_SLACK}[practice]\nenabled = true")).tokens().load();
    assert!(shop_page_for_slack.practice.enabled);
}

#[test]
fn one_mistake_is_told_once() {
    // A desk whose platform cannot be read is not taken for a practice desk.
    wrong(
        "server.listen = '0.0.0.0:1'\npractice.enabled = false\ndesk.a.platform = 'slac'",
        expect![[r#"threadline.toml:3: desk.a.platform: must be "slack", "discord" or "practice", is "slac""#]],
    );
}

#[test]
fn desks_and_topics_fit_together() {
    let two = "[desk.a]\nplatform = 'practice'\n[desk.b]\nplatform = 'practice'\nchannels = ['C0123ABCD']\n";
    wrong(
        two,
        expect![[r#"
        threadline.toml:1: default_desk: is missing; with several desks, say which one takes the rest: "a" or "b"
        threadline.toml:3: desk.b.channels: the practice desk has no channels; remove this line"#]],
    );
    let shared = "default_desk = 'a'\n[desk.a]\nplatform = 'slack'\nchannels = ['C0123ABCD', 'C0123ABCD']\n\
                  [desk.b]\nplatform = 'slack'\nchannels = ['C0123ABCD']\n[desk.c]\nplatform = 'slack'\n";
    World::with(shared).tokens().wrong(expect![[r#"
        threadline.toml:4: desk.a.channels: the channel C0123ABCD is given already, in desk.a.channels
        threadline.toml:7: desk.b.channels: the channel C0123ABCD is given already, in desk.a.channels
        threadline.toml:8: desk.c.channels: a desk in Slack needs the id of at least one channel, such as ["C0123ABCD"]"#]]);
    wrong(
        "[[topic]]\nid = 'a'\nlabel = 'A'\n[[topic]]\nid = 'a'\nlabel = 'B'\ndesk = 'x'\n",
        expect![[r#"
        threadline.toml:5: topic.id: another topic has the id "a" already
        threadline.toml:7: topic.desk: there is no desk "x"; it can be "support""#]],
    );
    wrong(
        "answer_within = '1 day'\n[[topic]]\nid = 'a'\nlabel = 'A'\nanswer_within = 'soon'\n[widget]\nwhen_closed = 'gone'\n",
        expect![[r#"
            threadline.toml:1: answer_within: must be a time such as "30 minutes", "4 hours" (up to 1000) or "1 business day" (up to 60), counted while business is open, is "1 day"
            threadline.toml:5: topic.answer_within: must be a time such as "30 minutes", "4 hours" (up to 1000) or "1 business day" (up to 60), counted while business is open, is "soon"
            threadline.toml:7: widget.when_closed: must be "show" or "hide", is "gone""#]],
    );
    wrong("topic = []", expect!["threadline.toml:1: topic: there can be 1 to 50 topics, not 0"]);
}

#[test]
fn databases() {
    for (url, expected) in [
        (
            "sqlite::memory:",
            expect![[
                r#"threadline.toml:1: database.url: a database in memory forgets every conversation at the end; name a file: "sqlite:threadline.db""#
            ]],
        ),
        (
            "sqlite:",
            expect![[
                r#"threadline.toml:1: database.url: must be "sqlite:" and the name of a file, without options: "sqlite:threadline.db""#
            ]],
        ),
        (
            "mysql://db/chat",
            expect![[
                r#"threadline.toml:1: database.url: must begin with sqlite: or postgres://, such as "sqlite:threadline.db" or "postgres://user@host/database""#
            ]],
        ),
        (
            "postgres://",
            expect![[r#"threadline.toml:1: database.url: must be an address such as "postgres://user@host/database""#]],
        ),
    ] {
        wrong(&format!("database.url = '{url}'"), expected);
    }
    let shown = |url| World::default().var("THREADLINE_DATABASE_URL", url).load().database.place;
    assert_eq!(shown("sqlite:///var/chat.db"), DatabasePlace::File("/var/chat.db".into()));
    assert_eq!(shown("postgresql://ada:p@ss@db/chat?x=y"), DatabasePlace::Server("db/chat".to_owned()));
}

#[test]
fn a_long_message_has_to_fit_in_a_request() {
    wrong(
        "[limits]\nmessage_chars_max = 40000",
        expect![
            "threadline.toml:1: limits.message_chars_max: needs body_bytes_max = 225536 or more, so that a message of 40000 characters fits in a request"
        ],
    );
    wrong(
        "[limits]\nbody_bytes_max = 70000",
        expect![
            "threadline.toml:1: limits.body_bytes_max: must be at least 105536, so that a message of 10000 characters fits in a request"
        ],
    );
}

#[test]
fn each_stream_is_a_connection() {
    wrong(
        "[limits]\nstreams_per_address_max = 300",
        expect![
            "threadline.toml:1: limits.streams_per_address_max: each stream is a connection: connections_per_address_max = 200 is less than streams_per_address_max = 300"
        ],
    );
}

#[test]
fn what_deserves_a_look() {
    let remarks = |world: World| world.load().remarks.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n");
    let slack = "[desk.a]\nplatform = 'slack'\nchannels = ['C0123ABCD']\n[slack]\napi_url = 'http://fake:1/'";
    expect![[r#"
        threadline.toml:5: slack.api_url: tokens travel unencrypted to this address; right only for a test
        threadline.toml:1: server.allowed_origins: no website may open the chat yet; list those that may, such as ["https://shop.example.com"]"#]].assert_eq(&remarks(World::with(slack).tokens()));
    expect![[r#"SLACK_BOT_TOKEN: there is a token, but no desk is in Slack; add [desk.support] with platform = "slack" and its channels"#]].assert_eq(&remarks(World::default().tokens()));
}

#[test]
fn topics_ask_for_their_own() {
    let config = World::with(
        r#"
        [[topic]]
        id = "technical"
        label = "Technical Issues"
        [[topic.field]]
        id = "campaign_id"
        label = "Campaign ID"
        help = "For example cp100."
        pattern = '^cp\d+$'
        error = "It begins with cp."
        required = true
        [[topic.field]]
        id = "steps"
        label = "Steps"
        kind = "text"
        [[topic]]
        id = "other"
        label = "Other"
        [[topic.field]]
        id = "affected"
        label = "Who is affected?"
        kind = "choice"
        choices = ["Only me", "My whole team"]
        [[context]]
        key = "plan"
        label = "Plan"
        [[context]]
        key = "campaign_id"
        label = "Campaign"
        link = "https://app.example.com/{account_id}/campaigns/{campaign_id}"
        pattern = 'cp\d+'
        "#,
    )
    .load();
    let fields = |topic: usize| {
        let shown = |field: &Field| {
            let pattern = field.pattern.as_ref().map_or("", |pattern| pattern.as_str());
            format!("{} {:?} {} {pattern} {}", field.id, field.kind, field.required, field.error())
        };
        config.topics[topic].fields.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(
        fields(0),
        [
            r"campaign_id Line true ^cp\d+$ It begins with cp.",
            "steps Text false  This does not look right. Please check it."
        ]
    );
    assert_eq!(
        fields(1),
        [r#"affected Choice(["Only me", "My whole team"]) false  This does not look right. Please check it."#]
    );
    let facts: Vec<(&str, bool)> = config.facts.iter().map(|fact| (fact.key.as_str(), fact.link.is_some())).collect();
    assert_eq!(facts, [("plan", false), ("campaign_id", true)]);
}

#[test]
fn names_are_given_once() {
    let context = "[[context]]\nkey = 'plan'\nlabel = 'Plan'\n";
    let field = "[[topic.field]]\nid = 'plan'\nlabel = 'Plan'\n";
    wrong(
        &format!("{context}{context}[[topic]]\nid = 'a'\nlabel = 'A'\n{field}{field}"),
        expect![[r#"
            threadline.toml:5: context.key: another [[context]] has the name "plan" already
            threadline.toml:14: topic.field.id: another field of this topic has the name "plan" already"#]],
    );
}

#[test]
fn what_is_asked_and_shown_is_checked() {
    wrong(
        r#"
[[topic]]
id = "a"
label = "A"
[[topic.field]]
id = "Campaign"
[[topic.field]]
id = "x"
label = "X"
pattern = "cp("
kind = "choice"
[[topic.field]]
id = "x"
label = "X again"
error = "No."
choices = ["a"]
[[topic.field]]
id = "y"
label = "Y"
kind = "choice"
choices = ["a\nb"]
required = "yes"
[[context]]
key = "campaign-id"
link = "https://app.example.com/{campaign_id}"
[[context]]
key = "plan"
label = "Plan"
link = "https://app.example.com/{campaign_id}"
[[context]]
key = "plan"
label = "Plan"
link = "javascript:{plan}"
pattern = '(\w{99}){99}'
"#,
        expect![[r#"
            threadline.toml:5: topic.field.label: is missing; it is what people read, such as "Campaign ID"
            threadline.toml:6: topic.field.id: a key is 1 to 40 of the letters a-z, digits and _, and begins with a letter, not "Campaign"
            threadline.toml:7: topic.field.choices: is missing; a field of kind "choice" has some, such as ["Yes", "No"]
            threadline.toml:10: topic.field.pattern: the pattern is no regular expression: unclosed group
            threadline.toml:12: topic.field.choices: belongs to a field of kind = "choice"
            threadline.toml:12: topic.field.error: is said of an answer that does not fit the pattern; add a pattern
            threadline.toml:21: topic.field.choices: a choice is one line of 1 to 80 characters, not "a\nb"
            threadline.toml:22: topic.field.required: must be true or false, is text
            threadline.toml:23: context.label: is missing; it is what people read, such as "Campaign"
            threadline.toml:24: context.key: a key is 1 to 40 of the letters a-z, digits and _, and begins with a letter, not "campaign-id"
            threadline.toml:29: context.link: the link has no place for this key's own value, such as {campaign_id}
            threadline.toml:33: context.link: the link must begin with https:// and a host, and have its places after the host's /
            threadline.toml:34: context.pattern: the pattern is too large; shorten its repetitions"#]],
    );
}

#[test]
fn a_desk_on_discord_needs_channels_and_a_token() {
    let desk = "[desk.support]\nplatform = \"discord\"\nchannels = [\"123456789012345678\"]\n";
    let whole = format!("{desk}[discord]\nthreads = \"public\"\nteam_role = \"123456789012345670\"\n");
    let config = World::with(&whole).var("DISCORD_BOT_TOKEN", DISCORD_BOT).load();
    let discord = config.discord.unwrap();
    assert_eq!((discord.threads, discord.team_role.as_deref()), (Threads::Public, Some("123456789012345670")));
    assert_eq!(config.desks[0].presence, Presence::Signed);
    World::with(desk).wrong(expect!["threadline.toml:2: desk.support.platform: a desk on Discord needs the bot's token; set DISCORD_BOT_TOKEN in the environment, or name a file that holds it in DISCORD_BOT_TOKEN_FILE or discord.bot_token_file"]);
    let odd = "[desk.support]\nplatform = \"discord\"\nchannels = [\"C0123ABCD\"]\npresence = \"platform\"\n\
               [discord]\nteam_role = \"@team\"\nbot_token = \"x\"\n[[tier]]\nname = \"leads\"\ncall = [\"U0123ABCD\"]\n\
               [[step]]\nafter = \"30 minutes\"\ntier = \"leads\"\n";
    World::with(odd).var("DISCORD_BOT_TOKEN", "123456789012345678").wrong(expect![[r#"
        threadline.toml:3: desk.support.channels: must be the id of a text channel or a forum, such as "1234567890123456789", is "C0123ABCD"; in Discord, switch Developer Mode on (User Settings → Advanced), then the channel's menu has "Copy Channel ID"
        threadline.toml:4: desk.support.presence: Discord tells bots who is there only with a permission that it grants few; write "verbs"
        threadline.toml:6: discord.team_role: must be the id of a role, such as "1234567890123456789", is "@team"; in Discord, with Developer Mode on, the role's menu in the server's settings has "Copy Role ID"
        threadline.toml:7: discord.bot_token: secrets do not go into this file; set DISCORD_BOT_TOKEN in the environment, or name a file that holds it in DISCORD_BOT_TOKEN_FILE or discord.bot_token_file
        threadline.toml:10: tier.call: must be "holder", or the id of a person, such as "1234567890123456789", or of a role with a & before it, is "U0123ABCD"; in Discord, with Developer Mode on, their menus have "Copy ID"
        DISCORD_BOT_TOKEN: must be the bot's token, three parts with dots between them (in the developer portal: Bot → Reset Token); this is an id"#]]);
    let called = format!("{desk}[[tier]]\nname = \"leads\"\ncall = [\"holder\", \"&123456789012345670\"]\n");
    World::with(&called).var("DISCORD_BOT_TOKEN", DISCORD_BOT).load();
    let forgotten = World::with("").var("DISCORD_BOT_TOKEN", DISCORD_BOT).load();
    assert_eq!(forgotten.remarks.len(), 1, "{:?}", forgotten.remarks);
}
