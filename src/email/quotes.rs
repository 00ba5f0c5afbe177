//! What is new in a reply: its text without what it quotes, without the signature and without what a phone
//! adds. Where it is not clear it stays: an answer between quoted lines keeps them, prose that looks a little
//! like the head of a quote stays, and the whole letter is kept elsewhere in any case.

use super::html::{QUOTE_BEGINS, REST_IS_QUOTED};

/// A head of a quote is so many lines at most: `On … <long@address>` is broken at 76 characters.
const HEAD_LINES_MAX: usize = 3;
/// Longest head of a quote, in bytes.
const HEAD_BYTES_MAX: usize = 400;
/// So many lines Outlook's block of headers has at most; long lists of recipients are broken.
const BLOCK_LINES_MAX: usize = 12;
/// Below two dashes stands a signature only if it is no longer than this.
const SIGNATURE_LINES_MAX: usize = 15;
/// Longest line that a phone adds.
const PHONE_LINE_CHARS_MAX: usize = 120;
/// Shortest line across the page.
const RULE_CHARS_MIN: usize = 5;

/// How the head of a quote begins, and what its verb is: English, German, French, Spanish, Italian,
/// Portuguese, Dutch, Swedish, Polish.
const HEADS: [(&str, &str); 10] = [
    ("on ", "wrote"),
    ("am ", "schrieb"),
    ("le ", "a écrit"),
    ("el ", "escribió"),
    ("il ", "ha scritto"),
    ("em ", "escreveu"),
    ("op ", "schreef"),
    ("den ", "skrev"),
    ("w dniu ", "napisał"),
    ("a ", "escreveu"),
];
/// The names of From in Outlook's block, in the same languages.
const FROM: [&str; 7] = ["from", "von", "de", "da", "van", "från", "od"];
/// The names of Sent, Date, To, Cc and Subject there.
const OTHERS: [&str; 36] = [
    "sent",
    "date",
    "to",
    "cc",
    "subject",
    "gesendet",
    "datum",
    "an",
    "betreff",
    "envoyé",
    "date d’envoi",
    "à",
    "objet",
    "enviado",
    "enviado el",
    "enviada el",
    "fecha",
    "para",
    "asunto",
    "inviato",
    "data",
    "a",
    "oggetto",
    "enviada",
    "enviada em",
    "assunto",
    "verzonden",
    "aan",
    "onderwerp",
    "skickat",
    "till",
    "ämne",
    "wysłano",
    "do",
    "dw",
    "temat",
];
/// What stands between dashes above a quote.
const ORIGINAL: [&str; 8] = [
    "original message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "mensaje original",
    "message d'origine",
    "message original",
    "messaggio originale",
    "mensagem original",
];
/// How the line begins that a phone or a program adds at the end.
const PHONES: [&str; 20] = [
    "sent from my ",
    "sent from mail for ",
    "sent from outlook",
    "sent from yahoo",
    "sent via ",
    "sent with ",
    "get outlook for ",
    "von meinem ",
    "gesendet von ",
    "gesendet mit ",
    "holen sie sich outlook",
    "outlook für ",
    "enviado desde ",
    "enviado de ",
    "obtener outlook para ",
    "envoyé de mon ",
    "envoyé depuis ",
    "envoyé à partir de ",
    "télécharger outlook pour ",
    "obtenez outlook pour ",
];

/// What somebody wrote, of the text of his letter. Empty where he wrote nothing himself. In a letter that
/// answers none, or passes one on, what looks quoted `is_content`.
pub fn new_words(text: &str, is_content: bool) -> String {
    let lines: Vec<&str> = text.split('\n').map(str::trim_end).collect();
    let mut kept = if is_content { lines } else { unquoted(&lines) };
    kept.retain(|line| !is_mark(line) && !is_picture(line));
    cut_signature(&mut kept);
    cut_phone(&mut kept);
    let mut words = String::new();
    for line in kept {
        // Where a quote was taken out, one blank line is left of the two.
        if line.is_empty() && (words.is_empty() || words.ends_with("\n\n")) {
            continue;
        }
        words.push_str(line);
        words.push('\n');
    }
    words.trim().to_string()
}

