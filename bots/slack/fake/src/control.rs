//! Playing by hand: what `/_fake/…` understands, so that a person, a shell script or a test in
//! another language can be the agents of the fake Slack, look at it and break it.

use crate::faults::{EventFault, Fault};
use crate::play;
use crate::reply::{Reply, To};
use crate::server::{self, Answer};
use crate::transcript;
use crate::ts::Ts;
use crate::world::World;
use crate::{Agent, FakeSlack};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What `/_fake/…` understands, for `--help`.
pub const HELP: &str = r#"Control: JSON in, JSON out unless said otherwise; people and channels by id or name; ? may be left out.
  POST /_fake/channels    {"id","name","private"?,"bot"?}    make a channel, with the bot unless "bot" is false
  POST /_fake/channel     {"channel","archived"?,"bot"?}     archive it or not, take the bot in or out
  POST /_fake/users       {"name","kind"?}                   make an "agent", "outsider" or "bot": {"id"}
  POST /_fake/write       {"as","channel","text","thread_ts"?,"blocks"?}   write as somebody: {"ts"}
  POST /_fake/share       {"as","channel","file","name"?,"text"?,"thread_ts"?}   share the bytes of a file that is here: {"ts"}
  POST /_fake/edit        {"as","ts","text"}                 edit
  POST /_fake/delete      {"ts"}                             delete
  POST /_fake/react       {"as","ts","name","on"?}           set a reaction, or take it away
  POST /_fake/press       {"as","ts","action_id","value"?}   press a button or pick from a menu: the app's answer
  POST /_fake/command     {"as","channel","command","text"?} run a slash command: the app's answer
  POST /_fake/submit      {"as","values"}                    submit the open modal: the app's answer
  POST /_fake/event       {…}                                send any event
  GET  /_fake/transcript                                     all threads, as text
  GET  /_fake/thread?channel=…&ts=…[&format=text]            one thread
  GET  /_fake/messages?channel=…                             all messages of a channel
  GET  /_fake/find?text=…                                    the newest thread with this text: {"ts"}
  GET  /_fake/calls                                          recorded calls, a line of JSON each
  GET  /_fake/complaints                                     what only a mistaken client does
  GET  /_fake/stats                                          numbers
  POST /_fake/forget                                         forget calls and complaints
  POST /_fake/faults      {"fault","method"?,"times"?,"always"?,"chance"?,"secs"?,"status"?,"error"?}
                          break calls: rate_limited, status, html, error, lost_answer, cut_after, cut_before, done_late, stall,
                          answer_late
  POST /_fake/faults      {"event","chance"?,"secs"?}        break events: duplicate, delay, swap, lose
  DELETE /_fake/faults                                       mend everything
  POST /_fake/sockets     {"do","reason"?}                   drop, close, deafen or disconnect all sockets
  POST /_fake/token       {"revoked"}                        revoke the bot's token, or give it back
  POST /_fake/events_url  {"url"}                            events by HTTP; null for Socket Mode again
"#;

/// What a request came with.
struct Asked {
    query: HashMap<String, String>,
    body: Value,
}

/// Answers a request to `/_fake/{path}`.
pub(crate) async fn serve(world: &Arc<World>, method: &Method, path: &str, query: &str, body: &[u8]) -> Answer {
    let body = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(_) if body.is_empty() => Value::Null,
        Err(error) => return refused(&format!("the body is no JSON: {error}")),
    };
    let asked = Asked { query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(), body };
    let slack = FakeSlack { world: world.clone() };
    if *method == Method::GET {
        return look(&slack, path, &asked).unwrap_or_else(|why| refused(&why));
    }
    match act(&slack, method, path, &asked).await {
        Ok(value) => server::json_answer(&value),
        Err(why) => refused(&why),
    }
}

