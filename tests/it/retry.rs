//! What was given up and is tried again: said with its reason, tried again once however often one asks,
//! said again when the reason is still there, and nowhere twice.

use crate::house::files::{pdf, practice_upload};
use crate::house::{CHANNEL, Customer, DeskKind, House, Setup, Site, slack_thread, until};
use expect_test::expect;
use serde_json::json;
use std::path::PathBuf;
use threadline_fake_slack::Fault;

desk_plays! {
    an_agents_file_that_could_not_be_fetched_is_tried_again,
    with_nothing_to_try_again_one_is_told,
}

plays! {
    a_message_that_slack_refuses_is_tried_again,
    of_a_long_message_only_the_rest_is_posted,
    a_file_that_slack_refuses_is_tried_again,
    what_was_refused_in_a_deleted_thread_is_said_whole_in_the_new_one,
    a_team_without_the_verb_has_no_button,
}

fn slack() -> Setup {
    Setup::at(DeskKind::Slack)
}

const LOCKED: &str = "restricted_action_thread_locked";

async fn ada_waits(site: &Site) -> Customer {
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    ada
}

async fn a_message_that_slack_refuses_is_tried_again(house: House) {
    let site = house.open(slack()).await;
    let (ada, grace) = (ada_waits(&site).await, site.agent("Grace"));
    for _ in 0..2 {
        site.slack().faults().next("chat.postMessage", Fault::Error(LOCKED.into()));
    }
    ada.writes("Anybody there?").await;
    // The second one refuses the words that say so.
    site.settle().await;
    assert!(ada.sees().contains("Anybody there? (failed"), "{}", ada.sees());
    grace.writes(&ada, "!retry").await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !retry
          Ada (customer): Anybody there?
          Threadline: Grace tries again what could not be delivered.
    "#]]
    .assert_eq(&site.thread(&ada).await);
    site.slack().faults().next("chat.postMessage", Fault::Error(LOCKED.into()));
    ada.writes("Hello?").await;
    site.settle().await;
    site.slack().faults().next("chat.postMessage", Fault::Error(LOCKED.into()));
    assert!(grace.presses_retry(&ada).await);
    site.settle().await;
    // Two presses at once, and one more when it is there.
    tokio::join!(grace.presses_retry(&ada), grace.presses_retry(&ada));
    site.settle().await;
    grace.presses_retry(&ada).await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !retry
          Ada (customer): Anybody there?
          Threadline: Grace tries again what could not be delivered.
          Threadline: ⚠️ Message 6 of the customer could not be posted here (this thread is locked). The customer was told that it did not arrive.
            [Try again]
          Threadline: Grace tries again what could not be delivered.
          Threadline: ⚠️ Message 6 of the customer could not be posted here (this thread is locked). The customer was told that it did not arrive.
            [Try again]
          Ada (customer): Hello?
          Threadline: Grace tries again what could not be delivered.
          (to Grace alone: There is nothing to try again: it is on its way, or it has arrived.)
          (to Grace alone: There is nothing to try again: it is on its way, or it has arrived.)
    "#]].assert_eq(&site.thread(&ada).await);
    expect![[r#"
        me: My export hangs (sent)
        me: Anybody there? (sent)
        me: Hello? (sent)
    "#]]
    .assert_eq(&ada.sees());
}

async fn of_a_long_message_only_the_rest_is_posted(house: House) {
    let site = house.open(slack()).await;
    let (ada, grace) = (ada_waits(&site).await, site.agent("Grace"));
    let line = |number: usize| format!("line {number} {}", "x".repeat(2_900));
    let long: Vec<String> = (1..=3).map(line).collect();
    let posts = site.slack().calls_of("chat.postMessage").len();
    site.slack().faults().next("chat.postMessage", Fault::Stall(std::time::Duration::from_millis(1)));
    site.slack().faults().next("chat.postMessage", Fault::Error("msg_blocks_too_long".into()));
    ada.writes(&long.join("\n")).await;
    site.settle().await;
    assert!(site.slack().calls_of("chat.postMessage").len() > posts + 2, "it takes more than one post");
    assert!(grace.presses_retry(&ada).await);
    site.settle().await;
    let lines = site.desk().customers_lines(&ada).await;
    for line in &long {
        assert_eq!(lines.iter().filter(|it| *it == line).count(), 1, "{}", &line[..8]);
    }
    assert!(ada.sees().contains("(sent)") && !ada.sees().contains("failed"), "{}", ada.sees());
}

async fn a_file_that_slack_refuses_is_tried_again(house: House) {
    let site = house.open(slack()).await;
    let (ada, grace) = (ada_waits(&site).await, site.agent("Grace"));
    let full = || Fault::Error("storage_limit_reached".into());
    site.slack().faults().next("files.getUploadURLExternal", full());
    ada.writes_with("See", &[("one.pdf", pdf()), ("two.pdf", pdf())]).await;
    site.settle().await;
    site.slack().faults().next("files.getUploadURLExternal", full());
    assert!(grace.presses_retry(&ada).await);
    site.settle().await;
    let said = site.thread(&ada).await;
    assert_eq!(said.matches("the workspace's storage is full").count(), 2, "{said}");
    grace.presses_retry(&ada).await;
    site.settle().await;
    let lines = site.desk().customers_lines(&ada).await;
    let files: Vec<&String> = lines.iter().filter(|line| line.starts_with("[file: ")).collect();
    assert_eq!(files.len(), 2, "{lines:?}");
    grace.writes(&ada, "!retry").await;
    site.settle().await;
    let thread = site.thread(&ada).await;
    assert!(thread.contains("(to Grace alone: There is nothing to try again"), "{thread}");
    let shown: Vec<String> = ada.files().iter().map(|file| format!("{} {}", file["name"], file["state"])).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown.iter().all(|file| file.ends_with("\"here\"")), "{shown:?}");
}

async fn what_was_refused_in_a_deleted_thread_is_said_whole_in_the_new_one(house: House) {
    let site = house.open(slack()).await;
    let (ada, grace) = (ada_waits(&site).await, site.agent("Grace"));
    site.slack().faults().next("chat.postMessage", Fault::Error(LOCKED.into()));
    ada.writes("Anybody there?").await;
    site.settle().await;
    site.slack().agent("Alan").deletes(&slack_thread(site.slack(), &ada).await.ts);
    site.settle().await;
    ada.writes("Hello?").await;
    site.settle().await;
    grace.writes(&ada, "!retry").await;
    site.settle().await;
    let thread = site.thread(&ada).await;
    assert_eq!(thread.matches("Anybody there?").count(), 1, "{thread}");
    assert!(!ada.sees().contains("failed"), "{}", ada.sees());
}

async fn a_team_without_the_verb_has_no_button(house: House) {
    let site = house.open(Setup { verbs: "retry = false", ..slack() }).await;
    let (ada, grace) = (ada_waits(&site).await, site.agent("Grace"));
    site.slack().faults().next("chat.postMessage", Fault::Error(LOCKED.into()));
    ada.writes("Anybody there?").await;
    site.settle().await;
    let thread = site.thread(&ada).await;
    assert!(
        thread.contains("⚠️ Message 2 of the customer could not be posted here (this thread is locked)"),
        "{thread}"
    );
    assert!(!grace.presses_retry(&ada).await, "{thread}");
    let posts = site.slack().thread(CHANNEL, &slack_thread(site.slack(), &ada).await.ts);
    assert!(posts.iter().skip(1).all(|post| !post.json["blocks"].to_string().contains("actions")));
}

/// Has the desk not give out the bytes of any file, or give them out again.
struct OutOfReach {
    site: Site,
    moved: Vec<(PathBuf, PathBuf)>,
}

impl OutOfReach {
    fn begins(site: &Site, desk: DeskKind) -> OutOfReach {
        let mut moved = Vec::new();
        match desk {
            DeskKind::Slack => site.slack().faults().always("download", Fault::Status(503)),
            DeskKind::Practice => {
                let folders = std::fs::read_dir(site.files_folder()).unwrap().map(|part| part.unwrap().path());
                let files = folders.flat_map(|part| std::fs::read_dir(part).unwrap()).map(|file| file.unwrap().path());
                for file in files.collect::<Vec<_>>() {
                    let away = file.with_extension("away");
                    std::fs::rename(&file, &away).unwrap();
                    // What is a folder cannot be read as a file.
                    std::fs::create_dir(&file).unwrap();
                    moved.push((file, away));
                }
            }
        }
        OutOfReach { site: site.clone(), moved }
    }

    fn ends(self, desk: DeskKind) {
        if desk == DeskKind::Slack {
            self.site.slack().faults().clear();
        }
        for (file, away) in self.moved {
            std::fs::remove_dir(&file).unwrap();
            std::fs::rename(&away, &file).unwrap();
        }
    }
}

async fn given_up(site: &Site, customer: &Customer, times: usize) {
    until("the file to be given up", async || {
        site.time_passes(20_000);
        site.thread(customer).await.matches("could not be fetched").count() == times
    })
    .await;
    site.settle().await;
}

async fn an_agents_file_that_could_not_be_fetched_is_tried_again(house: House, desk: DeskKind) {
    let site = house.open(Setup { by_hand: true, hold_secs: 3, ..Setup::at(desk) }).await;
    let (ada, grace) = (ada_waits(&site).await, site.agent("Grace"));
    let away = match desk {
        DeskKind::Slack => {
            let away = OutOfReach::begins(&site, desk);
            grace.attaches(&ada, "This helps", "guide.pdf", pdf()).await;
            away
        }
        DeskKind::Practice => {
            let id = practice_upload(site.web(), &ada, "guide.pdf", pdf()).await.expect(201)["id"].clone();
            let away = OutOfReach::begins(&site, desk);
            let path = format!("/practice/api/threads/{}/posts", ada.number());
            let said = json!({ "agent": "Grace", "text": "This helps", "files": [id] });
            site.web().send(http::Method::POST, &path, None, &said).await.expect(201);
            away
        }
    };
    given_up(&site, &ada, 1).await;
    assert!(grace.presses_retry(&ada).await);
    given_up(&site, &ada, 2).await;
    away.ends(desk);
    grace.writes(&ada, "!retry").await;
    site.settle().await;
    let file = &ada.files()[0];
    assert_eq!(file["state"], "here");
    assert_eq!(ada.downloads(file["id"].as_str().unwrap()).await.bytes, pdf());
    let thread = site.thread(&ada).await;
    assert_eq!(thread.matches("could not be fetched").count(), 2, "{thread}");
}

async fn with_nothing_to_try_again_one_is_told(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let (ada, grace) = (ada_waits(&site).await, site.agent("Grace"));
    grace.writes(&ada, "!retry").await;
    grace.writes(&ada, "!retry 1").await;
    grace.writes(&ada, "!retry it").await;
    site.settle().await;
    let thread = site.thread(&ada).await;
    // What one person is told keeps no order.
    let mut told: Vec<&str> = thread.lines().map(str::trim).filter(|line| line.contains("alone")).collect();
    told.sort_unstable();
    expect![[r#"
        (to Grace alone: Nothing was done, and nothing was sent to the customer: it is !retry or !retry 7.)
        (to Grace alone: There is nothing to try again: it is on its way, or it has arrived.)
        (to Grace alone: There is nothing to try again: it is on its way, or it has arrived.)
    "#]]
    .assert_eq(&(told.join("\n") + "\n"));
    assert!(ada.page().texts("agent").is_empty(), "{}", ada.sees());
}
