//! What the load writes into every message so that it can be recognised on the other side: who
//! sent it, which one it is, and when. Only letters, digits and dashes, so that it goes through
//! JSON, Slack's markup and the page unchanged; of fixed width, so that a prepared request is
//! patched in place.

use std::time::Instant;

/// Which way a message goes; the first letter of its stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From a customer to Slack.
    ToSlack,
    /// From an agent to the customer's page.
    ToPage,
}

/// One message's stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Index of the customer.
    pub customer: u32,
    /// Counts the messages of this customer in this direction, from 1.
    pub number: u32,
    /// Nanoseconds from the start of the program to the sending.
    pub sent_nanos: u64,
}

/// Letters that a stamp begins with: as many for both ways.
const PREFIX_BYTES: usize = 9;
/// Digits of the three numbers.
const DIGITS: [usize; 3] = [6, 8, 14];
/// A whole stamp: the prefix, three numbers, and a dash between two of them each.
pub const STAMP_BYTES: usize = PREFIX_BYTES + 1 + DIGITS[0] + 1 + DIGITS[1] + 1 + DIGITS[2];

impl Way {
    fn prefix(self) -> &'static [u8; PREFIX_BYTES] {
        match self {
            Way::ToSlack => b"loadslack",
            Way::ToPage => b"loadspage",
        }
    }
}

impl Stamp {
    /// The stamp as text.
    pub fn text(self, way: Way) -> String {
        let mut bytes = [0; STAMP_BYTES];
        self.write(way, &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes the stamp over the first [`STAMP_BYTES`] of `to`.
    pub fn write(self, way: Way, to: &mut [u8]) {
        to[..PREFIX_BYTES].copy_from_slice(way.prefix());
        let mut at = PREFIX_BYTES;
        for (digits, number) in DIGITS.into_iter().zip([self.customer.into(), self.number.into(), self.sent_nanos]) {
            to[at] = b'-';
            at += 1;
            let mut rest = number;
            for place in to[at..at + digits].iter_mut().rev() {
                *place = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            at += digits;
        }
    }

    fn read(bytes: &[u8]) -> Option<Stamp> {
        let mut numbers = [0u64; 3];
        let mut at = PREFIX_BYTES;
        for (digits, number) in DIGITS.into_iter().zip(&mut numbers) {
            for digit in bytes.get(at + 1..at + 1 + digits)? {
                *number = *number * 10 + u64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
            }
            at += 1 + digits;
        }
        let [customer, number, sent_nanos] = numbers;
        Some(Stamp { customer: customer.try_into().ok()?, number: number.try_into().ok()?, sent_nanos })
    }
}

/// Hands every whole stamp of this way in `bytes` to `found`, in order, and says from where on a
/// stamp might be cut off: these bytes have to be looked at again when more have come.
pub fn find_stamps(way: Way, bytes: &[u8], mut found: impl FnMut(Stamp)) -> usize {
    let mut from = 0;
    while let Some(at) = position(&bytes[from..], way.prefix()) {
        let at = from + at;
        if bytes.len() - at < STAMP_BYTES {
            return at;
        }
        if let Some(stamp) = Stamp::read(&bytes[at..]) {
            found(stamp);
        }
        from = at + STAMP_BYTES;
    }
    from.max(bytes.len().saturating_sub(PREFIX_BYTES - 1))
}

/// Where `wanted` begins in `bytes`.
pub fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// Nanoseconds from `start` until now.
pub fn nanos_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
