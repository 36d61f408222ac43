//! What is kept between visits: the text being edited and where one was. What comes back is treated as hostile:
//! sizes are limited, and anything that does not read is as if it were not there.

use tidewire_session::gallery;

use crate::storage;

/// Where it is kept; the number is the shape's.
const KEY: &str = "tidewire.work.1";
/// A longer text is not restored: the language allows no longer one.
const LONGEST_TEXT: usize = 256 * 1024;

/// The work of the last visit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// The lesson it began with, if any.
    pub(crate) lesson: Option<String>,
    /// The text, if it differs from the lesson's.
    pub(crate) text: Option<String>,
    /// The selected design.
    pub(crate) design: Option<String>,
    /// The seed.
    pub(crate) seed: Option<u64>,
}

impl Work {
    /// What was kept, as far as it can be trusted.
    pub(crate) fn restore() -> Self {
        let kept = storage::load(KEY).unwrap_or_default();
        let text = |field| storage::text(&kept, field);
        let work = Self {
            lesson: text("lesson"),
            text: text("text"),
            design: text("design"),
            seed: text("seed").and_then(|digits| digits.parse().ok()),
        };
        work.checked()
    }

    /// Drops what cannot be: unknown lessons, texts that are too long.
    fn checked(mut self) -> Self {
        self.lesson = self.lesson.filter(|slug| gallery::find(slug).is_some());
        self.text = self.text.filter(|text| text.len() <= LONGEST_TEXT);
        self.design = self.design.filter(|name| name.len() <= 400);
        self
    }

    /// Keeps it. Where storage is refused or full, the work lasts as long as the page; the caller says so.
    pub(crate) fn keep(&self) -> bool {
        // A number of JavaScript does not hold every seed.
        let seed = self.seed.map(|seed| seed.to_string());
        let fields = [
            ("lesson", self.lesson.as_deref()),
            ("text", self.text.as_deref()),
            ("design", self.design.as_deref()),
            ("seed", seed.as_deref()),
        ];
        storage::keep(KEY, &storage::object(&fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_dropped() {
        let work = Work {
            lesson: Some("no-such-lesson".to_owned()),
            text: Some("x".repeat(LONGEST_TEXT + 1)),
            design: Some("A".to_owned()),
            seed: Some(7),
        };
        let checked = work.checked();
        assert_eq!(checked.lesson, None);
        assert_eq!(checked.text, None);
        assert_eq!(checked.design.as_deref(), Some("A"));
    }
}
