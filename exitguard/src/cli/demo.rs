//! `exitguard demo`.

use super::{DemoArgs, print};
use exitguard::demo::{self, Demo, DemoError, End, Outcome, Scenario, Stopper};
use exitguard::exit_code::Exit;
use exitguard::lab::LabError;
use exitguard::output::{Format, Lines, Reader, Report, StateEvent};
use exitguard::state::{EndReason, RecordKind};
use std::io;
use std::thread;
use tokio::signal::unix::{SignalKind, signal};

pub(super) fn demo(args: &DemoArgs) -> anyhow::Result<Exit> {
    let format = args.output.into();
    let scenario = Scenario::default();
    let header = demo::text::header(&scenario);
    let demo = Demo::build(scenario)?;
    stop_on_signal(demo.stopper())?;
    if args.duration.is_some() {
        // Without it, it is over before anybody could look.
        let config = demo.config();
        eprintln!(
            "exitguard: to see it from another terminal: exitguard top --config {}",
            config.display()
        );
    }
    let lines = Lines::new(format, io::stdout());
    let outcome = match format {
        Format::Text => {
            print::text(&header)?;
            demo.run(WhileItRuns(lines), args.duration)
        }
        Format::Json => demo.run(lines, args.duration),
    }?;
    if outcome.end != End::NobodyReads {
        show(&outcome, format)?;
    }
    Ok(outcome.exit())
}

fn show(outcome: &Outcome, format: Format) -> anyhow::Result<Exit> {
    match format {
        Format::Text => print::text(&demo::text::table(outcome)),
        Format::Json => print::text(&(demo::json::result(outcome)? + "\n")),
    }
}

/// From here on SIGINT and SIGTERM end the demo, and the demo cleans up.
fn stop_on_signal(stopper: Stopper) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let entered = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    drop(entered);
    let wait = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        stopper.stop();
    };
    // Ends with the process.
    thread::Builder::new()
        .name("demo-signals".to_owned())
        .spawn(wait)
        .map_err(|error| {
            let name = "demo-signals".to_owned();
            DemoError::from(LabError::Thread { name, error })
        })?;
    Ok(())
}

/// Leaves out what is only there because the daemon is told to stop, as on no exit node.
struct WhileItRuns<R>(R);

impl<R: Reader> Reader for WhileItRuns<R> {
    fn take(&mut self, report: &Report) -> io::Result<()> {
        let is_of_the_stop = match report {
            Report::Flow(flow) => flow.kind == RecordKind::End(EndReason::Shutdown),
            Report::State(state) => state.event == StateEvent::Stopped,
            Report::Stats(_) | Report::List(_) | Report::Lost(_) => false,
        };
        if is_of_the_stop {
            return Ok(());
        }
        self.0.take(report)
    }

    fn caught_up(&mut self) -> io::Result<()> {
        self.0.caught_up()
    }
}