fn look(slack: &FakeSlack, path: &str, asked: &Asked) -> Result<Answer, String> {
    let world = &slack.world;
    let param = |name: &str| asked.query.get(name).map(String::as_str).ok_or_else(|| format!("{name} is missing"));
    let channel = || world.channel(param("channel")?).map_err(|_| "no such channel".to_string());
    let plain = |text: String| Ok(server::text(StatusCode::OK, text));
    let json = |value: Value| Ok(server::json_answer(&value));
    let all = |posts: Vec<crate::Post>| posts.into_iter().map(|post| post.json).collect::<Value>();
    match path {
        "transcript" => plain(slack.transcript()),
        "messages" => json(all(slack.messages(&channel()?.id))),
        "thread" => {
            let channel = channel()?;
            let room = channel.room();
            let root = Ts::parse(param("ts")?).and_then(|ts| room.root_of(ts)).ok_or("no such thread")?;
            if asked.query.get("format").is_some_and(|format| format == "text") {
                plain(transcript::thread_transcript(world, &room, root))
            } else {
                json(all(transcript::posts(world, &room, Some(root))))
            }
        }
        "find" => json(json!({"ts": slack.find_thread_containing(param("text")?)})),
        "calls" => plain(slack.calls().iter().map(|call| call.json_line() + "\n").collect()),
        "complaints" => json(json!(slack.complaints())),
        "stats" => {
            let stats = slack.stats();
            json(json!({
                "calls": stats.calls, "calls_failed": stats.calls_failed, "connections": stats.connections,
                "posts": stats.posts, "sockets_opened": stats.sockets_opened, "sockets_live": stats.sockets_live,
                "events": stats.events, "events_sent": stats.events_sent, "events_acked": stats.events_acked,
                "events_retried": stats.events_retried, "events_lost": stats.events_lost,
                "events_unacked": slack.unacked_events(), "slowest_ack_ms": stats.slowest_ack.as_millis() as u64,
            }))
        }
        _ => Err(format!("no such thing: GET {path}")),
    }
}

async fn act(slack: &FakeSlack, method: &Method, path: &str, asked: &Asked) -> Result<Value, String> {
    let world = &slack.world;
    let text = |name: &str| asked.body[name].as_str().ok_or_else(|| format!("{name} is missing"));
    let maybe = |name: &str| asked.body[name].as_str();
    let flag = |name: &str, default: bool| asked.body[name].as_bool().unwrap_or(default);
    let channel = || world.channel(text("channel")?).map_err(|_| "no such channel".to_string());
    let who = || Ok::<_, String>(slack.agent(text("as")?));
    let person = |agent: &Agent| world.people().by_id(&agent.id).cloned().ok_or("no such person");
    match path {
        "channels" => {
            slack.make_channel(text("id")?, text("name")?, flag("private", false));
            if flag("bot", true) {
                slack.invite_bot(text("id")?);
            }
        }
        "channel" => {
            let id = channel()?.id.clone();
            if let Some(archived) = asked.body["archived"].as_bool() {
                slack.archive(&id, archived);
            }
            match asked.body["bot"].as_bool() {
                Some(true) => slack.invite_bot(&id),
                Some(false) => slack.kick_bot(&id),
                None => {}
            }
        }
        "users" => {
            let name = text("name")?;
            let made = match maybe("kind").unwrap_or("agent") {
                "agent" => slack.agent(name),
                "outsider" => slack.outsider(name),
                "bot" => slack.other_bot(name),
                other => return Err(format!("no such kind: {other}")),
            };
            return Ok(json!({"ok": true, "id": made.id}));
        }
        "write" => {
            let blocks = asked.body.get("blocks").cloned();
            let ts = play::write(world, &person(&who()?)?, &channel()?.id, maybe("thread_ts"), text("text")?, blocks)?;
            return Ok(json!({"ok": true, "ts": ts}));
        }
        "share" => {
            let file = world.files.find(text("file")?).ok_or("there is no such file")?;
            let bytes = file.bytes.ok_or("the bytes of that file are not here")?;
            let (who, name) = (person(&who()?)?, maybe("name").unwrap_or(&file.name));
            let id = crate::files::put(world, name, bytes, &who.id);
            let words = maybe("text").unwrap_or_default();
            let ts = play::share(world, &who, &channel()?.id, maybe("thread_ts"), id, words)?;
            return Ok(json!({"ok": true, "ts": ts}));
        }
        "edit" => play::edit(world, &person(&who()?)?, text("ts")?, text("text")?)?,
        "delete" => play::delete(world, text("ts")?)?,
        "react" => play::react(world, &person(&who()?)?, text("ts")?, text("name")?, flag("on", true))?,
        "press" => {
            let (channel, ts) = play::locate(world, text("ts")?)?;
            let answer =
                crate::interact::press(world, &person(&who()?)?, ts, &channel, text("action_id")?, maybe("value"))?;
            return Ok(answer_of(Reply::new(world, answer, To::Click)).await);
        }
        "command" => {
            let (command, words) = (text("command")?, maybe("text").unwrap_or_default());
            let (who, channel) = (person(&who()?)?, channel()?.id.clone());
            let answer = crate::interact::command(world, &who, &channel, command, words)?;
            return Ok(answer_of(Reply::new(world, answer, To::Command { channel, user: who.id })).await);
        }
        "submit" => {
            let reply = Reply::to_submission(world, &person(&who()?)?, asked.body["values"].clone())?;
            return Ok(answer_of(reply).await);
        }
        "event" => slack.sends_event(asked.body.clone()),
        "forget" => slack.forget_calls(),
        "faults" if *method == Method::DELETE => slack.faults().clear(),
        "faults" => set_fault(slack, &asked.body)?,
        "sockets" => {
            let count = match text("do")? {
                "drop" => slack.drop_sockets(),
                "close" => slack.close_sockets(),
                "deafen" => slack.deafen_sockets(),
                "disconnect" => slack.disconnect_sockets(maybe("reason").unwrap_or("refresh_requested")),
                other => return Err(format!("sockets cannot {other}")),
            };
            return Ok(json!({"ok": true, "sockets": count}));
        }
        "token" => slack.revoke_token(flag("revoked", true)),
        "events_url" => slack.set_events_url(maybe("url")).await?,
        _ => return Err(format!("no such thing: {method} {path}")),
    }
    Ok(json!({"ok": true}))
}

