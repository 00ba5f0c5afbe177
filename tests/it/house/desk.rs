//! A desk as a play plays it: agents who write, edit and delete, and a thread to look at. One
//! script runs at the practice desk and in Slack.

use super::customer::Customer;
use super::http::Web;
use super::page::markup;
use super::slack;
use super::until;
use http::Method;
use serde_json::{Value, json};
use threadline_fake_slack::{FakeSlack, Post};

/// On which platform a play's desk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskKind {
    Practice,
    Slack,
}

/// A desk.
#[derive(Clone, Debug)]
pub enum Desk {
    Practice(Web),
    Slack(FakeSlack),
}

/// Somebody who answers.
#[derive(Clone, Debug)]
pub struct Agent {
    pub name: String,
    desk: Desk,
}

impl Agent {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn desk(&self) -> &Desk {
        &self.desk
    }
}

impl Desk {
    pub fn agent(&self, name: &str) -> Agent {
        Agent { name: name.to_string(), desk: self.clone() }
    }

    /// The customer's thread as its readers see it: the card's first line, the posts, and who was
    /// told something privately.
    pub async fn transcript(&self, customer: &Customer) -> String {
        match self {
            Desk::Slack(slack) => match slack::find_thread(slack, customer) {
                Some(thread) => slack::transcript(slack, &thread),
                None => "no thread\n".to_string(),
            },
            Desk::Practice(web) => practice_transcript(&thread_of(web, customer).await),
        }
    }

    /// What the card at the root of the customer's thread says of how it stands: its second line.
    pub async fn card(&self, customer: &Customer) -> String {
        let text = match self {
            Desk::Slack(fake) => {
                let thread = slack::thread(fake, customer).await;
                let shown = fake.thread(&thread.channel, &thread.ts).into_iter().next().map(|card| card.shown);
                shown.unwrap_or_default()
            }
            Desk::Practice(web) => markup(&thread_of(web, customer).await["posts"][0]["body"]),
        };
        let line = text.lines().nth(1).unwrap_or_default().to_string();
        // Slack shows a time where the practice desk's page draws it.
        line.replace(" since (a time)", "").replace(" on (a time)", "").replace(" due (a time)", " due")
    }

    /// What stands in the thread on behalf of the customer, line by line in order.
    pub async fn customers_lines(&self, customer: &Customer) -> Vec<String> {
        match self {
            Desk::Slack(fake) => {
                let Some(thread) = slack::find_thread(fake, customer) else { return Vec::new() };
                let posts = fake.thread(&thread.channel, &thread.ts);
                let ours = posts.into_iter().skip(1).filter(|post| post.is_ours);
                ours.flat_map(|post| post.shown.lines().map(str::to_string).collect::<Vec<_>>()).collect()
            }
            Desk::Practice(web) => {
                let thread = thread_of(web, customer).await;
                let posts = thread["posts"].as_array().cloned().unwrap_or_default();
                let ours = posts.iter().filter(|post| post["kind"] == "customer");
                let files = |post: &Value| post["files"].as_array().cloned().unwrap_or_default();
                let lines = |post: &Value| {
                    let said = markup(&post["body"]);
                    let names =
                        files(post).into_iter().map(|file| format!("[file: {}]", file["name"].as_str().unwrap()));
                    said.lines().map(str::to_string).chain(names).collect::<Vec<_>>()
                };
                ours.flat_map(lines).collect()
            }
        }
    }
}

impl Agent {
    /// Writes in the customer's thread, once there is one; which post it is.
    pub async fn writes(&self, customer: &Customer, text: &str) -> String {
        match &self.desk {
            Desk::Slack(slack) => {
                let thread = slack::thread(slack, customer).await;
                slack.agent(&self.name).writes(&thread.channel, thread.ts.as_str(), text)
            }
            Desk::Practice(web) => {
                let path = format!("/practice/api/threads/{}/posts", customer.number());
                until("a thread at the practice desk", async || {
                    thread_of(web, customer).await["posts"].as_array().is_some_and(|posts| !posts.is_empty())
                })
                .await;
                let said = json!({ "agent": self.name, "text": text });
                web.send(Method::POST, &path, None, &said).await.expect(201)["post"].to_string()
            }
        }
    }

    /// Presses a button under the preview of a saved reply that he was shown last, so many times at once.
    pub async fn presses_in_preview(&self, customer: &Customer, label: &str, times: usize) {
        match &self.desk {
            Desk::Slack(fake) => {
                let action = format!("saved/{}", label.to_lowercase());
                for reply in fake.agent(&self.name).presses_alone_so_often(slack::CHANNEL, &action, times) {
                    reply.payload().await.expect("taken in time");
                }
            }
            Desk::Practice(web) => {
                let thread = thread_of(web, customer).await;
                let button =
                    self.buttons(&thread).into_iter().find(|button| button["label"] == label).expect("a button");
                let path = format!("/practice/api/threads/{}/deeds", customer.number());
                let press = async || {
                    let deed = json!({ "key": customer.fresh_key(), "agent": self.name, "verb": button["verb"] });
                    web.send(Method::POST, &path, None, &deed).await.expect(204);
                };
                futures_util::future::join_all((0..times).map(|_| press())).await;
            }
        }
    }

