//! What is known of conversations besides what was written, as JSON: it is read and written whole,
//! when a card is made or the site says something new, and never asked for by its parts.

use super::many::{ROWS_MAX, push_list};
use super::{Store, StoreError, Tx, inconsistent, on_read, on_tx};
use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;
use std::collections::BTreeMap;
use threadline_core::context::{Answer, Context, Device, Facts, Language, Page, zone};
use threadline_core::ids::ConversationId;

/// The `known` column.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    referrer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    browser: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<String, String>,
    /// The field and what was said, in the order of the fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    answers: Vec<(String, String)>,
}

impl Tx {
    /// Writes what is known of a conversation, new or changed.
    pub async fn save_context(&mut self, conversation: ConversationId, context: &Context) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            sqlx::query(
                "INSERT INTO context (conversation, known) VALUES ($1, $2) \
                 ON CONFLICT (conversation) DO UPDATE SET known = excluded.known",
            )
            .bind(conversation.to_string())
            .bind(to_json(context))
            .execute(c)
            .await?;
        });
        Ok(())
    }
}

impl Tx {
    /// What is known of these conversations.
    pub async fn contexts(
        &mut self,
        conversations: &[ConversationId],
    ) -> Result<Vec<(ConversationId, Context)>, StoreError> {
        let mut contexts = Vec::with_capacity(conversations.len());
        for chunk in conversations.chunks(ROWS_MAX) {
            let rows: Vec<(String, String)> = on_tx!(self, |c| {
                let mut query = QueryBuilder::new("SELECT conversation, known FROM context WHERE conversation IN ");
                push_list(&mut query, chunk.iter().map(ToString::to_string));
                query.build_query_as().fetch_all(c).await?
            });
            for (conversation, known) in rows {
                let id = conversation.parse().map_err(|_| inconsistent("context", conversation, "no id"))?;
                contexts.push((id, read(id, Some(known))?));
            }
        }
        Ok(contexts)
    }
}

impl Store {
    /// What is known of a conversation.
    pub async fn context(&self, conversation: ConversationId) -> Result<Context, StoreError> {
        let known: Option<String> = on_read!(self, |c| {
            sqlx::query_scalar("SELECT known FROM context WHERE conversation = $1")
                .bind(conversation.to_string())
                .fetch_optional(c)
                .await?
        });
        read(conversation, known)
    }
}

fn read(conversation: ConversationId, known: Option<String>) -> Result<Context, StoreError> {
    let Some(known) = known else { return Ok(Context::default()) };
    from_json(&known).ok_or_else(|| inconsistent("context", conversation.to_string(), "no context"))
}

fn to_json(context: &Context) -> String {
    let Context { page, device, language, zone, facts, answers } = context;
    let known = Known {
        url: page.url.clone(),
        title: page.title.clone(),
        referrer: page.referrer.clone(),
        browser: device.browser.clone(),
        system: device.system.clone(),
        language: language.as_ref().map(|language| language.tag().to_string()),
        zone: zone.map(|zone| zone.name().to_string()),
        facts: facts.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        answers: answers.iter().map(|answer| (answer.field.clone(), answer.text.clone())).collect(),
    };
    // Writing to a string fails only for maps whose keys are no strings.
    serde_json::to_string(&known).unwrap_or_default()
}

fn from_json(text: &str) -> Option<Context> {
    let known: Known = serde_json::from_str(text).ok()?;
    let facts = known.facts.into_iter().map(|(key, value)| (key, Some(value)));
    Some(Context {
        page: Page { url: known.url, title: known.title, referrer: known.referrer },
        device: Device { browser: known.browser, system: known.system },
        language: known.language.map(|tag| Language::parse(&tag).ok_or(())).transpose().ok()?,
        // A zone that the world has given up since is forgotten.
        zone: known.zone.and_then(|name| zone(&name)),
        facts: Facts::default().after(facts).ok()?,
        answers: known.answers.into_iter().map(|(field, text)| Answer { field, text }).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_context_reads_back_as_it_was_written() {
        let facts = [("plan".to_string(), Some("pro".to_string()))];
        let whole = Context {
            page: Page { url: Some("https://a.example/".into()), title: Some("A".into()), referrer: None },
            device: Device { browser: Some("Firefox 139".into()), system: None },
            language: Language::parse("de-AT"),
            zone: zone("Europe/Vienna"),
            facts: Facts::default().after(facts).unwrap(),
            answers: vec![Answer { field: "steps".into(), text: "1\n2".into() }],
        };
        expect![[r#"{"url":"https://a.example/","title":"A","browser":"Firefox 139","language":"de-AT","zone":"Europe/Vienna","facts":{"plan":"pro"},"answers":[["steps","1\n2"]]}"#]]
            .assert_eq(&to_json(&whole));
        assert_eq!(from_json(&to_json(&whole)), Some(whole));
        assert_eq!(from_json(&to_json(&Context::default())), Some(Context::default()));
        for no in ["", r#"{"language":"<b>"}"#, r#"{"facts":{"A b":"x"}}"#, r#"{"colour":"x"}"#] {
            assert_eq!(from_json(no), None, "{no}");
        }
    }
}
