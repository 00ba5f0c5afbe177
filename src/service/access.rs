//! How a customer gets to his conversations: he opens one, which gives his browser a token; and where
//! the site vouches for him he finds those of his other browsers, and gets a token for each that he
//! wants.

use super::{Refusal, Service, hex};
use crate::clock::Ids;
use crate::store::StoreError;
use sha2::{Digest, Sha256};
use threadline_core::context::Context;
use threadline_core::conversation::Conversation;
use threadline_core::customer::{Customer, Identity};
use threadline_core::ids::{ConversationId, CustomerId, DeskName};
use threadline_core::message::Message;

/// Conversations that are listed: older ones nobody looks for in a chat.
const LISTED_MAX: i64 = 20;

/// A conversation to be opened.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Who the customer is.
    pub customer: Customer,
    /// The topic's id.
    pub topic: String,
    /// Where he is, and what the site says of him.
    pub context: Context,
    /// The desk that the topic goes to.
    pub desk: DeskName,
}

/// A conversation that was opened, and the token that opens it to its customer: shown once, stored
/// only as a hash.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Which.
    pub id: ConversationId,
    /// Its number.
    pub number: i64,
    /// What the customer's browser keeps.
    pub token: Token,
}

/// A conversation in the list of a customer's.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Which.
    pub conversation: Conversation,
    /// The last word that the customer sees.
    pub last: Option<Message>,
    /// How many replies he has not seen.
    pub unread: i64,
}

/// What opens one conversation to its customer: `cnv_…` and 32 random bytes in hex.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The conversation it opens.
    pub conversation: ConversationId,
    /// SHA-256 of the whole token, in hex.
    hash: String,
    /// The whole token, while it is being handed out.
    text: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({}, …)", self.conversation)
    }
}

/// Bytes of randomness in a token.
const TOKEN_SECRET_BYTES: usize = 32;

impl Token {
    /// Reads a token as a browser sends it; none when it cannot be one.
    pub fn parse(text: &str) -> Option<Token> {
        let (conversation, secret) = text.split_once('.')?;
        let well_formed = secret.len() == 2 * TOKEN_SECRET_BYTES && secret.bytes().all(|b| b.is_ascii_hexdigit());
        let conversation = conversation.parse().ok().filter(|_| well_formed)?;
        Some(Token { conversation, hash: hex(&Sha256::digest(text.as_bytes())), text: text.to_string() })
    }

    /// The token as it is handed to the browser.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the whole token, in hex: what is stored of it.
    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    fn fresh(conversation: ConversationId, ids: &Ids) -> Result<Token, StoreError> {
        let secret = ids.secret_bytes::<TOKEN_SECRET_BYTES>();
        let secret = secret.map_err(|error| StoreError::Database(format!("no randomness for a token: {error}")))?;
        let text = format!("{conversation}.{}", hex(&secret));
        Ok(Token { conversation, hash: hex(&Sha256::digest(text.as_bytes())), text })
    }
}

impl Service {
    /// Opens a conversation: it has a number and a token, and no thread until the customer writes.
    pub async fn open_conversation(&self, opening: Opening) -> Result<Opened, StoreError> {
        let id = ConversationId(self.inner.ids.fresh());
        let token = Token::fresh(id, &self.inner.ids)?;
        let now = self.inner.clock.now();
        let hash = token.hash.clone();
        let number = self
            .inner
            .store
            .write(move |tx| {
                let (opening, hash) = (opening.clone(), hash.clone());
                Box::pin(async move {
                    let number = tx.next_number().await?;
                    let Opening { customer, topic, desk, context } = opening;
                    let conversation = Conversation::opened(id, number, customer, topic, desk, now);
                    tx.save_heads(&[&conversation]).await?;
                    tx.save_context(id, &context).await?;
                    tx.insert_token(&hash, id, now).await?;
                    Ok(number)
                })
            })
            .await?;
        Ok(Opened { id, number, token })
    }

    /// Opens a conversation with this id that nobody has a token for, if there is none yet.
    pub async fn open_by_mail(&self, id: ConversationId, opening: Opening) -> Result<(), StoreError> {
        let now = self.inner.clock.now();
        let write = self.inner.store.write(move |tx| {
            let opening = opening.clone();
            Box::pin(async move {
                if !tx.heads(&[id], &[]).await?.is_empty() {
                    return Ok(());
                }
                let number = tx.next_number().await?;
                let Opening { customer, topic, desk, context } = opening;
                tx.save_heads(&[&Conversation::opened(id, number, customer, topic, desk, now)]).await?;
                tx.save_context(id, &context).await
            })
        });
        write.await
    }

    /// The conversation that a token opens.
    pub(super) async fn opened_by(&self, token: &Token) -> Result<Conversation, Refusal> {
        let head = self.inner.store.opened_by(token.hash()).await?;
        head.filter(|head| head.id == token.conversation).ok_or(Refusal::NotYours)
    }

    /// The conversations of a customer in which something was written, the liveliest first.
    pub async fn conversations_of(&self, customer: &CustomerId) -> Result<Vec<Listed>, StoreError> {
        let store = &self.inner.store;
        let conversations = store.conversations_of(customer, LISTED_MAX).await?;
        let ids: Vec<ConversationId> = conversations.iter().map(|it| it.id).collect();
        let (mut last_words, unread) = (store.last_words(&ids).await?, store.unread_replies(&ids).await?);
        let listed = conversations.into_iter().map(|conversation| {
            let last = last_words.iter().position(|message| message.conversation == conversation.id);
            let last = last.map(|at| last_words.swap_remove(at));
            let unread = unread.get(&conversation.id).copied().unwrap_or_default();
            Listed { conversation, last, unread }
        });
        Ok(listed.collect())
    }

    /// A token for the conversation of this number, for whoever has shown that it is his: the caller has checked
    /// that.
    pub async fn token_for(&self, number: i64) -> Result<(Conversation, Token), Refusal> {
        let head = self.inner.store.conversation_by_number(number).await?.ok_or(Refusal::NotYours)?;
        let (id, token) = (head.id, Token::fresh(head.id, &self.inner.ids)?);
        let (now, hash) = (self.inner.clock.now(), token.hash.clone());
        let write = self.inner.store.write(move |tx| {
            let hash = hash.clone();
            Box::pin(async move {
                tx.insert_token(&hash, id, now).await?;
                tx.bound_tokens(id).await
            })
        });
        write.await?;
        Ok((head, token))
    }

    /// Another token for a conversation, if it is this customer's.
    pub async fn another_token(
        &self,
        customer: CustomerId,
        id: ConversationId,
    ) -> Result<(Conversation, Token), Refusal> {
        let token = Token::fresh(id, &self.inner.ids)?;
        let now = self.inner.clock.now();
        let hash = token.hash.clone();
        let conversation = self
            .inner
            .store
            .write(move |tx| {
                let (customer, hash) = (customer.clone(), hash.clone());
                Box::pin(async move {
                    let head = tx.heads(&[id], &[]).await?.pop();
                    let is_his = |head: &Conversation| match &head.customer.identity {
                        Identity::Proven { id, .. } => *id == customer,
                        Identity::Unproven => false,
                    };
                    let Some(head) = head.filter(is_his) else { return Ok(None) };
                    tx.insert_token(&hash, id, now).await?;
                    tx.bound_tokens(id).await?;
                    Ok(Some(head))
                })
            })
            .await?;
        Ok((conversation.ok_or(Refusal::NotYours)?, token))
    }
}
