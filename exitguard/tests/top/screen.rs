//! A terminal of tmux.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::until;

/// What stands on the terminal before the command is started.
const BEFORE: &str = "what was there before";

/// A terminal with one command. The terminal goes with this value.
pub(crate) struct Screen {
    folder: TempDir,
}

impl Screen {
    /// Starts a command on a terminal, in the network namespace of this thread.
    pub(crate) fn start((width, height): (u16, u16), command: &str) -> Self {
        let screen = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let script = screen.folder.path().join("script");
        let (before, after) = (screen.settings("before"), screen.settings("after"));
        let text = format!(
            "echo '{BEFORE}'\nstty -g > '{}'\n{command}\nended=$?\nstty -g > '{}'\necho \"ended with $ended\"\nexec cat\n",
            before.display(),
            after.display()
        );
        fs::write(&script, text).unwrap();
        let (width, height) = (width.to_string(), height.to_string());
        let script = format!("exec sh {}", script.display());
        let started = ["new-session", "-d", "-x", &width, "-y", &height, &script];
        screen.tmux(&started);
        screen
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("tmux.sock")
    }

    fn settings(&self, when: &str) -> PathBuf {
        self.folder.path().join(format!("stty-{when}"))
    }

    fn tmux(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        // A configuration of whoever runs the tests does not count; the screen is in UTF-8.
        command
            .args(["-u", "-f", "/dev/null", "-S"])
            .arg(self.socket())
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .stdin(Stdio::null());
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("tmux cannot be started ({error}); install it"));
        let said = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "tmux {args:?}: {complaint}");
        said
    }

    /// Types keys by the names that tmux has for them.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Types characters as they are.
    pub(crate) fn write(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    pub(crate) fn resize(&self, width: u16, height: u16) {
        let (width, height) = (width.to_string(), height.to_string());
        self.tmux(&["resize-window", "-x", &width, "-y", &height]);
    }

    /// What is on it.
    pub(crate) fn text(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// What is on it when all of this is.
    pub(crate) fn shows(&self, wanted: &[&str]) -> String {
        let look = || {
            let text = self.text();
            if wanted.iter().all(|word| text.contains(word)) {
                Ok(text)
            } else {
                Err(text)
            }
        };
        until(look, &format!("{wanted:?} on the screen"))
    }

    /// Until something is not on it any more.
    pub(crate) fn hides(&self, unwanted: &str) {
        let look = || {
            let text = self.text();
            if text.contains(unwanted) {
                Err(text)
            } else {
                Ok(())
            }
        };
        until(look, &format!("{unwanted} gone from the screen"));
    }

    /// Sends a signal to the command.
    pub(crate) fn signal(&self, signal: Signal) {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let children = format!("/proc/{0}/task/{0}/children", shell.trim());
        let child = fs::read_to_string(children).unwrap();
        kill(Pid::from_raw(child.trim().parse().unwrap()), signal).unwrap();
    }

    /// The command has ended so, and the terminal is as it was.
    pub(crate) fn assert_given_back(&self, code: i32) {
        let text = self.shows(&[&format!("ended with {code}")]);
        assert!(text.contains(BEFORE), "{text}");
        let flags = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}";
        let flags = self.tmux(&["display-message", "-p", flags]);
        assert_eq!(flags.trim(), "0 0 1", "alternate screen, mouse, cursor");
        let [before, after] = ["before", "after"].map(|when| read(&self.settings(when)));
        assert_eq!(before, after, "stty");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.socket()).arg("kill-server");
        // Without tmux the test has failed already.
        let _ = command.stderr(Stdio::null()).status();
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
