//! What somebody types to see less.

use exitguard::control::{Decided, FlowState};
use exitguard::filter::{Filter, Subject};

/// A filter is read, or pointed at; one that was read means the same when it is written out.
pub(super) fn filter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Filter::parse(&text) {
        Ok(filter) => {
            let written = filter.to_string();
            // Prefixes are written in full: it may have become too long.
            if written.len() <= text.len() {
                assert_eq!(Filter::parse(&written).as_ref(), Ok(&filter), "{written}");
            }
            let is_match = filter.matches(SUBJECT);
            assert!(is_match || !filter.is_empty(), "{written}");
        }
        Err(error) => {
            let span = error.span();
            assert!(text.get(span.clone()).is_some(), "{span:?}");
            let rendered = error.render();
            assert_eq!(rendered.split('\n').count(), 4, "{rendered}");
            assert!(!rendered.contains(['\u{1b}', '\t', '\r']), "{rendered:?}");
        }
    }
}

const SUBJECT: Subject<'_> = Subject {
    client: None,
    client_name: Some("web1"),
    remote: None,
    remote_port: Some(443),
    protocol: Some(6),
    reason: "port",
    rule: "client web1",
    list: None,
    decision: Decided::Deny,
    state: FlowState::New,
};
