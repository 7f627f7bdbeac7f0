//! Commands: arguments in, calls to the library, a value rendered, an exit code.

mod apply;
mod change;
mod check;
mod daemon;
mod demo;
mod doctor;
mod error;
mod explain;
mod filter;
mod flows;
mod learn;
mod lists;
mod network;
mod off;
mod print;
mod run;
mod runtime;
mod signals;
mod status;
mod top;
mod watch;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use exitguard::config::{self, DEFAULT_PATH, Interface};
use exitguard::control::ChangeKind;
use exitguard::exit_code::Exit;
use exitguard::host::local_api::TAILSCALED;
use exitguard::output::Format;
use std::path::PathBuf;
use std::time::Duration;

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or a positive answer
  1  a negative answer (`explain` says deny, `status` says that nothing is guarded or nobody reports, `watch` and `flows` find no daemon, `learn` saw nothing, `doctor` found a problem, `demo` missed an expectation, a list is not taken, held, failed, stale, different, or without what is looked for)
  2  the command line, the configuration or a list is wrong
  3  not permitted, or not possible on this machine
  4  a fault of exitguard itself
130  interrupted before there was an answer (`demo`)";

/// Egress monitor and firewall for Tailscale exit nodes.
///
/// Shows and controls what the clients of this exit node send to the Internet: eBPF programs on the
/// Tailscale interface enforce a port allowlist, blocklists and a LAN guard, ahead of Tailscale's own rules.
#[derive(Parser)]
#[command(name = "exitguard", version, long_version = LONG_VERSION, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nkernel programs: ",
    env!("EXITGUARD_OBJECT_SHA256"),
    "\nbuilt by: ",
    env!("EXITGUARD_OBJECT_COMPILER"),
    "\nlinked by: ",
    env!("EXITGUARD_OBJECT_LINKER"),
);

#[derive(Subcommand)]
enum Command {
    /// Show what exitguard does, on this machine and without touching its network.
    ///
    /// Builds an exit node with clients, a LAN and an Internet in network namespaces, guards it by a sample
    /// policy, sends traffic through it, and compares what happens with what should. Needs root and nothing
    /// installed, and leaves nothing behind.
    Demo(DemoArgs),
    /// Put the policy in force and report what happens, in the foreground.
    ///
    /// The policy stays in force when exitguard stops, crashes or is upgraded; `exitguard off` removes it.
    /// SIGHUP reads configuration and lists again: a valid policy replaces the old one atomically, a wrong
    /// one changes nothing.
    Run(RunArgs),
    /// Validate configuration and lists, and show the effective policy of every client.
    Check(CheckArgs),
    /// Say whether a destination may be reached, and why: by the code that decides in the kernel.
    Explain(ExplainArgs),
    /// Say how it is with the guard: in force or not, since when, and what it did.
    ///
    /// Asks the daemon; without one, says whether the interface is still guarded.
    Status(StatusArgs),
    /// Show what happens, as it happens: flows, denials, and the guard itself.
    ///
    /// Asks the daemon, until it ends or somebody presses Ctrl-C.
    #[command(after_long_help = filter::HELP)]
    Watch(watch::WatchArgs),
    /// Show the flows that the kernel knows at this moment, denied ones among them.
    #[command(after_long_help = filter::HELP)]
    Flows(flows::FlowsArgs),
    /// Show what is going on, live, with keys that block and allow.
    ///
    /// Asks the daemon, and shows clients, destinations, ports, flows, what is denied, lists and events. `?` shows
    /// every key. Whatever changes what is in force asks first, and shows the command that does the same.
    Top(top::TopArgs),
    /// Block a destination at once, for every client or for one: open connections stop, too.
    ///
    /// In force until it is taken back (`exitguard unblock`) or its time is over, whatever happens to the daemon.
    Block(change::BlockArgs),
    /// Take back what `exitguard block` did.
    Unblock(change::UnblockArgs),
    /// List what is blocked, allowed and locked down beside the configuration.
    Blocks(change::BlocksArgs),
    /// Let clients reach a destination that a blocklist or the LAN guard would stop. Their ports still apply.
    Allow(change::BlockArgs),
    /// Deny a client, or all of them, everything but open connections to this host.
    Lockdown(change::LockdownArgs),
    /// Take back what `exitguard lockdown` did.
    Unlock(change::UnlockArgs),
    /// Take back a change by its number, or the last one.
    Undo(change::NumberArgs),
    /// Try another configuration, which rolls back by itself unless you confirm it.
    ///
    /// Puts it in force, asks whether to keep it, and puts the one before back if the answer does not come in time:
    /// because it locked you out, for example. What is confirmed takes the place of the configuration.
    Apply(apply::ApplyArgs),
    /// Propose rules that permit what clients were seen to do, as TOML for the configuration.
    ///
    /// For who observed for a while and wants to enforce. The daemon counts what clients open, by port; what was seen
    /// once or twice, or never answered, is proposed as a comment only, and what is on a list or in a private network
    /// as an exception that you may want to make. Changes nothing.
    Learn(learn::LearnArgs),
    /// Look for what is wrong with this host or its guard, and say what to do.
    ///
    /// Kernel, privileges, Tailscale, forwarding, configuration, lists, the daemon and what is on the interface.
    /// Changes nothing; needs root to see everything.
    Doctor(DoctorArgs),
    /// Take the guard off: stop the daemon, remove its programs and its state.
    Off(OffArgs),
    /// About blocklists.
    #[command(subcommand)]
    Lists(lists::Command),
    /// About the configuration file.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print a manual page: that of exitguard, or of one of its commands.
    Man {
        /// The command, for example `run`.
        command: Vec<String>,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print a configuration with every key, documented.
    Example,
}

#[derive(clap::Args)]
struct ConfigArg {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: PathBuf,
}

#[derive(clap::Args)]
struct DemoArgs {
    /// Go on for this long, as in 30s or 5m. Without it, everything is sent once.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// How to write events and the result to stdout.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: FormatArg,
}

#[derive(clap::Args)]
struct RunArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Guard this interface, whatever the configuration says; "auto" finds Tailscale's.
    #[arg(long, value_name = "NAME", value_parser = interface)]
    interface: Option<Interface>,
    /// Observe or enforce, whatever the configuration says.
    #[arg(long)]
    mode: Option<ModeArg>,
    /// How to write events to stdout.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: FormatArg,
    /// Wait for the interface when it is not there.
    #[arg(long)]
    wait: bool,
}

