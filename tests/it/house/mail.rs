//! Mail servers of the test run's own, as Debian has them: exim takes letters and dovecot keeps them. They
//! run as an ordinary user on ports of their own, for as long as this process: under a shell that waits for
//! its standard input to close, as PostgreSQL does. Each play has mailboxes of its own, which come into
//! being with the first letter; any user has the same password.

use super::journal::Journal;
use super::postgres::is_root;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Everybody's password.
pub const PASSWORD: &str = "a-password";
/// How long the servers may take to be made and to answer.
const START_MAX: Duration = Duration::from_secs(60);
/// Whose letters exim refuses for good, takes later, and takes and then gives back.
pub const NOBODY: &str = "nobody@example.com";
pub const BUSY: &str = "busy@example.com";
pub const VANISHED: &str = "vanished@example.com";
/// The largest letter that exim takes.
pub const LETTER_BYTES_MAX: usize = 60 * 1024 * 1024;

/// The servers of this test run.
#[derive(Debug)]
pub struct Servers {
    /// In the open at first; knows STARTTLS.
    pub smtp: u16,
    /// Encrypted from the first byte.
    pub smtps: u16,
    /// In the open at first; knows STARTTLS.
    pub imap: u16,
    /// Encrypted from the first byte.
    pub imaps: u16,
    /// The certificate of the CA that vouches for both, for localhost and 127.0.0.1.
    pub ca: String,
    home: PathBuf,
    /// Its standard input is the pipe that keeps them alive.
    _shell: Mutex<Child>,
}

impl Servers {
    /// Where the certificate of the CA is.
    pub fn ca_file(&self) -> PathBuf {
        self.home.join("ca.pem")
    }

    /// Where a user's letters are.
    pub fn mailbox(&self, user: &str) -> PathBuf {
        self.home.join("mail").join(user)
    }
}

/// True when both are installed. Where they are not, their plays are passed over with a loud line; in CI
/// that is a failure.
pub fn is_here() -> bool {
    static SAID: OnceLock<bool> = OnceLock::new();
    *SAID.get_or_init(|| {
        let here = program("exim4").is_some() && program("dovecot").is_some() && program("openssl").is_some();
        let otherwise = "EXIM OR DOVECOT NOT FOUND: their plays are passed over; install exim4-daemon-light, \
                         dovecot-imapd and dovecot-lmtpd";
        super::is_installed(here, otherwise)
    })
}

/// The servers, started at the first call.
pub fn servers() -> &'static Servers {
    static SERVERS: OnceLock<Servers> = OnceLock::new();
    SERVERS.get_or_init(start)
}

