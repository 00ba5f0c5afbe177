//! Views: modals and home tabs as they stand.

use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// All views by their id, and each person's home.
#[derive(Debug, Default)]
pub(crate) struct Views {
    views: HashMap<String, Value>,
    homes: HashMap<String, String>,
    last_opened: Option<String>,
    /// What the fields of a view have offered: the values of their entries.
    offered: HashMap<String, HashSet<String>>,
    count: u64,
}

impl Views {
    /// Opens a modal; gives it as Slack shows it. None if its `external_id` is taken.
    pub(crate) fn open(&mut self, view: &Value) -> Option<Value> {
        if self.by_external_id(view["external_id"].as_str()).is_some() {
            return None;
        }
        self.count += 1;
        let id = format!("V0VIEW{:04}", self.count);
        self.last_opened = Some(id.clone());
        Some(self.put(id, view))
    }

    /// Shows a person's home tab.
    pub(crate) fn publish(&mut self, user: &str, view: &Value) -> Value {
        let id = match self.homes.get(user) {
            Some(id) => id.clone(),
            None => {
                self.count += 1;
                let id = format!("V0VIEW{:04}", self.count);
                self.homes.insert(user.into(), id.clone());
                id
            }
        };
        self.put(id, view)
    }

    /// Puts another view in the place of the one with that id.
    pub(crate) fn replace(&mut self, id: &str, view: &Value) -> Value {
        self.put(id.to_string(), view)
    }

    pub(crate) fn by_id(&self, id: Option<&str>) -> Option<&Value> {
        self.views.get(id?)
    }

    pub(crate) fn by_external_id(&self, id: Option<&str>) -> Option<&Value> {
        let id = id?;
        self.views.values().find(|view| view["external_id"] == id)
    }

    /// A person's home tab.
    pub(crate) fn home(&self, user: &str) -> Option<&Value> {
        self.views.get(self.homes.get(user)?)
    }

    /// The modal that was opened last and is still open.
    pub(crate) fn last_opened(&self) -> Option<&Value> {
        self.views.get(self.last_opened.as_ref()?)
    }

    /// Closes a modal.
    pub(crate) fn close(&mut self, id: &str) {
        self.views.remove(id);
        self.offered.remove(id);
    }

    /// A field of a view offers these.
    pub(crate) fn offer(&mut self, id: &str, values: Vec<String>) {
        self.offered.entry(id.to_string()).or_default().extend(values);
    }

    /// True when a field of the view has offered this.
    pub(crate) fn offers(&self, id: &str, value: &str) -> bool {
        self.offered.get(id).is_some_and(|values| values.contains(value))
    }

    /// The blocks of a view that take an input, by `block_id`.
    pub(crate) fn inputs(&self, id: &str) -> Vec<String> {
        let blocks = self.views.get(id).and_then(|view| view["blocks"].as_array());
        let inputs = blocks.into_iter().flatten().filter(|block| block["type"] == "input");
        inputs.filter_map(|block| block["block_id"].as_str().map(str::to_string)).collect()
    }

    fn put(&mut self, id: String, view: &Value) -> Value {
        self.count += 1;
        let mut shape = view.clone();
        shape["id"] = json!(id);
        shape["team_id"] = json!(crate::people::TEAM_ID);
        shape["app_id"] = json!(crate::people::APP_ID);
        shape["bot_id"] = json!(crate::people::BOT_ID);
        shape["app_installed_team_id"] = json!(crate::people::TEAM_ID);
        shape["state"] = json!({"values": {}});
        shape["hash"] = json!(format!("{}.fake", self.count));
        shape["root_view_id"] = json!(id);
        shape["previous_view_id"] = Value::Null;
        for (key, default) in [
            ("callback_id", json!("")),
            ("external_id", json!("")),
            ("private_metadata", json!("")),
            ("close", Value::Null),
        ] {
            if shape.get(key).is_none() {
                shape[key] = default;
            }
        }
        self.views.insert(id, shape.clone());
        shape
    }
}
