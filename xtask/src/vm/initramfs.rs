//! The file system of a guest: this program as its first process, the tests where they are on this machine (some know
//! where they were built), the libraries they are linked to, the modules of the kernel, the plan.

use super::groups::{Group, Programs};
use super::kernel::Kernel;
use super::newc::Archive;
use super::protocol::{MODULES, PLAN, Plan};
use crate::command;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What all guests share: programs with their libraries, without debug information, by where they are in the guest.
#[derive(Debug)]
pub(super) struct Contents {
    files: BTreeMap<PathBuf, Vec<u8>>,
    plan: Vec<u8>,
}

impl Contents {
    /// Gathers it.
    ///
    /// # Errors
    /// When a program cannot be read or stripped.
    pub(super) fn gather(programs: &Programs, groups: &[Group]) -> Result<Self> {
        let works = groups.iter().map(|group| programs.work(*group));
        let plan = Plan {
            groups: works.collect::<Result<_>>()?,
        };
        let mut contents = Self {
            files: BTreeMap::new(),
            plan: serde_json::to_vec(&plan)?,
        };
        let this = std::env::current_exe().context("cannot find this program")?;
        contents.add(Path::new("/init"), &this)?;
        contents.add(&programs.binary, &programs.binary)?;
        for group in groups {
            let program = programs.of(*group)?;
            contents.add(&program, &program)?;
        }
        Ok(contents)
    }

    fn add(&mut self, path: &Path, program: &Path) -> Result<()> {
        self.files.insert(path.to_owned(), stripped(program)?);
        for library in libraries(program)? {
            let contents =
                fs::read(&library).with_context(|| format!("cannot read {}", library.display()))?;
            self.files.insert(library, contents);
        }
        Ok(())
    }

    /// With the modules of a kernel, as an archive.
    ///
    /// # Errors
    /// When a module cannot be read.
    pub(super) fn archive(&self, kernel: &Kernel) -> Result<Vec<u8>> {
        let mut archive = Archive::default();
        for (path, contents) in &self.files {
            archive.add(path, contents)?;
        }
        for entry in fs::read_dir(kernel.modules())? {
            let entry = entry?;
            archive.add_file(&Path::new(MODULES).join(entry.file_name()), &entry.path())?;
        }
        archive.add(Path::new(PLAN), &self.plan)?;
        archive.finish()
    }
}

fn stripped(program: &Path) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let target = folder.path().join("stripped");
    command::run(Command::new("strip").arg("-o").arg(&target).arg(program))?;
    Ok(fs::read(target)?)
}

fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let output = Command::new("ldd")
        .arg(program)
        .env("LC_ALL", "C")
        .output()?;
    if !output.status.success() {
        bail!("ldd cannot read {}", program.display());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    if let Some(missing) = said.lines().find(|line| line.ends_with("not found")) {
        bail!("{} needs{}", program.display(), missing);
    }
    Ok(paths(&said))
}

/// The paths in what ldd says.
fn paths(said: &str) -> Vec<PathBuf> {
    let words = said.split_whitespace().filter(|word| word.starts_with('/'));
    words.map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_the_loader_are_found_and_what_the_kernel_brings_is_not() {
        let said = "\tlinux-vdso.so.1 (0x00007fff)\n\
                    \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f00)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f01)\n";
        let expected = [
            "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib64/ld-linux-x86-64.so.2",
        ];
        assert_eq!(paths(said), expected.map(PathBuf::from));
    }
}
