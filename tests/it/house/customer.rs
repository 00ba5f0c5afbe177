//! A customer as a play plays him: a conversation, its token, and a page whose stream comes back
//! whenever it breaks, as the widget's does.

use super::http::{Answer, Web};
use super::page::Page;
use super::{LOOK_EVERY, PATIENCE, until};
use http::Method;
use http_body_util::BodyExt;
use hyper::body::Bytes;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The widget waits a second before it opens its stream again; a play has no time.
const REOPEN_AFTER: Duration = Duration::from_millis(20);

/// What a customer says of himself.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    pub name: Option<String>,
    pub topic: &'static str,
    /// What else his browser says when the conversation is opened.
    pub more: Value,
    /// Whether the page tells the server what it has.
    pub receipts: bool,
    /// Whether the page is open at all.
    pub page: bool,
}

/// A customer.
#[derive(Clone, Debug)]
pub struct Customer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    web: Web,
    name: String,
    id: String,
    number: i64,
    token: String,
    keys: AtomicU64,
    tab: Option<Tab>,
    /// Further tabs, opened later.
    tabs: Mutex<Vec<Tab>>,
    receipts: bool,
}

/// A tab of the browser, with its stream.
#[derive(Clone, Debug)]
pub struct Tab {
    page: Arc<Mutex<Page>>,
    cut: Arc<Notify>,
    closed: Arc<AtomicBool>,
    task: Arc<JoinHandle<()>>,
}

impl NewCustomer {
    pub fn named(name: &str) -> NewCustomer {
        NewCustomer { name: Some(name.to_string()), topic: "technical", more: json!({}), receipts: true, page: true }
    }

    /// What the browser sends to open the conversation.
    fn said(&self) -> Value {
        let mut said = json!({ "topic": self.topic });
        if let Some(name) = &self.name {
            said["name"] = json!(name);
            let local: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
            said["email"] = json!(format!("{local}@example.com"));
            said["page"] = json!({ "url": "https://shop.example.com/exports", "title": "Exports" });
        }
        for (key, value) in self.more.as_object().into_iter().flatten() {
            said[key] = value.clone();
        }
        said
    }
}

impl Customer {
    /// Somebody who has no page, because he writes letters.
    pub fn by_mail(web: &Web, id: String, number: i64) -> Customer {
        let inner = Inner {
            web: web.clone(),
            name: format!("#{number}"),
            id,
            number,
            token: String::new(),
            keys: AtomicU64::new(0),
            tab: None,
            tabs: Mutex::default(),
            receipts: false,
        };
        Customer { inner: Arc::new(inner) }
    }

    /// Opens a conversation, and the page on it.
    pub async fn open(web: &Web, new: NewCustomer) -> Customer {
        Customer::open_between(web, web, new).await
    }

    /// The same, with a page that listens to another server.
    pub async fn open_between(web: &Web, listens_to: &Web, new: NewCustomer) -> Customer {
        let opened = web.send(Method::POST, "/v1/conversations", None, &new.said()).await.expect(201);
        Customer::opened(web, listens_to, new, &opened)
    }

    /// The same, tried until there is an answer, as a person presses the button again.
    pub async fn open_in_the_end(web: &Web, new: NewCustomer) -> Customer {
        let began = tokio::time::Instant::now();
        loop {
            match web.try_send(Method::POST, "/v1/conversations", None, &new.said()).await {
                Ok(answer) if answer.status == 201 => return Customer::opened(web, web, new, &answer.json()),
                Ok(answer) if answer.status != 503 => panic!("{} {}", answer.status, answer.text()),
                Ok(_) | Err(_) => {}
            }
            assert!(began.elapsed() < PATIENCE * 2, "the conversation of {:?} is never opened", new.name);
            tokio::time::sleep(REOPEN_AFTER).await;
        }
    }

    fn opened(web: &Web, listens_to: &Web, new: NewCustomer, opened: &Value) -> Customer {
        let token = opened["token"].as_str().unwrap().to_string();
        let tab = new.page.then(|| Tab::open(listens_to, &token, new.receipts));
        let inner = Inner {
            web: web.clone(),
            name: new.name.unwrap_or_default(),
            id: opened["conversation"]["id"].as_str().unwrap().to_string(),
            number: opened["conversation"]["number"].as_i64().unwrap(),
            token,
            keys: AtomicU64::new(0),
            tab,
            tabs: Mutex::default(),
            receipts: new.receipts,
        };
        Customer { inner: Arc::new(inner) }
    }

    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// `cnv_…`
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// 1001 for `#1001`.
    pub fn number(&self) -> i64 {
        self.inner.number
    }

    pub fn web(&self) -> &Web {
        &self.inner.web
    }

    pub fn token(&self) -> &str {
        &self.inner.token
    }

    /// True when a page is open that tells the server what it has.
    pub fn sends_receipts(&self) -> bool {
        self.inner.receipts && self.tabs().iter().any(Tab::is_open)
    }

    /// Writes a message that must be stored now.
    pub async fn writes(&self, text: &str) -> Value {
        self.sends(&self.fresh_key(), text).await.expect(201)["message"].clone()
    }

    /// Writes a message as the widget does: the same again until somebody says that it is stored.
    pub async fn writes_until_stored(&self, text: &str) {
        let (key, began) = (self.fresh_key(), tokio::time::Instant::now());
        let said = json!({ "key": key, "text": text });
        loop {
            match self.inner.web.try_send(Method::POST, "/v1/messages", Some(self.token()), &said).await {
                Ok(answer) if matches!(answer.status.as_u16(), 200 | 201) => return,
                Ok(answer) if answer.status.as_u16() != 503 => panic!("{} {}", answer.status, answer.text()),
                Ok(_) | Err(_) => {}
            }
            assert!(began.elapsed() < PATIENCE * 4, "{text:?} is never stored");
            tokio::time::sleep(REOPEN_AFTER).await;
        }
    }

