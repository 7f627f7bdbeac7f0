//! Walks a JSON document along a path without building it in memory.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Calls `each` with the source text of every value that the path leads to. `*` is every member of an
/// array or object; a step that is not there leads to nothing.
pub(super) fn select<'b>(
    json: &'b str,
    path: &[&str],
    each: &mut dyn FnMut(&'b str),
) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Walk { path, each }.deserialize(&mut deserializer)?;
    deserializer.end()
}

/// A JSON string, without its escapes.
pub(super) fn text(raw: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str(raw).ok()
}

struct Walk<'p, 'f, 'b> {
    path: &'p [&'p str],
    each: &'f mut dyn FnMut(&'b str),
}

impl<'b> DeserializeSeed<'b> for Walk<'_, '_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.path {
            [] => {
                let raw = <&RawValue as serde::Deserialize>::deserialize(deserializer)?;
                (self.each)(raw.get());
                Ok(())
            }
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'b> Visitor<'b> for Walk<'_, '_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((step, path)) = self.path.split_first() else {
            return Ok(());
        };
        while let Some(key) = map.next_key::<Cow<'b, str>>()? {
            if *step == "*" || *step == key {
                let each = &mut *self.each;
                map.next_value_seed(Walk { path, each })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut seq: A) -> Result<(), A::Error> {
        let Some((step, path)) = self.path.split_first() else {
            return Ok(());
        };
        let wanted: Option<usize> = step.parse().ok();
        for position in 0.. {
            let is_there = if *step == "*" || wanted == Some(position) {
                let each = &mut *self.each;
                seq.next_element_seed(Walk { path, each })?.is_some()
            } else {
                seq.next_element::<IgnoredAny>()?.is_some()
            };
            if !is_there {
                break;
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}
