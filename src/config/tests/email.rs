//! `[email]`, as operators write it.

use super::*;

const EMAIL: &str = "[email]\naddress = 'Support@Example.COM'\nname = 'Example Support'\n[email.smtp]\nhost = \
                     'smtp.example.com'\n[email.imap]\nhost = 'imap.example.com'\nuser = 'support'\n";

fn given(toml: &str) -> World {
    World::with(toml).var("THREADLINE_EMAIL_SECRET", IDENTITY).var("THREADLINE_IMAP_PASSWORD", "imap password")
}

#[test]
fn little_has_to_be_said_of_email() {
    let world = given(EMAIL);
    let email = world.load().email.unwrap();
    expect![[r#"
        Email {
            address: "Support@example.com",
            name: Some(
                "Example Support",
            ),
            topic: "other",
            answer_after_mins: 5,
            secrets: [
                Secret(…),
            ],
            smtp: MailServer {
                host: "smtp.example.com",
                port: 587,
                tls: StartTls,
                login: None,
            },
            imap: Mailbox {
                server: MailServer {
                    host: "imap.example.com",
                    port: 993,
                    tls: Implicit,
                    login: Some(
                        MailLogin {
                            user: "support",
                            password: Secret(…),
                        },
                    ),
                },
                name: "INBOX",
            },
            extra_ca: None,
        }
    "#]]
    .assert_debug_eq(&email);
    assert_eq!(World::default().var("THREADLINE_SMTP_PASSWORD_FILE", "/nowhere").load().email, None);
}

#[test]
fn ports_follow_the_encryption() {
    for (smtp, imap, ports) in
        [("starttls", "starttls", (587, 143)), ("implicit", "implicit", (465, 993)), ("none", "none", (25, 143))]
    {
        let toml = EMAIL.replace("smtp.example.com'", &format!("localhost'\ntls = '{smtp}'"));
        let toml = toml.replace("imap.example.com'", &format!("127.0.0.1'\ntls = '{imap}'"));
        let email = given(&toml).load().email.unwrap();
        assert_eq!((email.smtp.port, email.imap.server.port), ports, "{smtp}");
    }
}

#[test]
fn what_email_needs_is_asked_for_at_once() {
    wrong(
        "[email]\n",
        expect![[r#"
        threadline.toml:1: email.address: is missing: the address that customers write to
        threadline.toml:1: email.smtp.host: is missing: the name of the server, such as "mail.example.com"
        threadline.toml:1: email.imap.host: is missing: the name of the server, such as "mail.example.com"
        threadline.toml:1: email.imap.user: is missing: fetching letters needs a user and a password
        threadline.toml:1: email.secret_file: is missing: a secret that signs the addresses that customers reply to, such as `openssl rand -hex 32` prints; set THREADLINE_EMAIL_SECRET in the environment, or name a file that holds it in THREADLINE_EMAIL_SECRET_FILE or email.secret_file"#]],
    );
    given("[email]\naddress = 'a@example.com'\nimap.host = 'imap.example.com'\n[email.smtp]\nhost = 'h'\nuser = 'me'")
        .wrong(expect![[r#"
            threadline.toml:6: email.smtp.user: needs the user's password; set THREADLINE_SMTP_PASSWORD in the environment, or name a file that holds it in THREADLINE_SMTP_PASSWORD_FILE or email.smtp.password_file
            THREADLINE_IMAP_PASSWORD: there is a password, but no user; give email.imap.user too"#]]);
}

#[test]
fn mistakes_about_email_are_named_with_their_line() {
    given(&EMAIL.replace("Support@Example.COM", "Support <support@example.com>")).wrong(expect![[r#"threadline.toml:2: email.address: must be an address and nothing else, such as "support@example.com"; a name goes into email.name, is "Support <support@example.com>""#]]);
    given(&EMAIL.replace("Support@", &format!("{}@", "x".repeat(34)))).wrong(expect![[r#"threadline.toml:2: email.address: must have at most 33 characters before the @, so that signed reply addresses fit, is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@Example.COM""#]]);
    given(&EMAIL.replace("smtp.example.com'", "smtp.example.com:25'\npassword = 'pw'")).wrong(expect![[r#"
        threadline.toml:5: email.smtp.host: must be a name such as "mail.example.com", without a port or a scheme, is "smtp.example.com:25"
        threadline.toml:6: email.smtp.password: secrets do not go into this file; set THREADLINE_SMTP_PASSWORD in the environment, or name a file that holds it in THREADLINE_SMTP_PASSWORD_FILE or email.smtp.password_file"#]]);
    given(&EMAIL.replace("smtp.example.com'", "smtp.example.com'\ntls = 'none'")).wrong(expect![[r#"threadline.toml:6: email.smtp.tls: "none" is for a server on this machine only (localhost, 127.0.0.1 or ::1): passwords and letters would travel to smtp.example.com in the open; write "starttls" or "implicit""#]]);
    given(&EMAIL.replace("[email.smtp]", "ca_file = '/nowhere.pem'\n[email.smtp]"))
        .wrong(expect!["threadline.toml:4: email.ca_file: the file /nowhere.pem cannot be read: entity not found"]);
    given(EMAIL).var("THREADLINE_EMAIL_SECRET", "short").wrong(expect!["THREADLINE_EMAIL_SECRET: each secret has at least 32 characters, such as `openssl rand -hex 32` prints; several have commas between them, the newest first"]);
    given(EMAIL)
        .var("THREADLINE_SMTP_PASSWORD", "pw")
        .wrong(expect!["THREADLINE_SMTP_PASSWORD: there is a password, but no user; give email.smtp.user too"]);
    given(EMAIL).var("THREADLINE_IMAP_PASSWORD", "two\nlines").wrong(expect![
        "threadline.toml:8: email.imap.user: the user or the password has a line break or another control in it"
    ]);
}
