//! What a topic asks for before the first message, and the check that the widget makes too.

use super::{Context, Pattern, Unfit, is_fact_key, lines, one_line};

/// Longest answer to a field, in characters: what a field of Slack's section takes (Block Kit
/// reference, `section`: 2,000 characters).
pub const ANSWER_CHARS_MAX: usize = 2_000;
/// Longest answers of a conversation together, in characters: a card holds about 13,000, labels and
/// all.
pub const ANSWERS_CHARS_MAX: usize = 6_000;
/// Most answers of a conversation, for a client that sends fields which do not exist.
const ANSWERS_MAX: usize = 20;

/// Something that a topic asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called in the API and the database; a fact of the same key goes in its place.
    pub id: String,
    /// What people read.
    pub label: String,
    /// A hint below it.
    pub help: Option<String>,
    /// How it is asked.
    pub kind: FieldKind,
    /// True when the conversation cannot begin without it.
    pub required: bool,
    /// The form that an answer must have.
    pub pattern: Option<Pattern>,
    /// What to say when it has not.
    pub error: Option<String>,
}

/// How something is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One line.
    Line,
    /// Several lines.
    Text,
    /// One of these.
    Choice(Vec<String>),
}

/// Those of a topic's required fields that are not known, neither by an answer nor by a fact of the same name
/// that has the form.
pub fn missing<'a>(fields: &'a [Field], known: &Context) -> Vec<&'a Field> {
    let is_known = |field: &Field| {
        let answered = known.answers.iter().any(|answer| answer.field == field.id && !answer.text.trim().is_empty());
        let told = known.facts.of(&field.id).is_some_and(|fact| field.pattern.as_ref().is_none_or(|it| it.fits(fact)));
        answered || told
    };
    fields.iter().filter(|field| field.required && !is_known(field)).collect()
}

/// What a customer answered to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The field's id.
    pub field: String,
    /// His words.
    pub text: String,
}

impl Field {
    /// What to say to an answer that does not have the form.
    pub fn error(&self) -> String {
        self.error.clone().unwrap_or_else(|| match &self.help {
            Some(help) => format!("This does not look right. {help}"),
            None => "This does not look right. Please check it.".to_string(),
        })
    }

    /// The answer as it is kept; none for a blank one.
    fn taken(&self, said: &str) -> Result<Option<String>, Unfit> {
        let unfit = |why: String| Err(Unfit { field: self.id.clone(), why });
        let text = match self.kind {
            FieldKind::Line | FieldKind::Choice(_) => one_line(said),
            FieldKind::Text => lines(said),
        };
        if text.is_empty() {
            return if self.required { unfit(format!("please answer “{}”.", self.label)) } else { Ok(None) };
        }
        if text.chars().count() > ANSWER_CHARS_MAX {
            return unfit(format!("at most {ANSWER_CHARS_MAX} characters."));
        }
        match &self.kind {
            FieldKind::Choice(choices) if !choices.contains(&text) => {
                return unfit(format!("choose one of {}.", choices.join(", ")));
            }
            FieldKind::Line | FieldKind::Text | FieldKind::Choice(_) => {}
        }
        match &self.pattern {
            Some(pattern) if !pattern.fits(&text) => unfit(self.error()),
            Some(_) | None => Ok(Some(text)),
        }
    }
}

