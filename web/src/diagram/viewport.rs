//! Which part of the canvas is seen, and how large: pan and zoom. Pure geometry.

use tidewire_session::view::Rectangle;

/// Smallest and largest zoom.
const ZOOM: (f32, f32) = (0.2, 3.0);
/// One press of a zoom button.
const ZOOM_STEP: f32 = 1.25;

/// Space that floating cards take from the edges, in screen pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Insets {
    /// At the top.
    pub(crate) top: f32,
    /// At the bottom.
    pub(crate) bottom: f32,
    /// On both sides.
    pub(crate) side: f32,
}

/// Screen pixel = canvas pixel × zoom + offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Viewport {
    /// Where the canvas's origin is, in screen pixels from the left.
    pub(crate) x: f32,
    /// From the top.
    pub(crate) y: f32,
    /// Screen pixels per canvas pixel.
    pub(crate) zoom: f32,
}

impl Default for Viewport {
    fn default() -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            zoom: 1.0,
        }
    }
}

impl Viewport {
    /// The canvas point under a screen point.
    pub(crate) fn to_canvas(self, (x, y): (f32, f32)) -> (f32, f32) {
        ((x - self.x) / self.zoom, (y - self.y) / self.zoom)
    }

    /// The screen point over a canvas point.
    pub(crate) fn to_screen(self, (x, y): (f32, f32)) -> (f32, f32) {
        (x * self.zoom + self.x, y * self.zoom + self.y)
    }

    /// Moved by so many screen pixels.
    pub(crate) fn panned(self, dx: f32, dy: f32) -> Self {
        Self {
            x: self.x + dx,
            y: self.y + dy,
            ..self
        }
    }

    /// Zoomed by a factor while the canvas point under `at` stays where it is.
    pub(crate) fn zoomed(self, factor: f32, at: (f32, f32)) -> Self {
        let zoom = (self.zoom * factor).clamp(ZOOM.0, ZOOM.1);
        let (cx, cy) = self.to_canvas(at);
        Self {
            x: at.0 - cx * zoom,
            y: at.1 - cy * zoom,
            zoom,
        }
    }

    /// One step in or out around the middle.
    pub(crate) fn stepped(self, inwards: bool, (width, height): (f32, f32)) -> Self {
        let factor = if inwards { ZOOM_STEP } else { 1.0 / ZOOM_STEP };
        self.zoomed(factor, (width / 2.0, height / 2.0))
    }

    /// Shows the whole rectangle, at most `largest` times its size, in the middle of what the insets leave.
    pub(crate) fn fit(
        bounds: Rectangle,
        (width, height): (f32, f32),
        insets: Insets,
        largest: f32,
    ) -> Self {
        let room_x = (width - 2.0 * insets.side).max(40.0);
        let room_y = (height - insets.top - insets.bottom).max(40.0);
        let zoom = (room_x / bounds.width.max(1.0))
            .min(room_y / bounds.height.max(1.0))
            .clamp(ZOOM.0, largest);
        let x = insets.side + (room_x - bounds.width * zoom) / 2.0 - bounds.x * zoom;
        let y = insets.top + (room_y - bounds.height * zoom) / 2.0 - bounds.y * zoom;
        Self {
            x: x.round(),
            y: y.round(),
            zoom,
        }
    }

    /// The part of the canvas that is seen.
    pub(crate) fn seen(self, (width, height): (f32, f32)) -> Rectangle {
        let (x, y) = self.to_canvas((0.0, 0.0));
        Rectangle {
            x,
            y,
            width: width / self.zoom,
            height: height / self.zoom,
        }
    }

    /// As the attribute `transform`.
    pub(crate) fn transform(self) -> String {
        format!("translate({} {}) scale({})", self.x, self.y, self.zoom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Rectangle = Rectangle {
        x: 100.0,
        y: 0.0,
        width: 400.0,
        height: 100.0,
    };

    #[test]
    fn fit_centres_and_never_magnifies() {
        let view = Viewport::fit(BOUNDS, (1000.0, 500.0), Insets::default(), 1.0);
        assert_eq!(view.zoom, 1.0);
        assert_eq!(view.to_screen((300.0, 50.0)), (500.0, 250.0));
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let view = Viewport::default().panned(10.0, 20.0);
        let at = (200.0, 120.0);
        let closer = view.zoomed(2.0, at);
        assert_eq!(view.to_canvas(at), closer.to_canvas(at));
        assert_eq!(view.zoomed(1000.0, at).zoom, ZOOM.1);
    }
}
