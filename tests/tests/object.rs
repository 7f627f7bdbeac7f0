//! The committed BPF object: complete, licensed, lean, and built from these sources.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use exitguard_common::abi::{maps, programs, settings};
use object::{File, Object, ObjectSection, ObjectSymbol, SymbolKind};
use xtask::ebpf::manifest::Manifest;
use xtask::ebpf::{committed_manifest, committed_object, digest, sources};

const REMEDY: &str = "run `cargo xtask build-ebpf`";

fn bytes() -> Vec<u8> {
    fs::read(committed_object()).unwrap()
}

/// The global symbols of a kind in sections with one of these names.
fn symbols(sections: &[&str], kind: SymbolKind) -> BTreeSet<String> {
    let bytes = bytes();
    let file = File::parse(bytes.as_slice()).unwrap();
    let is_there =
        |index| sections.contains(&file.section_by_index(index).unwrap().name().unwrap());
    file.symbols()
        .filter(|symbol| symbol.is_global() && symbol.kind() == kind)
        .filter(|symbol| symbol.section_index().is_some_and(is_there))
        .map(|symbol| symbol.name().unwrap().to_owned())
        .collect()
}

fn names(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn has_the_programs_that_userspace_asks_for_and_no_others() {
    let classifiers = [
        programs::TC_OUTBOUND,
        programs::TC_INBOUND,
        programs::TC_NOTHING,
        programs::ASK,
    ];
    assert_eq!(
        symbols(&["classifier"], SymbolKind::Text),
        names(&classifiers)
    );
    assert_eq!(
        symbols(&["xdp"], SymbolKind::Text),
        names(&[programs::XDP_OUTBOUND])
    );
    assert_eq!(
        symbols(&["classifier", "xdp"], SymbolKind::Text),
        names(&programs::ALL)
    );
}

#[test]
fn has_the_maps_that_userspace_fills_and_reads_and_no_others() {
    let expected = &names(&maps::POLICY) | &names(&maps::STATE);
    assert_eq!(symbols(&["maps"], SymbolKind::Data), expected);
}

#[test]
fn has_every_setting_that_is_set_when_it_is_loaded() {
    let all = [
        settings::OBSERVE,
        settings::OBSERVE_LISTS,
        settings::LINK_LAYER,
        settings::PASS_MARK,
        settings::EVENTS_PER_SECOND,
    ];
    assert_eq!(symbols(&[".rodata"], SymbolKind::Data), names(&all));
}

#[test]
fn may_use_what_is_for_gpl_compatible_programs_only() {
    let bytes = bytes();
    let file = File::parse(bytes.as_slice()).unwrap();
    let licence = file.section_by_name("license").unwrap();
    assert_eq!(licence.data().unwrap(), b"Dual MIT/GPL\0");
}

#[test]
fn has_the_types_that_the_kernel_wants_and_nothing_for_a_debugger() {
    let bytes = bytes();
    let file = File::parse(bytes.as_slice()).unwrap();
    let sections: Vec<_> = file
        .sections()
        .map(|section| section.name().unwrap().to_owned())
        .collect();
    for wanted in [".BTF", ".BTF.ext"] {
        let size = file
            .section_by_name(wanted)
            .map_or(0, |section| section.size());
        assert!(size > 0, "{wanted} is not in {sections:?}");
    }
    let is_debug = |name: &&String| name.contains(".debug") || name.contains(".line");
    assert_eq!(sections.iter().find(is_debug), None);
}

#[test]
fn is_what_its_manifest_describes() {
    let manifest = Manifest::read(&committed_manifest()).unwrap();
    assert_eq!(
        digest(&bytes()),
        manifest.object,
        "the committed object and its manifest are of two builds; {REMEDY}"
    );
}

#[test]
fn was_built_from_these_sources() {
    let manifest = Manifest::read(&committed_manifest()).unwrap();
    assert_eq!(
        sources::digest(&xtask::root()).unwrap(),
        manifest.sources,
        "the sources of the BPF object changed after it was built; {REMEDY}"
    );
}

/// Everything the object is built from, in a folder where it may be changed.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&root);
        let original = xtask::root();
        let mut files = sources::files(&original).unwrap();
        files.push(original.join("Cargo.lock"));
        for file in files {
            let copy = root.join(file.strip_prefix(&original).unwrap());
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(&file, &copy).unwrap();
        }
        Self(root)
    }

    fn digest(&self) -> String {
        sources::digest(&self.0).unwrap()
    }

    fn edit(&self, file: &str, change: impl FnOnce(&str) -> String) {
        let path = self.0.join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, change(&text)).unwrap();
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_changed_source_shows_in_the_digest() {
    let copy = Copy::new("changed_source");
    let digest = sources::digest(&xtask::root()).unwrap();
    assert_eq!(copy.digest(), digest, "the place does not matter");
    let append = |text: &str| format!("{text}\n");
    for file in [
        "exitguard-ebpf/src/guard.rs",
        "exitguard-ebpf/Cargo.toml",
        "exitguard-common/src/policy/mod.rs",
    ] {
        let before = copy.digest();
        copy.edit(file, append);
        assert_ne!(copy.digest(), before, "{file}");
    }
}

#[test]
fn a_new_a_renamed_and_a_missing_source_show_in_the_digest() {
    let copy = Copy::new("new_source");
    let before = copy.digest();
    copy.edit("exitguard-common/src/new.rs", |_| "//! New.\n".to_owned());
    let with_new = copy.digest();
    assert_ne!(with_new, before);
    let at = |name| copy.0.join("exitguard-common/src").join(name);
    fs::rename(at("new.rs"), at("newer.rs")).unwrap();
    let with_renamed = copy.digest();
    assert_ne!(with_renamed, with_new);
    assert_ne!(with_renamed, before);
    fs::remove_file(at("newer.rs")).unwrap();
    assert_eq!(copy.digest(), before);
}

#[test]
fn another_version_of_a_library_in_the_object_shows_in_the_digest() {
    let copy = Copy::new("library");
    let before = copy.digest();
    copy.edit("Cargo.lock", |text| {
        let name = "name = \"aya-ebpf\"\nversion = \"";
        let changed = text.replacen(name, &format!("{name}9"), 1);
        assert_ne!(changed, text);
        changed
    });
    assert_ne!(copy.digest(), before);
}

#[test]
fn a_changed_test_does_not_show_in_the_digest() {
    let copy = Copy::new("test");
    let before = copy.digest();
    let folder = copy.0.join("exitguard-common/src/policy/tests");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("mod.rs"), "//! Tests.\n").unwrap();
    assert_eq!(copy.digest(), before);
}