/// The lines that are not quoted.
fn unquoted<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let end = quoted_end(lines);
    let mut kept = Vec::new();
    let mut at = 0;
    while at < end {
        let head = head_of_quote(&lines[at..end]);
        if head == 0 {
            kept.push(lines[at]);
            at += 1;
            continue;
        }
        let quote = skip_blank(lines, at + head, end);
        let rest = skip_quote(lines, quote, end);
        if lines[rest..end].iter().any(|line| is_quoted(line)) {
            // Answers between the questions: without these they would say nothing.
            kept.extend(&lines[quote..end]);
            break;
        }
        at = rest;
    }
    kept
}

/// Where the lines end that may be new: below is nothing but a quote.
fn quoted_end(lines: &[&str]) -> usize {
    let last = lines.iter().rposition(|line| !line.is_empty() && !is_quoted(line)).map_or(0, |last| last + 1);
    // A quote down to the end, with or without a head.
    let mut end = lines.len();
    if last < lines.len() && lines[last..].iter().any(|line| is_quoted(line)) {
        end = last;
        for head in 1..=HEAD_LINES_MAX.min(last) {
            let (from, above) = (last - head, lines[..last - head].last());
            let is_marked = above.is_some_and(|line| line.contains(QUOTE_BEGINS));
            if is_marked || head_at(&lines[from..last], true) == head {
                end = from;
            }
        }
    }
    let begins = |at: usize| {
        let here = &lines[at..];
        here[0].contains(REST_IS_QUOTED) || is_original(here[0]) || is_block(here) || is_plain_head(here)
    };
    let end = (0..end).find(|at| begins(*at)).unwrap_or(end);
    // A rule above the quote belongs to it.
    let is_frame = |line: &&str| line.is_empty() || is_rule(line) || is_mark(line);
    let without_frame = lines[..end].iter().rposition(|line| !is_frame(line)).map_or(0, |last| last + 1);
    if end < lines.len() { without_frame } else { end }
}

/// How many lines at the top are the head of a quote whose lines are marked below; 0 if there is none.
fn head_of_quote(lines: &[&str]) -> usize {
    let is_followed = |head: usize| {
        let quote = skip_blank(lines, head, lines.len());
        lines.get(quote).is_some_and(|line| is_quoted(line))
    };
    if lines[0].contains(QUOTE_BEGINS) {
        return (1..=HEAD_LINES_MAX + 1).find(|head| *head < lines.len() && is_followed(*head)).unwrap_or(0);
    }
    let head = head_at(lines, true);
    if head > 0 && is_followed(head) { head } else { 0 }
}

/// True for the head of a quote whose lines are not marked, as Yahoo writes it: it has to be certain.
fn is_plain_head(lines: &[&str]) -> bool {
    let head = head_at(lines, false);
    head > 0 && lines.get(skip_blank(lines, head, lines.len())).is_some_and(|line| !is_quoted(line))
}

/// How many lines at the top are the head of a quote: `On …, Ana wrote:`. Where the quote below is not
/// marked, it has to name an address: "On 3 May at 10:04 I wrote:" is how people write, too.
fn head_at(lines: &[&str], is_marked: bool) -> usize {
    let mut head = String::new();
    for (at, line) in lines.iter().take(HEAD_LINES_MAX).enumerate() {
        if line.is_empty() || is_quoted(line) || head.len() + line.len() > HEAD_BYTES_MAX {
            return 0;
        }
        head.push_str(line.trim());
        head.push(' ');
        let said = head.trim_matches([' ', '*', '_']).replace(['\u{a0}', '\u{202f}'], " ").to_lowercase();
        let begins = HEADS.iter().any(|(beginning, _)| said.starts_with(beginning));
        if !begins && !said.contains('@') {
            return 0;
        }
        let has_digit = said.contains(|c: char| c.is_ascii_digit());
        let has_verb = HEADS
            .iter()
            .any(|(beginning, verb)| said.contains(verb) && (said.starts_with(beginning) || said.contains('@')));
        let is_address = said.contains('@') && said.ends_with(">:");
        if said.ends_with(':') && has_digit && (has_verb || is_address) {
            return if is_marked || said.contains('@') { at + 1 } else { 0 };
        }
    }
    0
}

/// Outlook's block: `From:` and two more lines of its kind.
fn is_block(lines: &[&str]) -> bool {
    if !label(lines[0]).is_some_and(|label| FROM.contains(&label.as_str())) {
        return false;
    }
    let block = lines.iter().skip(1).take(BLOCK_LINES_MAX).take_while(|line| !line.is_empty());
    block.filter(|line| label(line).is_some_and(|label| OTHERS.contains(&label.as_str()))).count() >= 2
}

