//! What the pointer is doing on the diagram, as plain values.

use tidewire_session::document::Refusal;

/// Nodes snap to this grid.
pub(crate) const SNAP: f32 = 4.0;
/// A press that moves less than this, in screen pixels, is a click.
pub(crate) const CLICK: f32 = 4.0;

/// What a press on the diagram does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Selects and moves.
    #[default]
    Select,
    /// Moves the view.
    Pan,
    /// Draws wires.
    Connect,
}

/// A wire being drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Connecting {
    /// Node where it begins.
    pub(crate) from: usize,
    /// The loose end, in canvas pixels; `None` when it is drawn with the keyboard.
    pub(crate) end: Option<(f32, f32)>,
    /// The node under the loose end, and whether the wire may end there.
    pub(crate) target: Option<(usize, Result<(), Refusal>)>,
}

/// A gesture that goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Gesture {
    /// None.
    #[default]
    Idle,
    /// The view follows the pointer.
    Pan {
        /// Where the pointer was, in screen pixels.
        last: (f32, f32),
        /// Where it was pressed.
        start: (f32, f32),
        /// Whether a click in place takes the selection away.
        deselects: bool,
    },
    /// Nodes follow the pointer.
    Move {
        /// Where it was pressed.
        start: (f32, f32),
        /// Name and place of each node at the beginning.
        nodes: Vec<(String, f32, f32)>,
        /// Whether it went far enough to be a drag.
        moved: bool,
        /// Number of the drag.
        number: u32,
    },
    /// A wire is drawn.
    Connect(Connecting),
    /// Two fingers: their middle and distance.
    Pinch {
        /// Middle.
        middle: (f32, f32),
        /// Distance.
        spread: f32,
    },
}

/// Where a node lands: on the grid.
pub(crate) fn snapped(x: f32, y: f32) -> (i32, i32) {
    let snap = |value: f32| ((value / SNAP).round() * SNAP) as i32;
    (snap(x), snap(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_land_on_the_grid() {
        assert_eq!(snapped(13.9, -5.0), (12, -4));
        assert_eq!(snapped(2.0, 1.9), (4, 0));
    }
}
