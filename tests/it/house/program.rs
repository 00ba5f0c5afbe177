//! The real program as a child process, for plays that kill it. It runs under a shell that waits for
//! its standard input to close and then kills it, so that it is gone with this process however that
//! ends; the shell has a process group of its own, so that Ctrl-C does not end it before its child.

use super::site::secret;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use threadline_fake_slack::FakeSlack;

/// Runs the program that its arguments name until there is no more standard input.
const LEASH: &str = r#""$@" </dev/null & read _; kill -KILL $!; wait $!"#;

/// A running `threadline serve`; dropping it is `kill -9`.
#[derive(Debug)]
pub struct Program {
    shell: Child,
    /// `127.0.0.1:PORT`
    pub address: String,
}

impl Program {
    /// Starts it with a configuration in this directory and waits for its words of welcome.
    pub fn start(directory: &Path, toml: &str, slack: Option<&FakeSlack>) -> Program {
        let file = directory.join("threadline.toml");
        std::fs::write(&file, toml).unwrap();
        let log = std::fs::File::options().create(true).append(true).open(directory.join("log")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", LEASH, "sh", env!("CARGO_BIN_EXE_threadline"), "serve", "--config"]).arg(&file);
        command.current_dir(directory).process_group(0).stdin(Stdio::piped());
        for name in ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"] {
            command.env_remove(name);
            command.envs(slack.and_then(|slack| Some((name, secret(slack, name)?))));
        }
        for name in ["THREADLINE_EMAIL_SECRET", "THREADLINE_SMTP_PASSWORD", "THREADLINE_IMAP_PASSWORD"] {
            command.envs(super::post::secret(name).map(|value| (name, value)));
        }
        let mut shell = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let lines = BufReader::new(shell.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.into_iter().find_map(|line| {
            let (_, rest) = line.split_once("http://")?;
            Some(rest.split(['/', ' ']).next()?.to_string())
        });
        let address = address.unwrap_or_else(|| panic!("the program did not start:\n{}", Program::log(directory)));
        Program { shell, address }
    }

    /// What was logged in this directory, over all starts.
    pub fn log(directory: &Path) -> String {
        std::fs::read_to_string(directory.join("log")).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // It may have died by itself, which the play finds out otherwise.
        let _ = self.shell.wait();
    }
}