/// What stands before the colon, in lower case.
fn label(line: &str) -> Option<String> {
    let (label, _) = line.split_once(':')?;
    let label = label.trim_matches([' ', '*', '_', '\u{a0}', '\t']);
    (label.len() <= 20).then(|| label.to_lowercase())
}

fn is_original(line: &str) -> bool {
    let said = line.trim_matches(['-', '_', ' ', '*']).to_lowercase().replace('’', "'");
    line.starts_with(['-', '_']) && ORIGINAL.contains(&said.as_str())
}

fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.chars().count() >= RULE_CHARS_MIN && line.chars().all(|c| matches!(c, '_' | '-' | '='))
}

fn is_quoted(line: &str) -> bool {
    line.starts_with('>')
}

fn is_mark(line: &str) -> bool {
    line.contains([QUOTE_BEGINS, REST_IS_QUOTED])
}

/// What stands in plain text for a picture that comes as a file: `[image: a.png]`, `[cid:image001.png@01DC]`.
fn is_picture(line: &str) -> bool {
    let inside = line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    inside.is_some_and(|it| !it.contains('[') && (it.starts_with("image: ") || it.starts_with("cid:")))
}

fn skip_blank(lines: &[&str], from: usize, end: usize) -> usize {
    (from..end).find(|at| !lines[*at].is_empty()).unwrap_or(end)
}

/// Past the quoted lines, and the blank ones between them.
fn skip_quote(lines: &[&str], from: usize, end: usize) -> usize {
    (from..end).find(|at| !lines[*at].is_empty() && !is_quoted(lines[*at])).unwrap_or(end)
}

/// Two dashes and what is below, if it is as short as a signature.
fn cut_signature(lines: &mut Vec<&str>) {
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let from = lines.len().saturating_sub(SIGNATURE_LINES_MAX + 1);
    if let Some(at) = lines[from..].iter().position(|line| matches!(*line, "--" | "—")) {
        lines.truncate(from + at);
    }
}

