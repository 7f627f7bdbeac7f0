//! The policy that is in force during the demo: files, as on any exit node.

use super::error::DemoError;
use tempfile::TempDir;

/// A configuration and the lists that it names.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The configuration.
    pub config: SampleFile,
    /// The lists.
    pub lists: Vec<SampleFile>,
}

/// A file of the sample.
#[derive(Clone, Copy, Debug)]
pub struct SampleFile {
    /// Its name in the sample's directory.
    pub name: &'static str,
    /// What it holds.
    pub text: &'static str,
}

impl Default for Sample {
    fn default() -> Self {
        let file = |name, text| SampleFile { name, text };
        Self {
            config: file("exitguard.toml", include_str!("sample/exitguard.toml")),
            lists: vec![
                file("bad.txt", include_str!("sample/bad.txt")),
                file("new.txt", include_str!("sample/new.txt")),
            ],
        }
    }
}

impl Sample {
    /// Writes the files to a directory that ends with the value.
    pub(super) fn write(&self) -> Result<TempDir, DemoError> {
        let write = || {
            let dir = tempfile::Builder::new()
                .prefix("exitguard-demo-")
                .tempdir()?;
            for file in self.lists.iter().chain([&self.config]) {
                std::fs::write(dir.path().join(file.name), file.text)?;
            }
            Ok(dir)
        };
        write().map_err(DemoError::Sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::{Overrides, PolicyFiles};

    #[test]
    fn the_sample_is_read_without_a_warning_and_its_directory_ends_with_it() {
        let sample = Sample::default();
        let dir = sample.write().unwrap();
        let files = PolicyFiles {
            config: dir.path().join(sample.config.name),
            overrides: Overrides::default(),
        };
        let desired = files.read().unwrap();
        assert_eq!(desired.warnings, []);
        let names: Vec<_> = desired.lists.iter().map(|list| &list.name).collect();
        assert_eq!(names, ["bad", "new"]);
        // Nothing of the machine is touched.
        assert!(desired.config.list_cache.starts_with(dir.path()));
        let path = dir.path().to_owned();
        drop(dir);
        assert!(!path.exists());
    }
}
