//! A machine with systemd, on the exit node of a lab.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use exitguard::lab::{CLIENT_V4, EchoServer, Exchange, Lab, LabOptions, SERVER_V4, tcp_exchange};
use tempfile::TempDir;

use crate::readme::console_with;
use crate::{SOON, until};

/// The port that the policy of these tests allows, and one that it denies.
const OPEN: u16 = 80;
const SHUT: u16 = 81;

pub(crate) const CONFIG: &str = "/etc/exitguard/exitguard.toml";

/// A daemon that asks the kernel for more than the unit lets it is killed.
const STRICT: &str = "[Service]\nSystemCallErrorNumber=\n";

const FIRST_LOOK: &str = "exitguard run >/dev/null &
    until exitguard status >/dev/null; do :; done
    kill -INT $!; wait $!\n";

pub(crate) struct Machine {
    keeper: Child,
    process: String,
    root: TempDir,
    _servers: [EchoServer; 2],
    pub(crate) lab: Lab,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Machine {
    /// One that has started, and nothing of ours on it.
    pub(crate) fn boot() -> Self {
        let lab = Lab::build(&LabOptions::default()).unwrap();
        let server =
            |port| EchoServer::tcp(lab.internet(), SocketAddr::new(SERVER_V4, port)).unwrap();
        let servers = [server(OPEN), server(SHUT)];
        let root = tempfile::tempdir().unwrap();
        let folder = env!("CARGO_MANIFEST_DIR");
        let mut boot = Command::new("unshare");
        boot.args(["--mount", "sh"])
            .arg(format!("{folder}/tests/service/boot.sh"))
            .arg("keep")
            .arg(root.path())
            .arg(format!("{folder}/.."))
            .arg(env!("CARGO_BIN_EXE_exitguard"))
            .stdin(Stdio::piped());
        let keeper = lab.exit().enter(|| boot.spawn()).unwrap().unwrap();
        let mut machine = Self {
            keeper,
            process: String::new(),
            root,
            _servers: servers,
            lab,
        };
        let process = machine.root.path().join("pid");
        until("systemd", || {
            assert_eq!(machine.keeper.try_wait().unwrap(), None, "no machine");
            machine.process = fs::read_to_string(&process).unwrap_or_default();
            machine.process.ends_with('\n')
        });
        machine.process.truncate(machine.process.trim_end().len());
        until("the end of the boot", || {
            machine.run("systemctl is-system-running").stdout == "running\n"
        });
        machine
    }

    /// One with the service installed as the README says, in mode `enforce`; it does not run yet.
    pub(crate) fn with_service() -> Self {
        let machine = Self::boot();
        let commands = console_with("install -m 755 target/release/exitguard /usr/local/bin/");
        // A first look, as somebody takes it who ends it by Ctrl-C.
        machine.done(&commands.replace("exitguard run\n", FIRST_LOOK));
        let example = machine.read(CONFIG);
        let enforcing = [
            ("mode = \"observe\"", "mode = \"enforce\""),
            // Denials are answered, so that nobody has to wait for silence.
            (
                "on_deny = \"drop\"\n# The blocklists",
                "on_deny = \"reject\"\n# The blocklists",
            ),
            ("fail = \"open\"", "fail = \"closed\""),
            ("#file = ", "file = "),
            ("#listen = ", "listen = "),
        ];
        let config = enforcing.iter().fold(example, |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        machine.write(CONFIG, &config);
        machine
    }

    /// Puts it in force as the README says.
    pub(crate) fn start_service(&self) {
        self.write("/etc/systemd/system/exitguard.service.d/test.conf", STRICT);
        let commands = console_with("systemctl enable --now exitguard");
        self.done(&commands.replace("exitguard doctor\n", ""));
    }

    /// Runs commands as root, in the folder of the sources.
    pub(crate) fn run(&self, commands: &str) -> Said {
        self.run_as("root", commands)
    }

    /// Runs commands as somebody with the groups that the machine knows of.
    pub(crate) fn run_as(&self, user: &str, commands: &str) -> Said {
        let output = Command::new("timeout")
            .arg(SOON.as_secs().to_string())
            .args(["nsenter", "--all", "--target", &self.process, "--", "env", "-i"])
            .args(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "RUST_BACKTRACE=0"])
            .args(["sh", "-c", "cd /src; exec setpriv --reuid \"$0\" --regid \"$(id -g \"$0\")\" --init-groups sh -euc \"$1\""])
            .args([user, commands])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs commands as root that have to succeed, and returns what they print.
    pub(crate) fn done(&self, commands: &str) -> String {
        let said = self.run(commands);
        assert_eq!(said.code, Some(0), "{commands}: {said:#?}");
        said.stdout
    }

    /// A property of a unit.
    pub(crate) fn property(&self, unit: &str, name: &str) -> String {
        let said = self.done(&format!("systemctl show --property {name} --value {unit}"));
        said.trim_end().to_owned()
    }

    /// Until the service is there with another process than this one, which is returned.
    pub(crate) fn restarted(&self, before: &str) -> String {
        let mut process = String::new();
        until("another daemon", || {
            process = self.property("exitguard", "MainPID");
            process != before
                && process != "0"
                && self.property("exitguard", "ActiveState") == "active"
        });
        process
    }

    fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.process))
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn connect(&self, path: &str) -> UnixStream {
        UnixStream::connect(self.path(path)).unwrap()
    }

    /// What a client gets from the server at the port that is allowed, and at the one that is denied.
    pub(crate) fn ask(&self) -> [Exchange; 2] {
        [OPEN, SHUT].map(|port| {
            let server = SocketAddr::new(SERVER_V4, port);
            tcp_exchange(self.lab.client(), CLIENT_V4, server, SOON).unwrap()
        })
    }

    pub(crate) fn assert_guarded(&self) {
        assert_eq!(self.ask(), [Exchange::Answered, Exchange::Refused]);
    }

    pub(crate) fn assert_open(&self) {
        assert_eq!(self.ask(), [Exchange::Answered, Exchange::Answered]);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if thread::panicking() {
            let console = fs::read_to_string(self.root.path().join("console"));
            let journal = "journalctl --no-pager --lines 100";
            let journal = (!self.process.is_empty()).then(|| self.run(journal).stdout);
            eprintln!(
                "{}{}",
                console.unwrap_or_default(),
                journal.unwrap_or_default()
            );
        }
        // It ends the machine, then itself.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
