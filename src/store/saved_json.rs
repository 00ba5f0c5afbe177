//! How far a saved reply is on its way to the desk, as JSON: it is on its way to the customer as well,
//! and that is in the columns of every reply. `{"posted":1767225600000,"post":"slack/T1/C1/1.2"}`

use serde::{Deserialize, Serialize};
use threadline_core::ids::{Moment, PostKey};
use threadline_core::message::Posting;

/// The `at_desk` column; one of the first three is there.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AtDesk {
    /// It waits; so many of its pieces are posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting: Option<u32>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    posted: Option<i64>,
    /// So many of its pieces were posted before the next one was refused, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<(u32, String)>,
    /// The bot's post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    post: Option<String>,
}

pub(super) fn to_json(posting: &Posting, post: Option<&PostKey>) -> String {
    let empty = AtDesk { post: post.map(|key| key.0.clone()), ..AtDesk::default() };
    let at_desk = match posting {
        // What the bot says is never told of as late.
        Posting::Waiting { pieces_posted, late: _ } => AtDesk { waiting: Some(*pieces_posted), ..empty },
        Posting::Posted { at } => AtDesk { posted: Some(at.0), ..empty },
        Posting::Refused { why, pieces_posted } => AtDesk { refused: Some((*pieces_posted, why.clone())), ..empty },
    };
    // Writing to a string fails only for maps whose keys are no strings.
    serde_json::to_string(&at_desk).unwrap_or_default()
}

pub(super) fn from_json(text: &str) -> Option<(Posting, Option<PostKey>)> {
    let AtDesk { waiting, posted, refused, post } = serde_json::from_str(text).ok()?;
    let posting = match (waiting, posted, refused) {
        (Some(pieces_posted), None, None) => Posting::Waiting { pieces_posted, late: false },
        (None, Some(at), None) => Posting::Posted { at: Moment(at) },
        (None, None, Some((pieces_posted, why))) => Posting::Refused { why, pieces_posted },
        _ => return None,
    };
    Some((posting, post.map(PostKey)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let post = Some(PostKey("slack/T1/C1/1.2".into()));
        for posting in [
            Posting::Waiting { pieces_posted: 2, late: false },
            Posting::Posted { at: Moment(7) },
            Posting::Refused { why: "too long".into(), pieces_posted: 1 },
        ] {
            for post in [None, post.clone()] {
                assert_eq!(from_json(&to_json(&posting, post.as_ref())), Some((posting.clone(), post)));
            }
        }
        for no in ["", "{}", r#"{"waiting":1,"posted":2}"#, r#"{"waiting":0,"colour":1}"#] {
            assert_eq!(from_json(no), None, "{no}");
        }
    }
}
