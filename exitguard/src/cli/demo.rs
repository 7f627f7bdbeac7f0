//! `exitguard demo`.

use super::{DemoArgs, print, signals};
use exitguard::demo::{self, Demo, End, Outcome, Scenario};
use exitguard::exit_code::Exit;
use exitguard::output::{Format, Lines, Reader, Report, StateEvent};
use exitguard::state::{EndReason, RecordKind};
use std::io;

pub(super) fn demo(args: &DemoArgs) -> anyhow::Result<Exit> {
    let format = args.output.into();
    let scenario = Scenario::default();
    let header = demo::text::header(&scenario);
    let demo = Demo::build(scenario)?;
    // It cleans up.
    let stopper = demo.stopper();
    signals::on_end(move || stopper.stop())?;
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
