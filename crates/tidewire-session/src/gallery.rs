//! The lessons that ship with the application, as a table made at build time from the folders of `gallery/`. It
//! holds what a list shows; the scenarios are files beside the page, fetched when a lesson is opened.
//!
//! What must happen in each (verdicts, hashes) is checked by the command's gallery test, not here.

use tidewire_syntax::sort;

/// A scenario that teaches one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Name of its folder; stands in addresses.
    pub slug: &'static str,
    /// As the list shows it.
    pub title: &'static str,
    /// Heading under which it stands.
    pub group: &'static str,
    /// What one learns, in one sentence.
    pub promise: &'static str,
    /// Place in the list; ties by slug.
    pub order: i64,
    /// Its designs, in order of the text.
    pub designs: &'static [LessonDesign],
}

impl Lesson {
    /// Whether the lesson bears the name of a design that breaks: something to avoid.
    pub fn is_warning(&self) -> bool {
        let named = |design: &LessonDesign| design.name == self.title;
        self.designs
            .iter()
            .any(|design| named(design) && !design.holds)
    }
}

/// A design of a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LessonDesign {
    /// Its name.
    pub name: &'static str,
    /// Whether all invariants hold in it.
    pub holds: bool,
}

/// All lessons, in order of their folders.
pub const LESSONS: &[Lesson] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// The lessons as the list shows them: by order, then slug.
pub fn in_order() -> Vec<&'static Lesson> {
    let mut lessons: Vec<&Lesson> = LESSONS.iter().collect();
    sort::sort_by_key(&mut lessons, |lesson| (lesson.order, lesson.slug));
    lessons
}

/// A lesson by its folder's name.
pub fn find(slug: &str) -> Option<&'static Lesson> {
    LESSONS.iter().find(|lesson| lesson.slug == slug)
}

/// The files of a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Name of its folder.
    pub slug: &'static str,
    /// The scenario.
    pub scenario: &'static str,
    /// `case.toml`: what must happen.
    pub case: &'static str,
}

/// The files of all lessons, in order of their folders. For tests, where there is no file system; what nobody names
/// does not ship.
pub const CASES: &[Case] = include!(concat!(env!("OUT_DIR"), "/cases.rs"));
