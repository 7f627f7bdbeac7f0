//! The first process of a guest: mounts what tests need, loads modules, runs the plan, reports, powers off.
//!
//! It is this same program, so that host and guest cannot misunderstand each other.

use super::protocol::{End, HEADING, MODULES, OUTPUT, PLAN, Plan, REPORTS, Report, Work};
use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::kmod::{ModuleInitFlags, finit_module};
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Type, and where it is mounted.
const MOUNTS: [(&str, &str); 4] = [
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("bpf", "/sys/fs/bpf"),
];

/// What programs expect. Everything is in memory anyway, and nothing may be mounted over these: the programs are at the
/// paths that they have on the host, which may be below one of them.
const FOLDERS: [&str; 2] = ["/tmp", "/run"];

/// Who there is.
const USERS: [(&str, &str); 2] = [
    (
        "/etc/passwd",
        "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    ),
    ("/etc/group", "root:x:0:\nnogroup:x:65534:\n"),
];

/// Between two looks at whether a program has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// Does the work of a guest and ends it.
///
/// # Errors
/// When this is no guest.
pub fn main() -> Result<()> {
    if std::process::id() != 1 {
        bail!("this is the first process of a virtual machine; `cargo xtask vm` starts one");
    }
    let done = prepare().and_then(|()| work());
    if let Err(error) = done {
        let what = format!("{error:#}");
        // Whoever reads the console finds it there, if the port of reports is what is wrong.
        eprintln!("guest: {what}");
        let _ = report(&Report::Trouble { what });
    }
    reboot(RebootMode::RB_POWER_OFF).context("cannot power off")?;
    Ok(())
}

fn prepare() -> Result<()> {
    for (kind, folder) in MOUNTS {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {folder}"))?;
        mount(
            Some(kind),
            folder,
            Some(kind),
            MsFlags::empty(),
            None::<&str>,
        )
        .with_context(|| format!("cannot mount {folder}"))?;
    }
    for folder in FOLDERS {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {folder}"))?;
    }
    fs::create_dir_all("/etc").context("cannot make /etc")?;
    for (file, entries) in USERS {
        fs::write(file, entries).with_context(|| format!("cannot write {file}"))?;
    }
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    report(&Report::Booted {
        kernel: release.trim().to_owned(),
    })?;
    let entries = fs::read_dir(MODULES).with_context(|| format!("cannot read {MODULES}"))?;
    let mut modules: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    modules.sort();
    for module in modules {
        let file = File::open(&module)?;
        match finit_module(file, c"", ModuleInitFlags::empty()) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(error) => bail!("cannot load {}: {error}", module.display()),
        }
    }
    Ok(())
}

fn work() -> Result<()> {
    let plan = fs::read_to_string(PLAN).with_context(|| format!("cannot read {PLAN}"))?;
    let plan: Plan = serde_json::from_str(&plan)?;
    let mut passed = 0;
    for work in &plan.groups {
        let begin = Instant::now();
        let end = run(work).unwrap_or_else(|error| End::Failed(format!("{error:#}")));
        passed += usize::from(end == End::Exit(0));
        report(&Report::Ended {
            group: work.name.clone(),
            end,
            seconds: begin.elapsed().as_secs_f64(),
        })?;
    }
    report(&Report::Done { passed })
}

fn run(work: &Work) -> Result<End> {
    let mut output = OpenOptions::new().write(true).open(OUTPUT)?;
    writeln!(output, "{HEADING}{}", work.name)?;
    let [program, arguments @ ..] = work.command.as_slice() else {
        bail!("no program");
    };
    fs::create_dir_all(&work.folder)?;
    let child = Command::new(program)
        .args(arguments)
        .current_dir(&work.folder)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        // So that a deadline ends all that it started.
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let child = Pid::from_raw(i32::try_from(child.id())?);
    wait(child, Instant::now() + Duration::from_secs(work.seconds))
}

/// Waits for a program, and for all orphans, which are nobody else's here.
fn wait(child: Pid, deadline: Instant) -> Result<End> {
    let mut is_late = false;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG))? {
            WaitStatus::StillAlive if !is_late && Instant::now() > deadline => {
                killpg(child, Signal::SIGKILL)?;
                is_late = true;
            }
            WaitStatus::StillAlive => thread::sleep(PAUSE),
            status if status.pid() != Some(child) => {}
            _ if is_late => return Ok(End::Late),
            WaitStatus::Exited(_, code) => return Ok(End::Exit(code)),
            WaitStatus::Signaled(_, signal, _) => return Ok(End::Signal(signal.to_string())),
            _ => {}
        }
    }
}

fn report(report: &Report) -> Result<()> {
    let mut port = OpenOptions::new().write(true).open(REPORTS)?;
    writeln!(port, "{}", report.line()?)?;
    Ok(())
}
