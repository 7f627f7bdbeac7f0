//! What every kind of report looks like, in both renderings.

mod eve;
mod event_file;
mod names;
mod samples;
mod sink;

use super::Format;
use samples::Samples;

fn rendered(format: Format) -> String {
    let samples = Samples::new();
    let lines = samples
        .all()
        .into_iter()
        .map(|(what, report)| format!("# {what}\n{}\n", format.render(&report)));
    lines.collect()
}

#[test]
fn text_is_one_aligned_line_a_report() {
    insta::assert_snapshot!("text", rendered(Format::Text));
}

#[test]
fn json_is_one_object_a_report() {
    insta::assert_snapshot!("json", rendered(Format::Json));
}

#[test]
fn every_report_is_one_line() {
    for (what, report) in Samples::new().all() {
        for format in [Format::Text, Format::Json] {
            assert!(!format.render(&report).contains('\n'), "{what}");
        }
    }
}
