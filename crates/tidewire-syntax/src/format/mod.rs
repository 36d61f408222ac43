//! The formatter: the same tokens and comments, with other blanks.
//!
//! It is idempotent and keeps every token as written. `build` turns the tree into a sequence of texts and
//! places where a line may end; `layout` decides which of those end; `space` knows where a blank belongs.

mod build;
mod layout;
mod space;

use crate::Parse;

/// Width that lines are wrapped at, in characters.
pub const LINE_WIDTH: usize = 100;

/// Passes after which the text is taken as it is.
const MAX_PASSES: usize = 16;

/// Blanks for each level.
const INDENT: usize = 2;

impl Parse {
    /// The text with regular blanks and line ends: two blanks a level, one member a line, single blank lines
    /// kept, long statements wrapped at their clauses. `None` when the text has errors: it is left alone then.
    pub fn format(&self) -> Option<String> {
        if !self.diagnostics().is_empty() {
            return None;
        }
        let mut text = layout::print(&build::operations(&self.syntax()));
        // A line that ends at a clause is kept, so a line that had to end there may move what stands around
        // it the next time. Passes only add such ends, and nearly always the second adds none.
        for _ in 0..MAX_PASSES {
            let again = layout::print(&build::operations(&crate::parse(&text).syntax()));
            if again == text {
                break;
            }
            text = again;
        }
        Some(text)
    }
}

/// [`Parse::format`] for those that have no parse at hand.
pub fn format(text: &str) -> Option<String> {
    crate::parse(text).format()
}
