//! How a demo looks.

use super::{as_expected, bulk};
use crate::demo::outcome::{End, Outcome, Row};
use crate::demo::scenario::Scenario;
use crate::demo::send::Traffic;
use crate::demo::{json, text};
use crate::exit_code::Exit;
use crate::lab::{CLIENT_V4, CLIENT2_V4, Exchange, LAN_HOST_V4, SERVER_V4, TUN};
use serde_json::Value;
use std::time::Duration;

const COLUMNS: usize = 80;

/// Everything as expected, so many times.
fn outcome(rounds: u64) -> Outcome {
    let mut outcome = Outcome {
        rows: Scenario::default()
            .probes
            .into_iter()
            .map(Row::new)
            .collect(),
        rounds,
        elapsed: Duration::from_millis(900),
        end: End::Complete,
    };
    for _ in 0..rounds {
        for row in &mut outcome.rows {
            let mut seen = as_expected(&row.probe.expected);
            if let Traffic::Bulk { .. } = row.probe.traffic {
                seen.bulk = Some(bulk());
            }
            row.add(seen);
        }
    }
    outcome
}

/// Two rounds, of which the second went wrong in every way there is; and the last probe was not sent in it.
fn disappointing() -> Outcome {
    let mut outcome = outcome(1);
    outcome.rounds = 2;
    for (at, row) in outcome.rows.iter_mut().enumerate() {
        let mut seen = as_expected(&row.probe.expected);
        match at {
            0 => seen.answer = Ok(Exchange::TimedOut),
            1 => seen.facts = None,
            2 => seen.answer = Err("cannot talk to 203.0.113.7:53: it is broken".to_owned()),
            6 => seen.reached = Some(true),
            10 => seen.reached = Some(false),
            11 => seen.facts.as_mut().unwrap().list = None,
            _ => {}
        }
        row.add(seen);
    }
    let last = outcome.rows.last_mut().unwrap();
    *last = Row::new(last.probe.clone());
    outcome
}

fn assert_narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= COLUMNS, "{line}");
        assert_eq!(line, line.trim_end());
    }
}

#[test]
fn the_table_when_all_is_well() {
    let table = text::table(&outcome(1));
    assert_narrow(&table);
    insta::assert_snapshot!(table);
}

#[test]
fn the_table_when_much_is_wrong() {
    let table = text::table(&disappointing());
    assert_narrow(&table);
    insta::assert_snapshot!(table);
}

#[test]
fn the_last_sentence_fits_what_happened() {
    let last = |outcome: &Outcome| {
        let table = text::table(outcome);
        table.lines().last().unwrap().to_owned()
    };
    assert_eq!(last(&outcome(1)), "18 of 18 as expected.");
    assert_eq!(
        last(&outcome(12)),
        "18 of 18 as expected, in each of 12 rounds."
    );
    let mut interrupted = outcome(0);
    interrupted.end = End::Interrupted;
    assert_eq!(
        last(&interrupted),
        "Interrupted in round 1: 0 of 18 as expected so far."
    );
}

#[test]
fn the_header_shows_the_addresses_and_the_policy_there_are() {
    let header = text::header(&Scenario::default());
    assert_narrow(&header);
    for address in [CLIENT_V4, CLIENT2_V4, SERVER_V4, LAN_HOST_V4] {
        assert!(header.contains(&format!(" {address}")), "{address}");
    }
    assert!(header.contains(TUN));
    for line in Scenario::default().sample.config.text.lines() {
        assert!(header.contains(line), "{line}");
    }
    assert!(header.contains("  bad.txt: 203.0.113.64/26, 2001:db8:1::66\n"));
}

#[test]
fn the_result_says_what_the_table_says() {
    let result = |outcome: &Outcome| -> Value {
        let line = json::result(outcome).unwrap();
        assert!(!line.contains('\n'));
        serde_json::from_str(&line).unwrap()
    };
    insta::assert_snapshot!(serde_json::to_string_pretty(&result(&disappointing())).unwrap());
    let well = result(&outcome(3));
    assert_eq!(well["demo"]["passed"], true);
    assert_eq!(well["demo"]["rounds"], 3);
    assert_eq!(well["demo"]["probes"].as_array().unwrap().len(), 18);
}

#[test]
fn the_exit_code_is_the_answer() {
    let ended = |mut outcome: Outcome, end| {
        outcome.end = end;
        outcome.exit()
    };
    assert_eq!(ended(outcome(1), End::Complete), Exit::Ok);
    assert_eq!(ended(disappointing(), End::Complete), Exit::Negative);
    assert_eq!(ended(outcome(0), End::Interrupted), Exit::Interrupted);
    assert_eq!(ended(disappointing(), End::Interrupted), Exit::Negative);
    assert_eq!(ended(outcome(0), End::NobodyReads), Exit::Ok);
}