    /// Whether he sees a preview with buttons.
    pub async fn has_preview(&self, customer: &Customer) -> bool {
        match &self.desk {
            Desk::Slack(fake) => fake.agent(&self.name).sees_alone(slack::CHANNEL, "saved/send"),
            Desk::Practice(web) => !self.buttons(&thread_of(web, customer).await).is_empty(),
        }
    }

    /// The buttons that the practice desk's page shows him under previews.
    fn buttons(&self, thread: &Value) -> Vec<Value> {
        let posts = thread["posts"].as_array().into_iter().flatten().filter(|post| post["to"] == self.name);
        posts.filter_map(|post| post["buttons"].as_array().cloned()).flatten().collect()
    }

    /// Changes what he wrote.
    pub async fn edits(&self, customer: &Customer, post: &str, text: &str) {
        match &self.desk {
            Desk::Slack(slack) => slack.agent(&self.name).edits(post, text),
            Desk::Practice(web) => {
                let path = format!("/practice/api/threads/{}/posts/{post}", customer.number());
                let said = json!({ "agent": self.name, "text": text });
                web.send(Method::PATCH, &path, None, &said).await.expect(204);
            }
        }
    }

    /// Deletes what he wrote.
    pub async fn deletes(&self, customer: &Customer, post: &str) {
        match &self.desk {
            Desk::Slack(slack) => slack.agent(&self.name).deletes(post),
            Desk::Practice(web) => {
                let path = format!("/practice/api/threads/{}/posts/{post}", customer.number());
                web.send(Method::DELETE, &path, None, &json!({ "agent": self.name })).await.expect(204);
            }
        }
    }
}

impl Agent {
    /// Presses the last Retry in the customer's thread, once; false when there is none.
    pub async fn presses_retry(&self, customer: &Customer) -> bool {
        match &self.desk {
            Desk::Slack(fake) => {
                let thread = slack::thread(fake, customer).await;
                let posts = fake.thread(&thread.channel, &thread.ts);
                let has_button = |post: &&Post| post.json["blocks"].to_string().contains("\"action_id\":\"retry\"");
                let Some(post) = posts.iter().rev().find(has_button) else { return false };
                fake.agent(&self.name).presses(&post.ts, "retry", None).payload().await.expect("taken in time");
                true
            }
            Desk::Practice(web) => {
                let thread = thread_of(web, customer).await;
                let posts = thread["posts"].as_array().cloned().unwrap_or_default();
                let Some(post) = posts.iter().rev().find(|post| post["retry"].is_object()) else { return false };
                let done = json!({ "key": customer.fresh_key(), "agent": self.name, "verb": post["retry"]["verb"] });
                let path = format!("/practice/api/threads/{}/deeds", customer.number());
                web.send(Method::POST, &path, None, &done).await.expect(204);
                true
            }
        }
    }
}

/// How a transcript shows that somebody was told something: the same words at every desk.
pub fn whisper(person: &str, words: &str) -> String {
    format!("  (to {person} alone: {})", words.replace('\n', "\n    "))
}

pub async fn thread_of(web: &Web, customer: &Customer) -> Value {
    web.get(&format!("/practice/api/threads/{}", customer.number()), None).await.expect(200)
}

fn practice_transcript(thread: &Value) -> String {
    let (mut lines, mut private) = (Vec::new(), Vec::new());
    for post in thread["posts"].as_array().into_iter().flatten() {
        let text = plain(&markup(&post["body"]));
        let mut line = match post["kind"].as_str().unwrap_or_default() {
            "card" => text.lines().next().unwrap_or_default().to_string(),
            "private" => {
                private.push(whisper(post["to"].as_str().unwrap_or_default(), &text));
                continue;
            }
            _ if post["deleted"] == true => continue,
            kind => {
                let mut text = text;
                for file in post["files"].as_array().into_iter().flatten() {
                    let line_end = if text.is_empty() { "" } else { "\n" };
                    text.push_str(&format!("{line_end}[file: {}]", file["name"].as_str().unwrap_or_default()));
                }
                if let Some(label) = post["retry"]["label"].as_str() {
                    text.push_str(&format!("\n[{label}]"));
                }
                let name = post["name"].as_str().unwrap_or_default();
                // Its page shows by colour who is a customer; Slack has only the name.
                let tag = if kind == "customer" && name != "Customer" { " (customer)" } else { "" };
                format!("  {name}{tag}: {text}")
            }
        };
        if post["edited"] == true {
            line.push_str(" (edited)");
        }
        for mark in post["marks"].as_array().into_iter().flatten() {
            line.push_str(match mark.as_str() {
                Some("received") => " ✓",
                Some("seen") => " 👁",
                Some("emailed") => " ✉️",
                _ => " ⏳",
            });
        }
        lines.push(line.replace('\n', "\n    "));
    }
    lines.extend(private);
    if lines.is_empty() { "no thread\n".to_string() } else { lines.join("\n") + "\n" }
}

/// Slack's transcript shows the words without their marks; so does this one.
fn plain(text: &str) -> String {
    text.replace(['*', '~', '`'], "").replace('_', "")
}