#[derive(clap::Args)]
struct CheckArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct StatusArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print metrics, in the text format of Prometheus.
    #[arg(long, conflicts_with = "json")]
    metrics: bool,
}

#[derive(clap::Args)]
struct DoctorArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The socket of tailscaled.
    #[arg(long, value_name = "SOCKET", default_value = TAILSCALED)]
    tailscaled: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct ExplainArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The client that asks: its address, or its name in the configuration. Without it, any client that has
    /// no rule of its own.
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// DEST[:PORT][/PROTO], for example 203.0.113.7:443, [2001:db8::7]:53/udp, 203.0.113.7/icmp. Without a
    /// port: which ports.
    #[arg(value_name = "DEST")]
    destination: String,
}

#[derive(clap::Args)]
struct OffArgs {
    /// Only on this interface.
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    /// An aligned line an event.
    Text,
    /// A JSON object a line.
    Json,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Text => Self::Text,
            FormatArg::Json => Self::Json,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum ModeArg {
    /// Report what would be denied.
    Observe,
    /// Deny it.
    Enforce,
}

impl From<ModeArg> for config::Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Observe => Self::Observe,
            ModeArg::Enforce => Self::Enforce,
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    config::parse_duration(text).map_err(|_| "it has to be 1s to 24h, as in 30s or 5m".to_owned())
}

fn interface(text: &str) -> Result<Interface, String> {
    config::parse_interface(text)
        .map_err(|problem| format!("{}; {}", problem.message, problem.hint))
}

/// Runs the command that was typed.
pub(crate) fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors, and clap knows where each is to be printed.
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Ok
            };
            let _ = error.print();
            return exit;
        }
    };
    let result = match cli.command {
        Command::Demo(args) => demo::demo(&args),
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::check(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Status(args) => status::status(&args),
        Command::Watch(args) => watch::watch(&args),
        Command::Flows(args) => flows::flows(&args),
        Command::Top(args) => top::top(&args),
        Command::Block(args) => args.make(ChangeKind::Block),
        Command::Unblock(args) => args.take_back(),
        Command::Blocks(args) => args.show(),
        Command::Allow(args) => args.make(ChangeKind::Allow),
        Command::Lockdown(args) => args.make(),
        Command::Unlock(args) => args.take_back(),
        Command::Undo(args) => args.take_back(),
        Command::Apply(args) => apply::apply(&args),
        Command::Learn(args) => learn::learn(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Off(args) => off::off(&args),
        Command::Lists(command) => lists::run(&command),
        Command::Config(ConfigCommand::Example) => print::text(config::EXAMPLE),
        Command::Completions { shell } => completions(shell),
        Command::Man { command } => man(&command),
    };
    result.unwrap_or_else(|error| error::report(&error))
}

fn completions(shell: Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "exitguard", &mut script);
    print::bytes(&script)
}

fn man(path: &[String]) -> anyhow::Result<Exit> {
    let mut root = Cli::command();
    // Gives each command the name of its page, as in exitguard-run(1).
    root.build();
    let mut command = &root;
    for name in path {
        command = command.find_subcommand(name).ok_or_else(|| {
            error::Usage(format!(
                "there is no command \"{}\"; `exitguard help` lists them",
                name.escape_debug()
            ))
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    print::bytes(&page)
}
