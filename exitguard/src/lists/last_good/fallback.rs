//! The last good version of a list: from memory, or from the store.

use super::taking::Taking;
use crate::config::List;
use crate::diagnostic::Diagnostic;
use crate::lists::LoadedList;
use crate::lists::content::Content;
use crate::lists::store::{Record, Version};

impl Taking<'_> {
    /// The last good version, from memory if that is it, else from the store, else from memory.
    pub(super) fn before_it(
        &self,
        known: &Record,
        warnings: &mut Vec<Diagnostic>,
    ) -> Option<(LoadedList, Version)> {
        let remembered = || {
            let (list, memory) = self.before?;
            let version = memory.condition.version.clone()?;
            let list = LoadedList {
                action: self.list.action,
                ..list.clone()
            };
            Some((list, version))
        };
        let Some(accepted) = &known.accepted else {
            return remembered();
        };
        if let Some((list, version)) = remembered()
            && version.sha256 == accepted.sha256
        {
            return Some((list, version));
        }
        match self.kept(accepted) {
            Some(list) => Some((list, accepted.clone())),
            None => {
                let path = self.store.body_path(&self.list.name, accepted);
                let message = format!(
                    "list \"{}\": its last good version, {}, is lost or damaged",
                    self.list.name,
                    path.display()
                );
                let hint = "it is written again with the next good version";
                warnings.push(self.list.named_at.warning(message).hint(hint));
                remembered()
            }
        }
    }

    /// A version from the store. What the configuration wants of new versions was not wanted of this one.
    fn kept(&self, version: &Version) -> Option<LoadedList> {
        let bytes = self.store.body(&self.list.name, version).ok()?;
        let path = self.store.body_path(&self.list.name, version);
        let as_configured = List {
            must_contain: Vec::new(),
            ..self.list.clone()
        };
        let as_found = List {
            format: None,
            ..as_configured.clone()
        };
        let read = |list| Content::read(list, &path, &bytes, true, &mut Vec::new()).ok();
        let content = read(&as_configured).or_else(|| read(&as_found))?;
        Some(content.loaded(self.list))
    }
}