/// `Sent from my iPhone`, by itself at the end.
fn cut_phone(lines: &mut Vec<&str>) {
    let Some(last) = lines.iter().rposition(|line| !line.is_empty()) else { return };
    let line = lines[last].trim_matches([' ', '*', '_', '<', '\t']).to_lowercase();
    let is_alone = last == 0 || lines[last - 1].is_empty() || is_rule(lines[last - 1]);
    if is_alone && line.chars().count() <= PHONE_LINE_CHARS_MAX && PHONES.iter().any(|phone| line.starts_with(phone)) {
        let above = lines[..last].iter().rposition(|line| !line.is_empty() && !is_rule(line)).map_or(0, |at| at + 1);
        lines.truncate(above);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QUOTE: &str = "> It works again.\n>\n> --\n> #1042";

    #[test]
    fn heads_of_quotes_in_the_languages_and_programs_that_are_common() {
        for head in [
            "On Thu, Nov 26, 2026 at 10:04 AM Example Support <support+t1042.6sfobnj4a6dik3hz@example.com>\nwrote:",
            "On 26 Nov 2026, at 10:04, Example Support <support@example.com> wrote:",
            "On 11/26/26 10:04, Example Support wrote:",
            "On Thursday, November 26, 2026 at 10:04:12 AM GMT+1, Example Support <support@example.com> wrote:",
            "Am Do., 26. Nov. 2026 um 16:04 Uhr schrieb Example Support <\nsupport@example.com>:",
            "Am 26.11.26 um 16:04 schrieb Example Support:",
            "Le jeu. 26 nov. 2026 à 16:04, Example Support <support@example.com> a écrit :",
            "Le 26/11/2026 à 16:04, Example Support a écrit\u{a0}:",
            "El jue, 26 nov 2026 a las 16:04, Example Support (<support@example.com>) escribió:",
            "El 26/11/26 a las 16:04, Example Support escribió:",
            "Il giorno gio 26 nov 2026 alle ore 16:04 Example Support <support@example.com> ha scritto:",
            "Em qui., 26 de nov. de 2026 às 16:04, Example Support <support@example.com> escreveu:",
            "2026-11-26 16:04 GMT+01:00 Example Support <support@example.com>:",
            "Example Support <support@example.com> wrote on 26.11.2026 16:04:",
        ] {
            let top = format!("Thanks!\n\n{head}\n\n{QUOTE}\n");
            assert_eq!(new_words(&top, false), "Thanks!", "{head}");
            let bottom = format!("{head}\n{QUOTE}\n\nThanks!\n");
            assert_eq!(new_words(&bottom, false), "Thanks!", "{head}");
            let yahoo = format!("Thanks!\n\n{head}\n\n It works again.\n");
            let is_certain = head.contains('@');
            assert_eq!(new_words(&yahoo, false) == "Thanks!", is_certain, "{head}");
        }
    }

    #[test]
    fn outlooks_blocks() {
        for block in [
            "________________________________\nFrom: Example Support <support@example.com>\nSent: Thursday\nTo: Ada\nSubject: x",
            "-----Original Message-----\nFrom: Example Support\nSent: Thursday\nTo: Ada",
            "Von: Example Support <support@example.com>\nGesendet: Donnerstag\nAn: Ada\nBetreff: x",
            "De : Example Support <support@example.com>\nEnvoyé : jeudi\nÀ : Ada\nObjet : x",
            "*De:* Example Support\n*Enviado:* jueves\n*Para:* Ada\n*Asunto:* x",
            "De: Example Support\nEnviado el: jueves\nPara: Ada\nAsunto: x",
        ] {
            let letter = format!("Thanks!\n\n{block}\n\nIt works again.\n");
            assert_eq!(new_words(&letter, false), "Thanks!", "{block}");
            assert!(new_words(&letter, true).contains("It works again."), "{block}");
        }
    }

    #[test]
    fn prose_stays() {
        for prose in [
            "if a > b then it fails\nplease fix",
            "Use the --verbose flag\n\nthen it is ok",
            "On Monday Bob wrote:\n\nhello is not a quote",
            "On page 3 your manual wrote:\n\nsomething odd",
            "On 26 Nov 2026 at 10:04 I wrote:\n\nthat it hangs, and it does",
            "From: here on it fails\nand so on",
            "A list:\n- one\n- two",
            "> q1?\nyes\n> q2?\nno",
            "Sent from the warehouse\nyesterday",
            "> quoted\n\nand answered",
            "a\n\nb\n\nc",
        ] {
            assert_eq!(new_words(prose, false), prose);
        }
    }

    #[test]
    fn answers_between_the_questions_keep_them() {
        let letter = "Hello,\n\nOn 26 Nov 2026, at 10:04, Ana <s@example.com> wrote:\n\n> Which one?\n\nThe first.\n\n> Since when?\n\nYesterday.\n";
        assert_eq!(new_words(letter, false), "Hello,\n\n> Which one?\n\nThe first.\n\n> Since when?\n\nYesterday.");
    }

    #[test]
    fn signatures_and_what_phones_add() {
        for (letter, words) in [
            ("ok\n-- \nZoë\nACME", "ok"),
            ("ok\n\n--\nZoë", "ok"),
            ("ok\n\nSent from my iPhone", "ok"),
            (
                "ok\n\nVon meinem iPhone gesendet\n\n> Am 26.11.2026 um 16:04 schrieb Ana <s@example.com>:\n> \n> x",
                "ok",
            ),
            ("ok\n\nEnviado desde mi iPhone", "ok"),
            ("ok\n\nEnvoyé de mon iPhone", "ok"),
            (
                "ok\n\nGet Outlook for iOS (https://aka.ms/o0ukef)\n________________________________\nFrom: a\nSent: b\nTo: c\n\nx",
                "ok",
            ),
            ("Sent from my iPhone", ""),
            ("On 26 Nov 2026, at 10:04, Ana <s@example.com> wrote:\n> x", ""),
            ("> x", ""),
            ("", ""),
        ] {
            assert_eq!(new_words(letter, false), words, "{letter}");
        }
        let long = format!("Here is the log:\n--\n{}", "line\n".repeat(40));
        assert_eq!(new_words(&long, false), long.trim_end());
    }

    proptest! {
        #[test]
        fn nothing_is_made_up(text in "(On 26 Nov 2026 10:04, a@b wrote:\n|> x\n|\n|-- \n|From: a\nSent: b\nTo: c\n|[a-z >]{0,9}\n|\u{fdd0}\n|\u{fdd1}\n){0,20}", is_content: bool) {
            let words = new_words(&text, is_content);
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            for line in words.lines() {
                prop_assert!(lines.iter().any(|whole| whole.trim() == line.trim()), "{line:?}");
            }
            prop_assert!(!is_mark(&words), "{words:?}");
        }
    }
}
