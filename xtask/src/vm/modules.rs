//! The kernel modules that the tests use, in the order to load them in. A guest has no modprobe: what is not loaded at
//! its start is not there.

use anyhow::{Context, Result, bail};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Some of them are built into some kernels.
pub(super) const WANTED: [&str; 10] = [
    "tun",
    "veth",
    "sch_ingress",
    "cls_bpf",
    "act_bpf",
    "nf_tables",
    "nf_nat",
    "nft_ct",
    "nft_chain_nat",
    "nft_masq",
];

/// Writes the modules of an unpacked kernel into a folder, named by their order.
///
/// # Errors
/// When depmod or a file fails.
pub(super) fn extract(modules: &Path, into: &Path) -> Result<()> {
    let listed = fs::read_to_string(modules.join("modules.dep"))
        .with_context(|| format!("no modules.dep in {}", modules.display()))?;
    fs::create_dir_all(into)?;
    for (place, path) in in_order(&listed).iter().enumerate() {
        let from = modules.join(path);
        let target = into.join(format!("{place:02}-{}.ko", name(path)));
        fs::write(&target, read(&from)?)?;
    }
    Ok(())
}

/// The files of the wanted modules and of what they depend on, dependencies first.
fn in_order(listed: &str) -> Vec<PathBuf> {
    let lines = listed.lines().filter_map(|line| line.split_once(':'));
    let all: HashMap<String, (&str, &str)> = lines
        .map(|(path, needs)| (name(Path::new(path)), (path, needs)))
        .collect();
    let mut order = Vec::new();
    for wanted in WANTED {
        let Some((path, needs)) = all.get(wanted) else {
            continue;
        };
        // depmod lists all it takes, what is needed first last.
        let files = needs.split_whitespace().rev().chain([*path]);
        for file in files.map(PathBuf::from) {
            if !order.contains(&file) {
                order.push(file);
            }
        }
    }
    order
}

fn read(module: &Path) -> Result<Vec<u8>> {
    if module.extension().is_none_or(|extension| extension != "xz") {
        return fs::read(module).with_context(|| format!("cannot read {}", module.display()));
    }
    let output = Command::new("xz").arg("-dc").arg(module).output()?;
    if !output.status.success() {
        bail!(
            "cannot unpack {}: {}",
            module.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(output.stdout)
}

/// As the kernel calls it.
fn name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let name = file.split(".ko").next().unwrap_or_default();
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_module_needs_comes_before_it_and_once() {
        let listed = "\
            kernel/net/veth.ko.xz: kernel/second.ko.xz kernel/first.ko.xz\n\
            kernel/net/tun.ko.xz: kernel/first.ko.xz\n\
            kernel/first.ko.xz:\n\
            kernel/second.ko.xz: kernel/first.ko.xz\n\
            kernel/other.ko.xz:\n";
        let order: Vec<String> = in_order(listed).iter().map(|path| name(path)).collect();
        assert_eq!(order, ["first", "tun", "second", "veth"]);
    }

    #[test]
    fn what_is_needed_first_is_listed_last() {
        let listed = "kernel/net/tun.ko: kernel/second.ko kernel/first.ko\n";
        let order: Vec<String> = in_order(listed).iter().map(|path| name(path)).collect();
        assert_eq!(order, ["first", "second", "tun"]);
    }

    #[test]
    fn a_dash_in_the_name_of_a_file_is_none_in_the_name_of_a_module() {
        assert_eq!(name(Path::new("kernel/nf-nat.ko.xz")), "nf_nat");
        assert_eq!(name(Path::new("kernel/tun.ko")), "tun");
    }
}
