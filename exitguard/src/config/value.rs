//! A value as it is written. Its kind is checked here, what it means elsewhere.

use super::report::Problem;
use super::suggest::closest;
use std::ops::Range;
use toml::Spanned;
use toml::de::DeValue;

/// A value of the file, or an item of an array.
pub(super) struct Value<'t> {
    /// The whole file.
    text: &'t str,
    key: &'static str,
    is_item: bool,
    toml: &'t Spanned<DeValue<'t>>,
}

/// Longest value that is repeated in a message; the lines of the file are shown below it anyway.
const SHOWN_BYTES: usize = 40;

impl<'t> Value<'t> {
    pub(super) const fn new(
        text: &'t str,
        key: &'static str,
        toml: &'t Spanned<DeValue<'t>>,
    ) -> Self {
        Self {
            text,
            key,
            is_item: false,
            toml,
        }
    }

    pub(super) const fn key(&self) -> &'static str {
        self.key
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.toml.span()
    }

    pub(super) fn toml(&self) -> &'t DeValue<'t> {
        self.toml.get_ref()
    }

    /// The string, if it is one.
    pub(super) fn as_str(&self) -> Option<&'t str> {
        self.toml().as_str()
    }

    /// The number, if it is one. The nearest there is for one that is out of range, which it stays.
    pub(super) fn as_integer(&self) -> Option<i64> {
        let integer = self.toml().as_integer()?;
        let digits = integer.as_str();
        let nearest = if digits.starts_with('-') {
            i64::MIN
        } else {
            i64::MAX
        };
        Some(i64::from_str_radix(digits, integer.radix()).unwrap_or(nearest))
    }

    pub(super) fn boolean(&self) -> Result<bool, Problem> {
        let key = self.key;
        self.toml().as_bool().ok_or_else(|| {
            let hint = format!("write {key} = true or {key} = false, without quotes");
            self.has_to_be("true or false", hint)
        })
    }

    pub(super) fn string(&self) -> Result<&'t str, Problem> {
        self.as_str().ok_or_else(|| {
            let hint = match self.toml() {
                DeValue::Array(_) | DeValue::Table(_) => "write a single text in quotes".into(),
                _ => format!("write it in quotes: \"{}\"", self.source()),
            };
            self.has_to_be("a string", hint)
        })
    }

    pub(super) fn integer(&self) -> Result<i64, Problem> {
        let hint = "write the digits only, without quotes";
        self.as_integer()
            .ok_or_else(|| self.has_to_be("a number", hint))
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, Problem> {
        let hint = || format!("write {} = [{}]", self.key, self.source());
        let array = self.toml().as_array();
        let array = array.ok_or_else(|| self.has_to_be("an array", hint()))?;
        let item = |toml| Self {
            is_item: true,
            toml,
            ..*self
        };
        Ok(array.iter().map(item).collect())
    }

    pub(super) fn choice<T: Copy, const N: usize>(
        &self,
        choices: [(&str, T); N],
    ) -> Result<T, Problem> {
        let word = self.as_str();
        let chosen = choices.iter().find(|(name, _)| Some(*name) == word);
        chosen.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names = choices.map(|(name, _)| name);
            let expected = names.map(|name| format!("\"{name}\"")).join(" or ");
            let hint = match word.and_then(|word| closest(word, names)) {
                Some(name) => format!("did you mean \"{name}\"?"),
                None => format!("write {} = {expected}", self.key),
            };
            self.has_to_be(&expected, hint)
        })
    }

    /// The value is of the wrong kind.
    pub(super) fn has_to_be(&self, expected: &str, hint: impl Into<String>) -> Problem {
        let subject = match self.is_item {
            true => "each item of ",
            false => "",
        };
        let message = format!(
            "{subject}`{}` has to be {expected}, not {}",
            self.key,
            self.shown()
        );
        Problem::new(message, hint)
    }

    /// As it stands in the file.
    pub(super) fn source(&self) -> &'t str {
        self.text.get(self.span()).unwrap_or_default()
    }

    fn shown(&self) -> &'t str {
        let source = self.source();
        match self.toml() {
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
            _ if source.len() <= SHOWN_BYTES && !source.contains('\n') => source,
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
        }
    }
}