fn set_fault(slack: &FakeSlack, body: &Value) -> Result<(), String> {
    let secs = Duration::from_secs_f64(body["secs"].as_f64().unwrap_or(1.0).clamp(0.0, 3_600.0));
    let chance = body["chance"].as_f64();
    if let Some(event) = body["event"].as_str() {
        let fault = match event {
            "duplicate" => EventFault::Duplicate,
            "delay" => EventFault::Delay(secs),
            "swap" => EventFault::Swap,
            "lose" => EventFault::Lose,
            other => return Err(format!("no such fault: {other}")),
        };
        match chance {
            Some(chance) => slack.faults().event_chance(chance, fault),
            None => slack.faults().next_event(fault),
        }
        return Ok(());
    }
    let fault = match body["fault"].as_str().ok_or("fault or event is missing")? {
        "rate_limited" => Fault::RateLimited { retry_after_secs: secs.as_secs() },
        "status" => Fault::Status(body["status"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or(503)),
        "html" => Fault::Html,
        "error" => Fault::Error(body["error"].as_str().unwrap_or("internal_error").into()),
        "lost_answer" => Fault::LostAnswer,
        "cut_after" => Fault::CutAfter,
        "cut_before" => Fault::CutBefore,
        "done_late" => Fault::DoneLate(secs),
        "stall" => Fault::Stall(secs),
        "answer_late" => Fault::AnswerLate(secs),
        other => return Err(format!("no such fault: {other}")),
    };
    let times = body["times"].as_u64().unwrap_or(1) as usize;
    match (body["method"].as_str(), chance) {
        (method, Some(chance)) => slack.faults().chance(method, chance, fault),
        (Some(method), None) if body["always"] == true => slack.faults().always(method, fault),
        (Some(method), None) => slack.faults().next_times(method, times, fault),
        (None, None) => (0..times).for_each(|_| slack.faults().next_of_any(fault.clone())),
    }
    Ok(())
}

async fn answer_of(reply: Reply) -> Value {
    match reply.payload().await {
        Some(payload) => json!({"ok": true, "payload": payload}),
        None => json!({"ok": false, "error": "operation_timeout"}),
    }
}

fn refused(why: &str) -> Answer {
    let mut answer = server::json_answer(&json!({"ok": false, "error": why}));
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    answer
}
