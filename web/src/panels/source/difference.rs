//! Where two texts differ, and where the caret belongs after a change that somebody else made.
//!
//! A browser counts a caret in UTF-16 units, the text is counted in bytes; both are translated here.

/// The one stretch in which a text differs from an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Difference<'a> {
    /// Byte at which the stretch begins, in both texts.
    pub(crate) start: usize,
    /// Byte behind it in the earlier text.
    pub(crate) end: usize,
    /// What stands there now.
    pub(crate) inserted: &'a str,
}

/// Compares from both ends; `None` when the texts are equal.
pub(crate) fn difference<'a>(before: &str, after: &'a str) -> Option<Difference<'a>> {
    if before == after {
        return None;
    }
    let (old, new) = (before.as_bytes(), after.as_bytes());
    let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
    let mut start = old.iter().zip(new).take_while(same).count();
    while !before.is_char_boundary(start) || !after.is_char_boundary(start) {
        start -= 1;
    }
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let mut tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(same)
        .count();
    while !before.is_char_boundary(old.len() - tail) || !after.is_char_boundary(new.len() - tail) {
        tail -= 1;
    }
    Some(Difference {
        start,
        end: old.len() - tail,
        inserted: &after[start..new.len() - tail],
    })
}

/// Where a caret at this byte of the earlier text belongs after the change: it stays with the text around it,
/// and one inside the stretch goes behind what was inserted.
pub(crate) fn caret_after(change: Difference<'_>, caret: usize) -> usize {
    if caret <= change.start {
        caret
    } else if caret >= change.end {
        caret - change.end + change.start + change.inserted.len()
    } else {
        change.start + change.inserted.len()
    }
}

/// UTF-16 units before this byte. A byte inside a character counts as its beginning.
pub(crate) fn utf16_at(text: &str, byte: usize) -> u32 {
    let units = text
        .char_indices()
        .take_while(|(at, letter)| at + letter.len_utf8() <= byte)
        .map(|(_, letter)| letter.len_utf16());
    units.sum::<usize>() as u32
}

/// The byte at this many UTF-16 units, at most the text's length.
pub(crate) fn byte_at(text: &str, units: u32) -> usize {
    let mut left = units as usize;
    for (at, letter) in text.char_indices() {
        if left < letter.len_utf16() {
            return at;
        }
        left -= letter.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(before: &str, after: &str, caret: usize) -> usize {
        caret_after(difference(before, after).expect("they differ"), caret)
    }

    #[test]
    fn a_difference_is_one_stretch_on_whole_characters() {
        let change = difference("service café {}", "service cafè {}").expect("they differ");
        assert_eq!((change.start, change.end, change.inserted), (11, 13, "è"));
        let repeated = difference("aa", "aaa").expect("they differ");
        assert_eq!(
            (repeated.start, repeated.end, repeated.inserted),
            (2, 2, "a")
        );
        assert_eq!(difference("same", "same"), None);
    }

    #[test]
    fn the_caret_stays_with_the_text_around_it() {
        let (before, after) = ("orders 10 20;\nstock", "orders 184 20;\nstock");
        assert_eq!(moved(before, after, 3), 3);
        assert_eq!(moved(before, after, 16), 17);
        assert_eq!(&before[16..], &after[17..]);
        assert_eq!(moved("abcdef", "aXf", 3), 2);
    }

    #[test]
    fn bytes_and_utf16_units_agree() {
        let text = "aé😀b";
        for (byte, units) in [(0, 0), (1, 1), (3, 2), (7, 4), (8, 5)] {
            assert_eq!(utf16_at(text, byte), units);
            assert_eq!(byte_at(text, units), byte);
        }
        assert_eq!(byte_at(text, 3), 3, "inside the pair of a character");
        assert_eq!(byte_at(text, 99), text.len());
    }
}
