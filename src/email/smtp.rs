//! Hands letters to the mail server. What becomes of one is an enum that decides: it is sent, it is tried
//! again, or it will never go. Only what the server says for good about this one letter is never: a server
//! that cannot be reached, knows us not or is busy says nothing about the letter.
//!
//! A connection that breaks after the whole letter was handed over and before the answer leaves it unclear;
//! that is [`Outcome::Later`], so a letter can arrive twice, and never not at all. Both have one id.

use super::letter::Sealed;
use super::server::said;
use crate::config::{Email, MailTls};
use anyhow::Context;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport, Tokio1Executor};
use std::time::Duration;

/// How long the server may take for one answer (RFC 5321, 4.5.3.2, allows minutes; a letter can wait, so it
/// is tried again instead).
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// How long a whole letter may take: the largest on a slow line.
const LETTER_MAX: Duration = Duration::from_secs(600);
/// Connections at once: enough for a busy desk, and fewer than any provider refuses.
const CONNECTIONS_MAX: u32 = 4;
/// How long a connection is kept for the next letter; servers close them after a few minutes.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it.
    Sent,
    /// It is not known to be sent, and is to be tried again.
    Later {
        /// Why, in words, without addresses.
        why: String,
    },
    /// The server will never take it.
    Never {
        /// Why, in its words, without addresses.
        why: String,
    },
}

/// The mail server that takes our letters. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Smtp {
    /// Prepares the connections; none is made yet.
    ///
    /// # Errors
    ///
    /// When a certificate of the operator's is no use.
    pub fn new(email: &Email) -> anyhow::Result<Smtp> {
        let server = &email.smtp;
        let tls = match server.tls {
            MailTls::None => Tls::None,
            MailTls::StartTls => Tls::Required(parameters(email)?),
            MailTls::Implicit => Tls::Wrapper(parameters(email)?),
        };
        let pool = PoolConfig::new().max_size(CONNECTIONS_MAX).idle_timeout(IDLE_MAX);
        // "Dangerous" is that nothing is encrypted unless `tls` says so, which it does.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .timeout(Some(ANSWER_MAX))
            .tls(tls)
            .pool_config(pool);
        let builder = match &server.login {
            Some(login) => builder.credentials(Credentials::new(login.user.clone(), login.password.expose().into())),
            None => builder,
        };
        Ok(Smtp { transport: builder.build() })
    }

    /// Sends a letter.
    pub async fn send(&self, letter: &Sealed) -> Outcome {
        let sending = self.transport.send_raw(&letter.envelope, &letter.bytes);
        let error = match tokio::time::timeout(LETTER_MAX, sending).await {
            Ok(Ok(_)) => return Outcome::Sent,
            Ok(Err(error)) => error,
            Err(_) => return Outcome::Later { why: "the mail server takes too long".to_string() },
        };
        let why = words(&error);
        // A wrong password is for good too, but not the letter's fault: whoever is let in after a refusal
        // was refused the letter.
        if error.is_permanent() && self.transport.test_connection().await.is_ok() {
            Outcome::Never { why }
        } else {
            Outcome::Later { why }
        }
    }
}

/// Connects and logs in, for the operator. Nothing is sent.
///
/// # Errors
///
/// What is wrong, in words.
pub async fn check(email: &Email) -> Result<String, String> {
    let place = format!("{}:{}", email.smtp.host, email.smtp.port);
    let smtp = Smtp::new(email).map_err(|error| format!("{error:#}"))?;
    match smtp.transport.test_connection().await {
        Ok(true) => Ok(format!("{place} lets us in")),
        Ok(false) => Err(format!("{place} lets us in, and then does not answer")),
        Err(error) => Err(format!("{place}: {}", words(&error))),
    }
}

fn parameters(email: &Email) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(email.smtp.host.clone());
    if let Some(pem) = &email.extra_ca {
        let certificate = Certificate::from_pem(pem.as_bytes());
        builder = builder.add_root_certificate(certificate.context("a certificate in email.ca_file is no use")?);
    }
    builder.build().context("cannot prepare TLS for the mail server")
}

/// What went wrong: the server's answer with its code, or what happened to the connection.
fn words(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    match (error.status(), cause) {
        (Some(code), Some(text)) => said(&format!("{code} {text}")),
        (Some(code), None) => code.to_string(),
        (None, Some(cause)) if error.is_tls() => said(&format!("it cannot be encrypted: {cause}")),
        (None, _) if error.is_timeout() => "it does not answer in time".to_string(),
        (None, Some(cause)) => said(&format!("it cannot be reached, or hung up: {cause}")),
        (None, None) => said(&error.to_string()),
    }
}