/// The answers to a topic's fields as they are kept, in the order of the fields. What answers no
/// field is kept behind them: the page may be older than the configuration, and what the customer
/// wrote must not be lost.
///
/// # Errors
///
/// Says which answer is missing or cannot be kept.
pub fn answers(fields: &[Field], said: Vec<(String, String)>) -> Result<Vec<Answer>, Unfit> {
    let mut kept = Vec::new();
    for field in fields {
        let said = said.iter().find(|(id, _)| *id == field.id).map_or("", |(_, text)| text.as_str());
        let answer = field.taken(said)?;
        kept.extend(answer.map(|text| Answer { field: field.id.clone(), text }));
    }
    for (id, text) in said {
        if fields.iter().any(|field| field.id == id) {
            continue;
        }
        let text = lines(&text);
        if !is_fact_key(&id) || text.chars().count() > ANSWER_CHARS_MAX {
            return Err(Unfit { field: "fields".to_string(), why: "there is no such field.".to_string() });
        }
        if !text.is_empty() {
            kept.push(Answer { field: id, text });
        }
    }
    let chars: usize = kept.iter().map(|answer| answer.text.chars().count()).sum();
    if kept.len() > ANSWERS_MAX || chars > ANSWERS_CHARS_MAX {
        let why = format!("at most {ANSWERS_CHARS_MAX} characters in all answers together.");
        return Err(Unfit { field: "fields".to_string(), why });
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign() -> Field {
        Field {
            id: "campaign_id".into(),
            label: "Campaign ID".into(),
            help: Some("For example cp100.".into()),
            kind: FieldKind::Line,
            required: true,
            pattern: Some(Pattern::new("cp\\d+").unwrap()),
            error: None,
        }
    }

    fn steps() -> Field {
        Field { id: "steps".into(), label: "Steps".into(), kind: FieldKind::Text, ..optional(campaign()) }
    }

    fn optional(field: Field) -> Field {
        Field { required: false, pattern: None, help: None, ..field }
    }

    fn said(fields: &[Field], said: &[(&str, &str)]) -> String {
        let said = said.iter().map(|(id, text)| (id.to_string(), text.to_string())).collect();
        match answers(fields, said) {
            Ok(kept) => kept.iter().map(|it| format!("{}={:?}", it.field, it.text)).collect::<Vec<_>>().join(" "),
            Err(unfit) => unfit.to_string(),
        }
    }

    #[test]
    fn what_is_required_and_not_known_is_missing() {
        let field = |id: &str, required| Field {
            id: id.into(),
            label: id.to_uppercase(),
            help: None,
            kind: FieldKind::Line,
            pattern: (id == "campaign_id").then(|| Pattern::new(r"^cp\d+$").unwrap()),
            error: None,
            required,
        };
        let fields = [field("campaign_id", true), field("error", true), field("steps", false)];
        let missing = |context: &Context| missing(&fields, context).iter().map(|it| it.id.clone()).collect::<Vec<_>>();
        let mut context = Context::default();
        assert_eq!(missing(&context), ["campaign_id", "error"]);
        context.answers.push(Answer { field: "error".into(), text: "E42".into() });
        context.facts = context.facts.after([("campaign_id".to_string(), Some("Spring".to_string()))]).unwrap();
        assert_eq!(missing(&context), ["campaign_id"]);
        context.facts = context.facts.after([("campaign_id".to_string(), Some("cp100".to_string()))]).unwrap();
        assert!(missing(&context).is_empty());
    }

    #[test]
    fn answers_are_kept_in_the_order_of_the_fields() {
        let fields = [campaign(), steps()];
        assert_eq!(
            said(&fields, &[("steps", "1. open\r\n2. press "), ("campaign_id", " cp100\n")]),
            r#"campaign_id="cp100" steps="1. open\n2. press""#
        );
        assert_eq!(said(&fields, &[("campaign_id", "cp1"), ("steps", " ")]), r#"campaign_id="cp1""#);
    }

    #[test]
    fn what_is_wrong_names_the_field() {
        let choice = Field { kind: FieldKind::Choice(vec!["A".into(), "B".into()]), ..optional(campaign()) };
        for (field, text, why) in [
            (campaign(), "", "campaign_id: please answer “Campaign ID”."),
            (campaign(), "Summer sale", "campaign_id: This does not look right. For example cp100."),
            (Field { error: Some("Use the id.".into()), ..campaign() }, "Summer", "campaign_id: Use the id."),
            (Field { help: None, ..campaign() }, "x", "campaign_id: This does not look right. Please check it."),
            (choice, "C", "campaign_id: choose one of A, B."),
            (optional(campaign()), &"x".repeat(2_001), "campaign_id: at most 2000 characters."),
        ] {
            assert_eq!(said(&[field], &[("campaign_id", text)]), why);
        }
    }

    #[test]
    fn what_answers_no_field_is_kept_and_bounded() {
        assert_eq!(said(&[], &[("order", "7"), ("blank", "")]), r#"order="7""#);
        for (id, text) in [("x", "y".repeat(2_001)), ("<b>", "y".to_string())] {
            assert_eq!(said(&[], &[(id, &text)]), "fields: there is no such field.");
        }
        let ids: Vec<String> = (0..4).map(|n| format!("f{n}")).collect();
        let long = "y".repeat(1_600);
        let many: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), long.as_str())).collect();
        assert_eq!(said(&[], &many), "fields: at most 6000 characters in all answers together.");
    }
}