    /// Sends a message with this key.
    pub async fn sends(&self, key: &str, text: &str) -> Answer {
        let said = json!({ "key": key, "text": text });
        self.inner.web.send(Method::POST, "/v1/messages", Some(self.token()), &said).await
    }

    /// The page says something more of him.
    pub async fn tells(&self, said: Value) {
        self.inner.web.send(Method::POST, "/v1/context", Some(&self.inner.token), &said).await.expect(204);
    }

    /// Says what the page has, and what was seen.
    pub async fn says_received(&self, received: i64, seen: Option<i64>) {
        let said = json!({ "received": received, "seen": seen });
        self.inner.web.send(Method::POST, "/v1/receipts", Some(self.token()), &said).await.expect(204);
    }

    /// Looks at everything that is on the page.
    pub async fn looks(&self) {
        let rev = self.page().last_rev;
        self.says_received(rev, Some(rev)).await;
    }

    /// The page as it is now.
    pub fn page(&self) -> MutexGuard<'_, Page> {
        self.inner.tab.as_ref().expect("this customer's page is closed").page()
    }

    /// What the customer sees.
    pub fn sees(&self) -> String {
        self.page().transcript()
    }

    /// Cuts the page's stream; it comes back by itself.
    pub fn cut(&self) {
        self.inner.tab.iter().for_each(|tab| tab.cut.notify_one());
    }

    /// Opens the conversation in another tab.
    pub fn opens_another_tab(&self) -> Tab {
        let tab = Tab::open(&self.inner.web, self.token(), false);
        self.inner.tabs.lock().unwrap_or_else(PoisonError::into_inner).push(tab.clone());
        tab
    }

    /// Closes every tab.
    pub fn leaves(&self) {
        self.tabs().iter().for_each(Tab::close);
    }

    /// Opens the conversation again, in a tab that tells the server what it has.
    pub fn comes_back(&self) -> Tab {
        let tab = Tab::open(&self.inner.web, self.token(), true);
        self.inner.tabs.lock().unwrap_or_else(PoisonError::into_inner).push(tab.clone());
        tab
    }

    /// Waits until the page shows this.
    pub async fn waits_to_see(&self, text: &str) {
        let seen = async || self.sees().contains(text);
        let waited = tokio::time::timeout(PATIENCE, until(text, seen)).await;
        assert!(waited.is_ok(), "{} never saw {text:?} but:\n{}", self.name(), self.sees());
    }

    /// All tabs.
    pub fn tabs(&self) -> Vec<Tab> {
        let more = self.inner.tabs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.inner.tab.iter().cloned().chain(more).collect()
    }

    pub fn fresh_key(&self) -> String {
        format!("message-{}", self.inner.keys.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl Tab {
    fn open(web: &Web, token: &str, receipts: bool) -> Tab {
        let page = Arc::<Mutex<Page>>::default();
        let (cut, closed) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let stream = Stream {
            web: web.clone(),
            token: token.to_string(),
            receipts,
            page: page.clone(),
            cut: cut.clone(),
            closed: closed.clone(),
        };
        Tab { page, cut, closed, task: Arc::new(tokio::spawn(stream.run())) }
    }

    pub fn page(&self) -> MutexGuard<'_, Page> {
        lock(&self.page)
    }

    /// Closes the tab.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.task.abort();
        self.page().ended();
    }

    /// True until it is closed.
    pub fn is_open(&self) -> bool {
        !self.closed.load(Ordering::SeqCst)
    }
}

/// The stream of a tab.
struct Stream {
    web: Web,
    token: String,
    receipts: bool,
    page: Arc<Mutex<Page>>,
    cut: Arc<Notify>,
    closed: Arc<AtomicBool>,
}

impl Stream {
    async fn run(self) {
        while !self.closed.load(Ordering::SeqCst) {
            self.listen().await;
            lock(&self.page).ended();
            tokio::time::sleep(REOPEN_AFTER).await;
        }
    }

    async fn listen(&self) {
        let (bearer, last) = (format!("Bearer {}", self.token), lock(&self.page).last_rev.to_string());
        let mut headers = vec![("authorization", bearer.as_str())];
        if last != "0" {
            headers.push(("last-event-id", &last));
        }
        let Ok(answer) = self.web.begin(Method::GET, "/v1/events", &headers, Bytes::new()).await else { return };
        // A server that cannot reach its database says so, and is asked again.
        if answer.status() == 503 {
            return;
        }
        if answer.status() != 200 {
            lock(&self.page).complaints.push(format!("the stream is refused: {}", answer.status()));
            return tokio::time::sleep(LOOK_EVERY * 20).await;
        }
        lock(&self.page).opened();
        let mut body = answer.into_body();
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                () = self.cut.notified() => return,
            };
            let Some(Ok(frame)) = frame else { return };
            let Some(bytes) = frame.data_ref() else { continue };
            let (came, rev) = {
                let mut page = lock(&self.page);
                let was_live = page.is_live;
                (page.take(bytes) || page.is_live != was_live, page.last_rev)
            };
            if came && rev > 0 && self.receipts {
                // One that gets lost is made good when the stream is open again.
                let said = json!({ "received": rev });
                match self.web.try_send(Method::POST, "/v1/receipts", Some(&self.token), &said).await {
                    Ok(answer) if answer.status == 204 => {}
                    Ok(_) | Err(_) => return,
                }
            }
        }
    }
}

fn lock(page: &Mutex<Page>) -> MutexGuard<'_, Page> {
    page.lock().unwrap_or_else(PoisonError::into_inner)
}