fn start() -> Servers {
    let [smtp, smtps, imap, imaps, lmtp] = free_ports();
    let home = std::env::temp_dir().join(format!("threadline-it-mail-{}", std::process::id()));
    fs::create_dir_all(&home).unwrap();
    // Debian makes this user with exim; it may own nothing else.
    let user = if is_root() { "Debian-exim".to_string() } else { said(Command::new("id").arg("-un")) };
    let group = said(Command::new("id").args(["-gn", &user]));
    certificates(&home);
    let exim = format!(
        "primary_hostname = mail.example.com
         spool_directory = {home}/spool
         log_file_path = {home}/%slog
         pid_file_path = {home}/exim.pid
         local_interfaces = 127.0.0.1
         daemon_smtp_ports = {smtp} : {smtps}
         tls_on_connect_ports = {smtps}
         tls_advertise_hosts = *
         tls_certificate = {home}/cert.pem
         tls_privatekey = {home}/key.pem
         exim_user = {user}
         exim_group = {group}
         never_users =
         keep_environment =
         host_lookup =
         rfc1413_query_timeout = 0s
         deliver_drop_privilege
         queue_only = false
         message_size_limit = {LETTER_BYTES_MAX}
         smtp_accept_max_per_host = 100
         acl_smtp_rcpt = rcpt
         begin acl
         rcpt:
           deny local_parts = nobody
                message = no such user as $local_part@$domain
           defer local_parts = busy
                message = come back later
           accept domains = example.com
           deny message = relay not permitted
         begin routers
         vanished:
           driver = redirect
           local_parts = vanished
           allow_fail
           data = :fail: gone for good
         all:
           driver = manualroute
           transport = lmtp
           route_list = * 127.0.0.1
           self = send
         begin transports
         lmtp:
           driver = smtp
           protocol = lmtp
           port = {lmtp}
           hosts_try_prdr = :
           allow_localhost
         begin retry
         * * F,1h,5s
         begin authenticators
         plain:
           driver = plaintext
           public_name = PLAIN
           server_prompts = :
           server_condition = ${{if eq{{$auth3}}{{{PASSWORD}}}}}
           server_set_id = $auth2
        ",
        home = home.display(),
    );
    // exim takes no blanks before a macro or a name at the top.
    let exim: String =
        exim.lines().map(|line| format!("{}\n", line.strip_prefix("         ").unwrap_or(line))).collect();
    fs::write(home.join("exim.conf"), exim).unwrap();
    let dovecot = format!(
        "base_dir = {home}/run
         state_dir = {home}/state
         log_path = {home}/dovecot.log
         protocols = imap lmtp
         listen = 127.0.0.1
         default_internal_user = {user}
         default_internal_group = {group}
         default_login_user = {user}
         first_valid_uid = 1
         first_valid_gid = 1
         ssl = yes
         ssl_cert = <{home}/cert.pem
         ssl_key = <{home}/key.pem
         disable_plaintext_auth = no
         auth_mechanisms = plain
         auth_username_format = %Ln
         auth_failure_delay = 0
         recipient_delimiter = +
         mail_home = {home}/mail/%n
         mail_location = maildir:{home}/mail/%n
         mail_max_userip_connections = 1000
         passdb {{
           driver = static
           args = password={PASSWORD}
         }}
         userdb {{
           driver = static
           args = uid={user} gid={group} home={home}/mail/%n allow_all_users=yes
         }}
         namespace inbox {{
           inbox = yes
         }}
         service anvil {{
           chroot =
         }}
         service stats {{
           chroot =
         }}
         service imap-login {{
           chroot =
           inet_listener imap {{
             port = {imap}
           }}
           inet_listener imaps {{
             port = {imaps}
             ssl = yes
           }}
         }}
         service lmtp {{
           inet_listener lmtp {{
             port = {lmtp}
           }}
         }}
        ",
        home = home.display(),
    );
    fs::write(home.join("dovecot.conf"), dovecot).unwrap();
    // exim is installed for root to be; a copy is an ordinary program.
    fs::copy(program("exim4").unwrap(), home.join("exim")).unwrap();
    let owned = Command::new("chown").args(["-R", &format!("{user}:{group}")]).arg(&home).status();
    assert!(owned.is_ok_and(|status| status.success()), "the mail servers need a user {user}");
    let script = format!(
        "cd '{home}' || exit 1
         chmod 755 exim && mkdir -p spool mail
         '{dovecot}' -F -c '{home}/dovecot.conf' >dovecot.out 2>&1 &
         dovecot=$!
         ./exim -C '{home}/exim.conf' -bdf -q1s >exim.out 2>&1 &
         exim=$!
         read _
         kill $dovecot $exim; sleep 1; kill -KILL $dovecot $exim 2>/dev/null; cd /; rm -rf '{home}'",
        home = home.display(),
        dovecot = program("dovecot").unwrap().display(),
    );
    let mut command = if is_root() { Command::new("su") } else { Command::new("sh") };
    if is_root() {
        command.args(["-s", "/bin/sh", &user]);
    }
    let shell = command.arg("-c").arg(script).process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let shell = shell.expect("a shell for the mail servers");
    let (ca, began) = (fs::read_to_string(home.join("ca.pem")).unwrap(), Instant::now());
    let answers = |port: &u16| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok();
    while ![smtp, smtps, imap, imaps, lmtp].iter().all(answers) {
        assert!(began.elapsed() < START_MAX, "the mail servers do not start; see {}", home.display());
        std::thread::sleep(Duration::from_millis(50));
    }
    Servers { smtp, smtps, imap, imaps, ca, home, _shell: Mutex::new(shell) }
}

/// A CA of our own, and a certificate that it vouches for: a server's certificate that is a CA's is refused.
fn certificates(home: &Path) {
    let openssl = |args: &[&str]| {
        let done = Command::new("openssl").args(args).current_dir(home).output().unwrap();
        assert!(done.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    fs::write(home.join("leaf.cnf"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let ca = ["-x509", "-days", "30", "-subj", "/CN=a CA of a test", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(&[&["req"], &curve[..], &ca[..]].concat());
    let leaf = ["-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "leaf.csr"];
    openssl(&[&["req"], &curve[..], &leaf[..]].concat());
    let sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "leaf.cnf"];
    openssl(&[&["x509", "-req", "-in", "leaf.csr", "-out", "cert.pem"], &sign[..]].concat());
}

fn free_ports<const N: usize>() -> [u16; N] {
    // All are held until all are known.
    let listeners: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).collect();
    std::array::from_fn(|at| listeners[at].local_addr().unwrap().port())
}

fn said(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_string()
}

fn program(name: &str) -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let sbin = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    sbin.into_iter().chain(on_path.into_iter().flatten()).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Runs one play with the servers, on a runtime of its own, and gives it the journal of what is logged.
pub fn stage<P, F>(play: P)
where
    P: FnOnce(&'static Servers, Journal) -> F,
    F: Future<Output = ()>,
{
    if !is_here() {
        return;
    }
    let servers = servers();
    super::on_a_runtime(async |journal| super::played(play(servers, journal)).await);
}
