use threadline_slack::{decode, richtext, manifest, format, outbound::Us};
use threadline_core::{desk::*, ids::*};
fn walk(dir: &std::path::Path, out: &mut Vec<std::path::PathBuf>) { for e in std::fs::read_dir(dir).unwrap() { let p = e.unwrap().path(); if p.is_dir() { walk(&p, out) } else { out.push(p) } } }
fn fill(v: &mut serde_json::Value, k: &str) { use serde_json::Value::*; match v { Object(m) => for (k, v) in m.iter_mut() { fill(v, k) }, Array(a) => for v in a { fill(v, k) }, String(s) if s.is_empty() => *s = match k { "ts"|"event_ts"|"deleted_ts" => "1700000002.000100", "thread_ts" => "1700000001.000100", "channel" | "channel_id" => "C1", "user" => "U1", "team" | "team_id"|"user_team"|"source_team" => "T1", "type" | "subtype" | "bot_id" => "", k => k }.to_string(), _ => {} } }
#[test]
fn all() {
    let us = Us { team: "T1".into(), enterprise: None, user: "U0".into(), bot: "B0".into() };
    let mut files = vec![]; walk(std::path::Path::new("/work/shared/platform-data"), &mut files);
    let mut kinds = std::collections::BTreeMap::new(); let mut n = 0;
    for f in files.iter().filter(|f| f.extension().is_some_and(|e| e == "json")) {
        let raw = std::fs::read_to_string(f).unwrap();
        let Ok(v) = serde_json::from_str::<serde_json::Value>(&raw) else { continue };
        let mut filled = v.clone(); fill(&mut filled, "");
        for v in [v, filled] {
            n += 1;
            let d = decode::decode(&us, &v.to_string()).unwrap();
            let k = format!("{d:?}"); let k: String = match &d { decode::Decoded::Happened(f) => format!("Happened {} {:?}", match &f.act { decode::FoundAct::Wrote(u) => format!("Wrote {:?}", u.author), a => format!("{a:?}") }, richtext::body(&match &f.act { decode::FoundAct::Wrote(u) => u.message.clone(), _ => serde_json::Value::Null }, &|_| None).text()), _ => k.chars().take(60).collect() };
            if f.to_str().unwrap().contains("/events/") && !matches!(d, decode::Decoded::Nothing) { kinds.entry(f.file_name().unwrap().to_string_lossy().to_string()).or_insert_with(Vec::new).push(k); }
            richtext::body(&v, &|_| None); richtext::body(&v["event"], &|_| None); richtext::body(&v["event"]["message"], &|_| None); richtext::mentions(&v["event"]);
            decode::frame(&v.to_string());
        }
    }
    for (f, k) in &kinds { println!("{f}: {k:#?}"); }
    println!("{n} payloads");
    let card = Card { conversation: ConversationId(7), number: 1042, name: Some("Ada".into()), email: Some("ada@example.com".into()), topic: "Billing".into(), page_url: Some("https://example.com/a".into()), page_title: Some("A".into()), continued: true };
    std::fs::write("/tmp/card.json", format::card(&card).to_string()).unwrap();
    let l = Letter { conversation: ConversationId(7), speaker: Some("Ada".into()), parts: vec![(Piece { message: MessageId(1), index: 0 }, "hi <!channel>".into()), (Piece { message: MessageId(2), index: 0 }, "".into())] };
    std::fs::write("/tmp/letter.json", format::letter(&l).to_string()).unwrap();
    std::fs::write("/tmp/m1.yaml", manifest::manifest("Threadline", true, None)).unwrap();
    std::fs::write("/tmp/m2.yaml", manifest::manifest("Threadline", false, Some("https://x.example/slack"))).unwrap();
}
