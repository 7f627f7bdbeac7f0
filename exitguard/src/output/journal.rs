//! Whether somebody else dates our lines.

use nix::sys::stat::{FileStat, fstat};
use std::os::fd::AsFd;

/// Whether what is written to a stream goes to systemd's journal, which dates every line by itself: `JOURNAL_STREAM` names
/// the stream that does, as systemd.exec(5) has it.
pub fn is_journal(stream: impl AsFd) -> bool {
    let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    fstat(stream).is_ok_and(|stat| is_named(&named, &stat))
}

fn is_named(named: &str, stat: &FileStat) -> bool {
    // The variable is inherited by whoever is started with its output elsewhere, too.
    named == format!("{}:{}", stat.st_dev, stat.st_ino)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_stream_that_is_named_is_the_journal() {
        let [one, other] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        let stat = fstat(&one).unwrap();
        let named = format!("{}:{}", stat.st_dev, stat.st_ino);
        assert!(is_named(&named, &stat));
        assert!(!is_named(&named, &fstat(&other).unwrap()));
        assert!(!is_named("", &stat));
        assert!(!is_named(&format!("{named} "), &stat));
    }
}
