//! Which rows of a long list are in the page: those in sight and some beyond, so that scrolling does not show gaps.

use std::ops::Range;

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Height of a row in pixels, as long as none was measured. On narrow screens the style sheet makes them taller.
const ROW: i32 = 22;
/// Rows kept ready above and below.
const BEYOND: u32 = 24;
/// Where the current row is held while the list follows: at this part of the height, in per cent.
const HOLD: i32 = 66;

/// The part of the list that is looked at, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// How far the list is scrolled.
    pub(super) top: i32,
    /// How much of it is seen.
    pub(super) height: i32,
    /// Height of a row; all are equally high.
    pub(super) row: i32,
}

impl Default for Window {
    /// Before anything was measured: one screen.
    fn default() -> Self {
        Self {
            top: 0,
            height: 600,
            row: ROW,
        }
    }
}

impl Window {
    /// What is seen of a list.
    pub(super) fn of(list: &HtmlElement) -> Self {
        let row = list.query_selector(".log-row").ok().flatten();
        let row = row.and_then(|row| row.dyn_into::<HtmlElement>().ok());
        Self {
            top: list.scroll_top(),
            height: list.client_height(),
            row: row.map_or(ROW, |row| row.offset_height()).max(1),
        }
    }

    /// The rows to draw, of so many. It moves in steps, so that not every pixel draws the list again.
    pub(super) fn range(self, rows: u32) -> Range<u32> {
        let step = BEYOND / 2;
        let first = (self.top.max(0) / self.row) as u32 / step * step;
        let seen = (self.height.max(0) / self.row) as u32 + 1;
        let end = (first + seen + step + BEYOND).min(rows);
        first.saturating_sub(BEYOND).min(end)..end
    }

    /// How far the list must be scrolled to hold this row where a following list does.
    pub(super) fn holding(self, row: u32) -> i32 {
        (row as i32 * self.row - self.height * HOLD / 100).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_in_sight_is_drawn() {
        for top in (0..40_000).step_by(137) {
            let window = Window {
                top,
                height: 225,
                row: ROW,
            };
            let range = window.range(10_000);
            assert!(range.start as i32 * ROW <= top, "{top}");
            assert!(range.end as i32 * ROW >= top + 225, "{top}");
            assert!(range.len() < 100, "{top}");
        }
    }

    #[test]
    fn the_ends_of_the_list_are_kept() {
        let window = Window {
            top: 5_000_000,
            ..Window::default()
        };
        assert_eq!(window.range(10), 10..10);
        assert_eq!(Window::default().range(3), 0..3);
        assert_eq!(Window::default().holding(1), 0);
    }
}
