//! What both mail servers have in common: whose certificates are trusted, and what a server says when it
//! refuses, without the addresses in it, so that it can be shown and logged.

use anyhow::Context;
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Longest of what a server says that is kept, in characters.
const SAID_CHARS_MAX: usize = 300;

/// TLS that trusts the system's certificates, and the operator's own.
pub(super) fn trust(extra_ca: Option<&str>) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in CertificateDer::pem_slice_iter(extra_ca.unwrap_or_default().as_bytes()) {
        let certificate = certificate.context("a certificate in email.ca_file cannot be read")?;
        roots.add(certificate).context("a certificate in email.ca_file is no use")?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().context("cannot prepare TLS")?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// What a server said, in one line, without any address.
pub(super) fn said(text: &str) -> String {
    let words = text.split_whitespace().map(|word| if word.contains('@') { "(an address)" } else { word });
    let words = words.collect::<Vec<_>>().join(" ");
    words.chars().filter(|c| !c.is_control()).take(SAID_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_names_nobody() {
        assert_eq!(said("550 5.1.1 <ada@example.com>:\r\n no such user"), "550 5.1.1 (an address) no such user");
        assert_eq!(said(&"x".repeat(1_000)).len(), SAID_CHARS_MAX);
    }

    #[test]
    fn a_certificate_that_is_none_is_told() {
        assert!(trust(None).is_ok());
        let broken = trust(Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
        assert!(format!("{:#}", broken.unwrap_err()).contains("email.ca_file"));
    }
}
