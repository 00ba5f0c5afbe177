//! Signed names of conversations: the address that a customer replies to, and the ids of our letters.
//! Whoever has one has had a letter of that conversation; nobody can make one up. Made when a letter is
//! composed, checked when one comes in; the same secret, said differently for each purpose.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a signature that are kept: 80 bits, sixteen letters. Guessing one takes 2^79 letters.
const SIGNATURE_BYTES: usize = 10;
/// Random bytes in the id of a letter.
pub const NONCE_BYTES: usize = 10;
/// Longest number of a conversation, in digits.
const NUMBER_DIGITS_MAX: usize = 12;
/// Longest that mail servers take before the @ (RFC 5321, 4.5.3.1.1).
#[cfg(test)]
const LOCAL_PART_BYTES_MAX: usize = 64;

/// What a signature is for; one for an address is none for a letter.
#[derive(Clone, Copy)]
enum Purpose {
    Reply,
    Letter,
    Page,
}

/// Makes signed names, and checks them.
#[derive(Clone)]
pub struct Signer {
    local: String,
    domain: String,
    /// The first signs, any of them checks.
    secrets: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("address", &self.own_address()).finish_non_exhaustive()
    }
}

impl Signer {
    /// For the address that customers write to. The first secret signs, any of them checks; with none
    /// nothing is right.
    pub fn new(address: &str, secrets: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Signer {
        let (local, domain) = address.split_once('@').unwrap_or((address, ""));
        let secrets = secrets.into_iter().map(|secret| secret.as_ref().to_vec()).collect();
        Signer { local: local.to_string(), domain: domain.to_ascii_lowercase(), secrets }
    }

    /// The address that customers write to.
    pub fn own_address(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// What stands behind the @.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The address that answers in a conversation: `support+t1042.…@example.com`.
    pub fn reply_address(&self, number: i64) -> String {
        let signature = self.signature(Purpose::Reply, &number.to_string());
        format!("{}+t{number}.{signature}@{}", self.local, self.domain)
    }

    /// The id of a letter of ours, without the angle brackets: `t1042.….…@example.com`.
    pub fn message_id(&self, number: i64, nonce: [u8; NONCE_BYTES]) -> String {
        let named = format!("{number}.{}", base32(&nonce));
        let signature = self.signature(Purpose::Letter, &named);
        format!("t{named}.{signature}@{}", self.domain)
    }

    /// What names a conversation's page: `1042.…`. It opens the conversation to whoever has it, so it stands in
    /// letters to the customer alone, and in an address only behind the `#`, which no server is sent.
    pub fn page(&self, number: i64) -> String {
        format!("{number}.{}", self.signature(Purpose::Page, &number.to_string()))
    }

    /// The conversation of the page that is named so; none where it is not one of ours.
    pub fn conversation_of_page(&self, page: &str) -> Option<i64> {
        let (number, signature) = page.trim().split_once('.')?;
        self.signed(Purpose::Page, number, number, signature)
    }

    /// The conversation that a reply address names; none where it is not one of ours.
    pub fn conversation_at(&self, address: &str) -> Option<i64> {
        let (local, domain) = address.trim().rsplit_once('@')?;
        // Whoever wrote to `support` by another domain or name of the same mailbox has no signature.
        let (of_us, plus) = local.rsplit_once('+')?;
        if !of_us.eq_ignore_ascii_case(&self.local) || !domain.eq_ignore_ascii_case(&self.domain) {
            return None;
        }
        let (named, signature) = after_t(plus)?.split_once('.')?;
        self.signed(Purpose::Reply, named, named, signature)
    }

    /// The conversation of a letter of ours, by its id; none where it is no letter of ours.
    pub fn conversation_of(&self, message_id: &str) -> Option<i64> {
        let id = message_id.trim().trim_matches(['<', '>']).to_ascii_lowercase();
        let (local, domain) = id.rsplit_once('@')?;
        let (named, signature) = after_t(local)?.rsplit_once('.')?;
        let (number, _nonce) = named.split_once('.')?;
        if domain != self.domain {
            return None;
        }
        self.signed(Purpose::Letter, number, named, signature)
    }

    /// The number, if the signature of what names it is right.
    fn signed(&self, purpose: Purpose, number: &str, named: &str, signature: &str) -> Option<i64> {
        let is_number = number.len() <= NUMBER_DIGITS_MAX && number.bytes().all(|b| b.is_ascii_digit());
        // `01` and `1` are one number and would have one signature too few.
        let number = number.parse::<i64>().ok().filter(|_| is_number && (number == "0" || !number.starts_with('0')))?;
        let signature = from_base32(signature)?;
        let is_right = |secret: &Vec<u8>| {
            mac(secret, purpose, named).is_some_and(|mac| mac.verify_truncated_left(&signature).is_ok())
        };
        self.secrets.iter().any(is_right).then_some(number)
    }

    fn signature(&self, purpose: Purpose, named: &str) -> String {
        let mac = self.secrets.first().and_then(|secret| mac(secret, purpose, named));
        mac.map(|mac| base32(&mac.finalize().into_bytes()[..SIGNATURE_BYTES])).unwrap_or_default()
    }
}

fn after_t(text: &str) -> Option<&str> {
    text.strip_prefix(['t', 'T'])
}

fn mac(secret: &[u8], purpose: Purpose, named: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(match purpose {
        Purpose::Reply => b"threadline reply address\0",
        Purpose::Letter => b"threadline letter\0",
        Purpose::Page => b"threadline page\0",
    });
    mac.update(named.as_bytes());
    Some(mac)
}

/// Letters and digits that survive mail servers that change the case (RFC 4648, base 32), in lower case.
fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

/// A signature's bytes; none where it is not as long as one.
fn from_base32(text: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OLD: &str = "an older secret of forty characters ....";
    const NEW: &str = "a newer secret of forty characters .....";

    fn signer(secrets: &[&str]) -> Signer {
        Signer::new("Support@Example.com", secrets)
    }

    #[test]
    fn an_address_names_its_conversation_whatever_the_case() {
        let signer = signer(&[NEW]);
        let address = signer.reply_address(1042);
        expect_test::expect!["Support+t1042.bw667a5gekmg25if@example.com"].assert_eq(&address);
        for same in [address.clone(), address.to_uppercase(), address.to_lowercase(), format!(" {address} ")] {
            assert_eq!(signer.conversation_at(&same), Some(1042), "{same}");
        }
    }

    #[test]
    fn what_names_a_page_is_signed_for_that_alone() {
        let (signer, other) = (signer(&[NEW, OLD]), signer(&["another secret of forty characters ....."]));
        let page = signer.page(1042);
        expect_test::expect!["1042.klmzh5hmebsx3isz"].assert_eq(&page);
        assert_eq!(signer.conversation_of_page(&format!(" {page}")), Some(1042));
        assert_eq!(signer.conversation_of_page(&super::tests::signer(&[OLD]).page(7)), Some(7));
        assert_eq!(other.conversation_of_page(&page), None);
        let (_, of_address) =
            signer.reply_address(1042).split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let of_address = of_address.split('@').next().unwrap().to_owned();
        for forged in
            [page.replace("1042", "1043"), format!("1042.{of_address}"), "1042.".into(), "1042".into(), String::new()]
        {
            assert_eq!(signer.conversation_of_page(&forged), None, "{forged}");
        }
    }

    #[test]
    fn the_longest_address_fits() {
        let local = "x".repeat(33);
        let address = Signer::new(&format!("{local}@example.com"), [NEW]).reply_address(999_999_999_999);
        assert_eq!(address.split_once('@').unwrap().0.len(), LOCAL_PART_BYTES_MAX);
    }

    #[test]
    fn a_secret_is_changed_without_losing_replies() {
        let (before, between, after) = (signer(&[OLD]), signer(&[NEW, OLD]), signer(&[NEW]));
        let address = before.reply_address(7);
        assert_eq!(between.conversation_at(&address), Some(7));
        assert_eq!(after.conversation_at(&address), None);
        assert_eq!(between.reply_address(7), after.reply_address(7));
        assert_eq!(signer(&[]).conversation_at(&signer(&[]).reply_address(7)), None);
    }

    #[test]
    fn what_is_forged_names_nothing() {
        let signer = signer(&[NEW]);
        let right = signer.reply_address(1042);
        let (local, _) = right.split_once('@').unwrap();
        let signature = local.rsplit_once('.').unwrap().1;
        for forged in [
            "support@example.com".to_string(),
            "support+t1042@example.com".to_string(),
            "support+t1042.@example.com".to_string(),
            right.replace("1042", "1043"),
            right.replace("1042", "01042"),
            right.replace("1042", "+1042"),
            right.replace("1042", "99999999999999999999"),
            right.replace("example.com", "example.com.evil.test"),
            right.replace("Support+", "sales+"),
            right.replace(signature, &signature[..15]),
            right.replace(signature, &format!("{signature}a")),
            right.replace(signature, "aaaaaaaaaaaaaaaa"),
            format!("{right}@evil.test"),
        ] {
            assert_eq!(signer.conversation_at(&forged), None, "{forged}");
        }
    }

    #[test]
    fn a_letter_of_ours_is_known_by_its_id_and_is_no_address() {
        let signer = signer(&[NEW]);
        let id = signer.message_id(1042, [7; NONCE_BYTES]);
        expect_test::expect!["t1042.a4dqobyha4dqobyh.ywfxeun3s7elbio5@example.com"].assert_eq(&id);
        assert_eq!(signer.conversation_of(&format!("<{id}>")), Some(1042));
        assert_eq!(signer.conversation_of(&id.to_uppercase()), Some(1042));
        assert_eq!(signer.conversation_of(&id.replace("a4dq", "a4dr")), None);
        assert_eq!(signer.conversation_of(&id.replace("1042", "1043")), None);
        assert_eq!(signer.conversation_at(&format!("support+{id}")), None);
        let reply = signer.reply_address(1042);
        assert_eq!(signer.conversation_of(reply.trim_start_matches("Support+")), None);
        assert_ne!(id, signer.message_id(1042, [8; NONCE_BYTES]));
    }

    proptest! {
        #[test]
        fn every_conversation_reads_back(number in 0..1_000_000_000_000_i64, nonce: [u8; NONCE_BYTES]) {
            let signer = signer(&[NEW]);
            prop_assert_eq!(signer.conversation_at(&signer.reply_address(number)), Some(number));
            prop_assert_eq!(signer.conversation_of(&signer.message_id(number, nonce)), Some(number));
        }

        #[test]
        fn whatever_is_written_there_it_names_nothing(text in "\\PC{0,80}") {
            let signer = signer(&[NEW]);
            prop_assert_eq!(signer.conversation_at(&text), None);
            prop_assert_eq!(signer.conversation_at(&format!("support+t{text}@example.com")), None);
            prop_assert_eq!(signer.conversation_of(&text), None);
        }
    }
}
