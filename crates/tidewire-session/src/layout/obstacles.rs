//! Boxes in whole pixels, and free places between them.

use crate::view::Rectangle;

/// Free space kept around a node that is put between others.
const MARGIN: i32 = 24;
/// Steps of the search for a free place.
const STEP: i32 = 16;
/// Rings of the search; beyond them the place is taken although something stands there.
const RINGS: i32 = 60;

/// A node's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Box2 {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Box2 {
    pub(super) fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    pub(super) fn left(self) -> i32 {
        self.x
    }

    pub(super) fn top(self) -> i32 {
        self.y
    }

    pub(super) fn right(self) -> i32 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> i32 {
        self.y + self.height
    }

    pub(super) fn center(self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }

    pub(super) fn grown(self, by: i32) -> Self {
        Self::new(
            self.x - by,
            self.y - by,
            self.width + 2 * by,
            self.height + 2 * by,
        )
    }

    /// The smallest box around both.
    pub(super) fn join(self, other: Self) -> Self {
        let (left, top) = (self.left().min(other.left()), self.top().min(other.top()));
        let right = self.right().max(other.right());
        let bottom = self.bottom().max(other.bottom());
        Self::new(left, top, right - left, bottom - top)
    }

    /// Whether they share more than an edge.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.left() < other.right()
            && other.left() < self.right()
            && self.top() < other.bottom()
            && other.top() < self.bottom()
    }

    /// Whether a horizontal or vertical line passes through the inside.
    pub(super) fn crossed_by(self, from: (i32, i32), to: (i32, i32)) -> bool {
        let (left, right) = (from.0.min(to.0), from.0.max(to.0));
        let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
        left < self.right() && right > self.left() && top < self.bottom() && bottom > self.top()
    }

    pub(super) fn rectangle(self) -> Rectangle {
        Rectangle {
            x: self.x as f32,
            y: self.y as f32,
            width: self.width as f32,
            height: self.height as f32,
        }
    }
}

/// The free place nearest to the wanted one: rings around it, to the right and below first.
pub(super) fn nearest_free(wanted: Box2, taken: impl Iterator<Item = Box2>) -> Box2 {
    let taken: Vec<Box2> = taken.collect();
    let free = |place: Box2| {
        let around = place.grown(MARGIN);
        taken.iter().all(|other| !around.overlaps(*other))
    };
    for ring in 0..RINGS {
        let radius = ring * STEP;
        for (dx, dy) in ring_offsets(ring) {
            let place = Box2 {
                x: wanted.x + dx,
                y: wanted.y + dy,
                ..wanted
            };
            debug_assert!(dx.abs() <= radius && dy.abs() <= radius);
            if free(place) {
                return place;
            }
        }
    }
    wanted
}

/// Offsets at distance `ring` steps in the larger direction, nearest first.
fn ring_offsets(ring: i32) -> Vec<(i32, i32)> {
    if ring == 0 {
        return vec![(0, 0)];
    }
    let mut offsets = Vec::new();
    for along in 0..=ring {
        for along in [along, -along] {
            for (dx, dy) in [(ring, along), (along, ring), (along, -ring), (-ring, along)] {
                offsets.push((dx * STEP, dy * STEP));
            }
        }
    }
    offsets
}
