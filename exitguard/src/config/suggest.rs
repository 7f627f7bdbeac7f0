//! "Did you mean …?"

/// The candidate that a person most probably meant by `word`, if any is close.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    let word = letters(word);
    // In a short word every edit makes another word.
    let tolerated = match word.len() {
        0..=2 => 0,
        3..=4 => 1,
        _ => 2,
    };
    let by_edits = (0..=tolerated).find_map(|edits| {
        let mut candidates = candidates.clone().into_iter();
        candidates.find(|candidate| similar(&word, &letters(candidate), edits))
    });
    by_edits.or_else(|| {
        let mut candidates = candidates.into_iter();
        candidates.find(|candidate| word.len() > 2 && letters(candidate).starts_with(&word))
    })
}

/// Whether `a` becomes `b` when at most `edits` letters are added, left out, changed or swapped with the
/// next one.
fn similar(a: &[char], b: &[char], edits: usize) -> bool {
    match (a, b) {
        ([], rest) | (rest, []) => rest.len() <= edits,
        ([x, after_x @ ..], [y, after_y @ ..]) if x == y => similar(after_x, after_y, edits),
        ([first, second, a @ ..], [x, y, b @ ..])
            if edits > 0 && first == y && second == x && similar(a, b, edits - 1) =>
        {
            true
        }
        ([_, after_x @ ..], [_, after_y @ ..]) => {
            edits > 0
                && (similar(after_x, after_y, edits - 1)
                    || similar(after_x, b, edits - 1)
                    || similar(a, after_y, edits - 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let keys = ["tcp", "udp", "icmp", "protocols", "on_deny", "lockdown"];
        for (word, meant) in [
            ("tpc", Some("tcp")),
            ("tc", None),
            ("tcpp", Some("tcp")),
            ("UDP", Some("udp")),
            ("icpm", Some("icmp")),
            ("prot", Some("protocols")),
            ("protocolls", Some("protocols")),
            ("ondeny", Some("on_deny")),
            ("on-deny", Some("on_deny")),
            ("lokdwon", Some("lockdown")),
            ("ports", None),
            ("", None),
        ] {
            assert_eq!(closest(word, keys), meant, "{word}");
        }
    }

    #[test]
    fn the_closer_one_of_two_is_meant() {
        assert_eq!(closest("lists", ["list", "lists"]), Some("lists"));
        assert_eq!(closest("listes", ["list", "lists"]), Some("lists"));
    }
}
