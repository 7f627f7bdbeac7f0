//! The archive that a kernel unpacks as its first file system: cpio, format "newc"
//! (Documentation/driver-api/early-userspace/buffer-format.rst).

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
/// Names and contents begin at multiples of this.
const ALIGNMENT: usize = 4;

/// An archive that grows.
#[derive(Debug, Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    names: BTreeSet<String>,
}

impl Archive {
    /// Adds a file, with the folders it is in. One that is there already stays as it is.
    pub(super) fn add(&mut self, path: &Path, contents: &[u8]) -> Result<()> {
        let name = name(path);
        let parents = name.char_indices().filter(|(_, c)| *c == '/');
        for (end, _) in parents {
            self.entry(name.get(..end).unwrap_or_default(), FOLDER, &[])?;
        }
        self.entry(&name, PROGRAM, contents)
    }

    /// Adds a file of this machine.
    pub(super) fn add_file(&mut self, path: &Path, from: &Path) -> Result<()> {
        let contents = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        self.add(path, &contents)
    }

    /// The archive, with its end.
    pub(super) fn finish(mut self) -> Result<Vec<u8>> {
        self.entry("TRAILER!!!", 0, &[])?;
        Ok(self.bytes)
    }

    fn entry(&mut self, name: &str, mode: u32, contents: &[u8]) -> Result<()> {
        if !self.names.insert(name.to_owned()) {
            return Ok(());
        }
        self.entries += 1;
        let too_large = || format!("{name} is too large for an initramfs");
        let size = u32::try_from(contents.len()).with_context(too_large)?;
        let name_size = u32::try_from(name.len() + 1).with_context(too_large)?;
        // inode, mode, user, group, links, time, size, device, device of a device, name, checksum
        let fields = [
            self.entries,
            mode,
            0,
            0,
            1,
            0,
            size,
            0,
            0,
            0,
            0,
            name_size,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes
                .extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(contents);
        self.pad();
        Ok(())
    }

    fn pad(&mut self) {
        let length = self.bytes.len().next_multiple_of(ALIGNMENT);
        self.bytes.resize(length, 0);
    }
}

/// Without the root, and without `.` and `..`, which mean nothing before there is a file system.
fn name(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_begins_at_a_multiple_of_four() {
        let mut archive = Archive::default();
        archive.add(Path::new("/a/bc"), b"12345").unwrap();
        let bytes = archive.finish().unwrap();
        let magic: Vec<usize> = (0..bytes.len())
            .filter(|&at| bytes[at..].starts_with(b"070701"))
            .collect();
        // Headers of 110 bytes, then "a\0", "a/bc\0" with its contents, "TRAILER!!!\0".
        assert_eq!(magic, [0, 112, 112 + 116 + 8]);
        assert_eq!(bytes.len(), 112 + 116 + 8 + 124);
        assert_eq!(&bytes[112 + 116..112 + 116 + 8], b"12345\0\0\0");
    }

    #[test]
    fn a_folder_is_made_once_and_before_what_is_in_it() {
        let mut archive = Archive::default();
        for path in ["/lib/one", "lib/two", "/lib/one"] {
            archive.add(Path::new(path), b"").unwrap();
        }
        assert_eq!(archive.entries, 3);
        let text = String::from_utf8(archive.finish().unwrap()).unwrap();
        let places = ["lib\0", "lib/one\0", "lib/two\0", "TRAILER!!!\0"]
            .map(|name| text.find(name).unwrap());
        assert!(places.is_sorted(), "{places:?}");
    }

    #[test]
    fn the_header_says_how_long_name_and_contents_are() {
        let mut archive = Archive::default();
        archive.add(Path::new("/x"), &[7; 300]).unwrap();
        let text = String::from_utf8_lossy(&archive.bytes).into_owned();
        assert_eq!(&text[..14], "07070100000001");
        assert_eq!(&text[14..22], "000081ed");
        assert_eq!(&text[54..62], "0000012c");
        assert_eq!(&text[94..102], "00000002");
    }
}
