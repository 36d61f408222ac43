//! How far one has come with the lessons: kept between visits. What comes back is treated as hostile.
//!
//! A lesson is in progress once it was opened. It is done once its question was answered rightly before the answer was
//! shown, or once each of its designs was looked at.

use tidewire_session::gallery::{self, Lesson};

use crate::storage;

/// Where it is kept; the number is the shape's.
const KEY: &str = "tidewire.progress.1";
/// Stands for a question that was answered rightly, among the names of designs.
const PREDICTED: &str = "\u{1}predicted";

/// Where one is with a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was never opened.
    NotStarted,
    /// It was opened.
    InProgress,
    /// It was understood, as far as we can tell.
    Done,
}

impl Standing {
    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Standing::NotStarted => "not started",
            Standing::InProgress => "in progress",
            Standing::Done => "done",
        }
    }
}

/// By lesson: the designs that were looked at, and [`PREDICTED`]. They are few, so they are lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress(Vec<(&'static str, Vec<String>)>);

impl Progress {
    /// What was kept, as far as it fits the lessons that there are.
    pub(crate) fn restore() -> Self {
        let kept = storage::load(KEY).unwrap_or_default();
        let marks = gallery::LESSONS.iter().filter_map(|lesson| {
            let text = storage::text(&kept, lesson.slug)?;
            Some((lesson.slug, known(lesson, &text)))
        });
        Self(marks.collect())
    }

    /// Where one is with a lesson.
    pub(crate) fn of(&self, lesson: &Lesson) -> Standing {
        let Some((_, marks)) = self.0.iter().find(|(slug, _)| *slug == lesson.slug) else {
            return Standing::NotStarted;
        };
        let seen = |name: &str| marks.iter().any(|mark| mark == name);
        let all = !lesson.designs.is_empty() && lesson.designs.iter().all(|one| seen(one.name));
        match seen(PREDICTED) || all {
            true => Standing::Done,
            false => Standing::InProgress,
        }
    }

    /// A design of a lesson is shown. Whether that is news.
    pub(crate) fn saw(&mut self, slug: &str, design: Option<&str>) -> bool {
        self.mark(slug, design)
    }

    /// The question was answered rightly. Whether that is news.
    pub(crate) fn predicted(&mut self, slug: &str) -> bool {
        self.mark(slug, Some(PREDICTED))
    }

    fn mark(&mut self, slug: &str, mark: Option<&str>) -> bool {
        let Some(lesson) = gallery::find(slug) else {
            return false;
        };
        let known = self.0.iter().position(|(slug, _)| *slug == lesson.slug);
        let at = known.unwrap_or(self.0.len());
        if known.is_none() {
            self.0.push((lesson.slug, Vec::new()));
        }
        let marks = &mut self.0[at].1;
        let new = mark.filter(|mark| marks.iter().all(|known| known != mark));
        marks.extend(new.map(str::to_owned));
        known.is_none() || new.is_some()
    }

    /// Keeps it. Where storage is refused it lasts as long as the page.
    pub(crate) fn keep(&self) -> bool {
        let text = |(slug, marks): &(&'static str, Vec<String>)| (*slug, marks.join("\n"));
        let texts: Vec<(&str, String)> = self.0.iter().map(text).collect();
        let fields: Vec<(&str, Option<&str>)> = texts
            .iter()
            .map(|(slug, marks)| (*slug, Some(marks.as_str())))
            .collect();
        storage::keep(KEY, &storage::object(&fields))
    }
}

/// The marks in a kept text that mean something in this lesson.
fn known(lesson: &Lesson, text: &str) -> Vec<String> {
    let is_known = |mark: &&str| {
        *mark == PREDICTED || lesson.designs.iter().any(|design| design.name == *mark)
    };
    text.split('\n')
        .filter(is_known)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first() -> &'static Lesson {
        gallery::in_order()[0]
    }

    #[test]
    fn a_lesson_is_done_when_every_design_was_seen() {
        let (lesson, mut progress) = (first(), Progress::default());
        assert_eq!(progress.of(lesson), Standing::NotStarted);
        assert!(progress.saw(lesson.slug, None));
        assert_eq!(progress.of(lesson), Standing::InProgress);
        for design in lesson.designs {
            assert_eq!(progress.of(lesson), Standing::InProgress);
            assert!(progress.saw(lesson.slug, Some(design.name)));
            assert!(!progress.saw(lesson.slug, Some(design.name)), "no news");
        }
        assert_eq!(progress.of(lesson), Standing::Done);
    }

    #[test]
    fn a_right_prediction_is_enough() {
        let (lesson, mut progress) = (first(), Progress::default());
        assert!(progress.predicted(lesson.slug));
        assert_eq!(progress.of(lesson), Standing::Done);
        assert!(!progress.predicted("no-such-lesson"));
    }

    #[test]
    fn what_means_nothing_is_dropped() {
        let lesson = first();
        let design = lesson.designs[0].name;
        let text = format!("{design}\nno such design\n{PREDICTED}");
        let marks = known(lesson, &text);
        assert_eq!(marks.len(), 2);
        assert_eq!(marks, [design, PREDICTED]);
    }
}
