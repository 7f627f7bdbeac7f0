//! What is not taken, and why.

use super::*;
use crate::config::Source;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_is_no_text_is_called_by_its_name() {
    let zip = b"PK\x03\x04\x14\x00".as_slice();
    for (bytes, why) in [
        (b"".as_slice(), "it is empty"),
        (b" \r\n\n", "it is empty"),
        (b"\xef\xbb\xbf\n", "it is empty"),
        (
            b"\n<!DOCTYPE html><title>Login</title>",
            "it is a web page (HTML or XML), not a list",
        ),
        (
            b"<HTML>\n192.0.2.1\n",
            "it is a web page (HTML or XML), not a list",
        ),
        (b"192.0.2.1\n\0\n", "it is not text: byte 10 is 0x00"),
        (b"192.0.2.1\n\x1b[31m", "it is not text: byte 10 is 0x1b"),
        (b"\xff\xfe1\x009\x00", "it is UTF-16 text"),
        (zip, "it is a zip file"),
        (b"\xfd7zXZ\x00", "it is a xz file"),
        (b"\x28\xb5\x2f\xfd", "it is a zstd file"),
        (
            b"\xff\xff\xff\xffP2B\x02",
            "it is a binary PeerGuardian (P2B) file",
        ),
        (b"404: Not Found", "its format is not known"),
        (
            b"{\"message\":\"rate limit exceeded\"}",
            "its format is not known",
        ),
    ] {
        let refusal = read(bytes).unwrap_err();
        assert_eq!(refusal.to_string(), why);
        assert!(!refusal.remedy().is_empty());
    }
}

#[test]
fn a_control_byte_is_found_wherever_it_is() {
    for at in [4_095, 4_096, 100_000] {
        let mut bytes = vec![b'\n'; at];
        bytes.extend_from_slice(b"\x7f192.0.2.1\n");
        let expected = Refusal::Binary {
            offset: at,
            byte: 0x7f,
        };
        assert_eq!(read(&bytes).unwrap_err(), expected);
    }
}

#[test]
fn a_line_longer_than_any_entry_is_refused() {
    let text = format!("192.0.2.1\n# {}\n192.0.2.2\n", "x".repeat(65_536));
    assert_eq!(read(&text).unwrap_err(), Refusal::LongLine { line: 2 });
    let text = format!("192.0.2.1\n# {}\n192.0.2.2\n", "x".repeat(65_000));
    assert_eq!(read(&text).unwrap().stats.valid, 2);
    // A document may be one line.
    let members = "{\"ip_address\":\"192.0.2.1\"},".repeat(10_000);
    let text = format!("[{}]", members.trim_end_matches(','));
    assert_eq!(read(&text).unwrap().stats.valid, 10_000);
}

#[test]
fn lines_of_any_length_up_to_the_longest_are_taken() {
    const LONGEST: usize = 64 << 10;
    let comment = |bytes: usize| format!("#{}", "x".repeat(bytes - 1));
    let few = "192.0.2.1\n".repeat(7);
    for (text, refused) in [
        (format!("{few}{}\n{few}", comment(LONGEST)), None),
        (format!("{few}{}", comment(LONGEST)), None),
        (format!("{}\n{few}", comment(LONGEST + 1)), Some(1)),
        (format!("{few}{}\n{few}", comment(LONGEST + 1)), Some(8)),
        (format!("{few}{}", comment(LONGEST + 1)), Some(8)),
        (
            format!("{}\n{}\n", comment(LONGEST), comment(LONGEST)),
            None,
        ),
        (few.repeat(2_000), None),
    ] {
        let refusal = read(&text).err();
        assert_eq!(refusal, refused.map(|line| Refusal::LongLine { line }));
    }
}

#[test]
fn gzip_is_unpacked_with_all_its_members() {
    let mut packed = gzip(b"192.0.2.1\n");
    packed.extend(gzip(b"192.0.2.2\n"));
    assert_eq!(
        shown(&read(&packed).unwrap()),
        "plain 2/0/0: 192.0.2.1/32 192.0.2.2/32"
    );
    for length in [1, 9, packed.len() / 2 + 5, packed.len() - 2] {
        let refusal = read(&packed[..packed.len() - length]).unwrap_err();
        assert!(
            matches!(refusal, Refusal::DamagedGzip(_)),
            "{length}: {refusal}"
        );
    }
    let page = read(gzip(b"<html>")).unwrap_err();
    assert_eq!(page, Refusal::Html);
    assert!(matches!(
        read(gzip(&gzip(b"192.0.2.1\n"))),
        Err(Refusal::Packed(_))
    ));
}

#[test]
fn a_gzip_bomb_is_not_unpacked() {
    let bomb = gzip(&vec![b'\n'; 64 << 20]);
    assert!(bomb.len() < 100_000);
    assert_eq!(read(&bomb).unwrap_err(), Refusal::Bomb(200));
}

#[test]
fn a_list_of_nothing_that_can_be_blocked_is_not_taken() {
    for text in [
        "||example.com^$popup\n||example.net/x\n",
        "create s hash:mac\nadd s 02:00:00:00:00:01\n",
    ] {
        let parsed = read(text).unwrap();
        assert!(
            matches!(parsed.judge(), Err(Refusal::Useless(_))),
            "{}",
            shown(&parsed)
        );
    }
}

#[test]
fn ranges_do_not_fill_memory() {
    // Such a range is 254 prefixes.
    let text = "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe\n".repeat(10);
    for (room, fits) in [(2_540, true), (2_539, false), (500, false)] {
        let mut found = Collector::new(Path::new("list.txt"), text.as_bytes(), room);
        let format = Named::Plain.into();
        formats::read(&format, text.as_bytes(), &mut found).unwrap();
        match found.finish(format) {
            Ok(parsed) => assert!(fits && parsed.entries.len() == 254),
            Err(refusal) => assert!(!fits && refusal == Refusal::TooMany),
        }
    }
}

fn load_file(path: &Path) -> Result<LoadedList, ListError> {
    let list = List {
        name: "sample".to_owned(),
        source: Source::File(path.to_owned()),
        named_at: SourceFile::new("exitguard.toml", "").place(0..0),
        format: None,
        action: ListAction::Deny,
        allow_empty: false,
        interval: None,
        limits: Limits::default(),
        max_age: None,
        must_contain: Vec::new(),
    };
    load(&list, Path::new(""), &mut Vec::new())
}

#[test]
fn a_list_that_is_no_file_is_an_error() {
    let folder = std::env::temp_dir();
    let error = load_file(&folder).unwrap_err().to_string();
    assert!(error.ends_with("it is not a regular file"), "{error}");
    let missing = folder.join("there is no such list");
    assert!(matches!(load_file(&missing), Err(ListError::Read { .. })));
    // Nobody writes to it, so opening it would wait for ever.
    let fifo = folder.join(format!("exitguard-list-{}", std::process::id()));
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let error = load_file(&fifo).unwrap_err().to_string();
    std::fs::remove_file(&fifo).unwrap();
    assert!(error.ends_with("it is not a regular file"), "{error}");
}

#[test]
fn a_file_larger_than_any_list_is_not_read() {
    let path = std::env::temp_dir().join(format!("exitguard-large-{}", std::process::id()));
    // Takes no space: it is one hole.
    File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
    let error = load_file(&path).unwrap_err().to_string();
    std::fs::remove_file(&path).unwrap();
    assert!(
        error.contains("more than the 268435456 a list may have"),
        "{error}"
    );
}
