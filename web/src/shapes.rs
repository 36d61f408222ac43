//! Outlines of the diagram as SVG path data. Measures are those of the visual vocabulary, in canvas pixels.

use tidewire_session::view::Rectangle;

use crate::format::px;

/// How far a service's shoulders reach in.
const SHOULDER: f32 = 12.0;
/// Radius of a wire's corners.
const WIRE_RADIUS: f32 = 12.0;
/// The arrow covers the last pixels of a wire.
const ARROW: f32 = 6.0;

type Point = (f32, f32);

fn text((x, y): Point) -> String {
    format!("{} {}", px(x), px(y))
}

/// The point at `distance` from `from` towards `to`, at most half way.
fn towards(from: Point, to: Point, distance: f32) -> Point {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(0.001);
    let share = (distance / length).min(0.5);
    (from.0 + dx * share, from.1 + dy * share)
}

/// A closed polygon with rounded corners.
fn rounded_polygon(corners: &[Point], radius: f32) -> String {
    let count = corners.len();
    let mut path = String::new();
    for (index, corner) in corners.iter().enumerate() {
        let before = corners[(index + count - 1) % count];
        let after = corners[(index + 1) % count];
        let start = towards(*corner, before, radius);
        let end = towards(*corner, after, radius);
        let letter = if index == 0 { 'M' } else { 'L' };
        path.push_str(&format!(
            "{letter}{}Q{} {}",
            text(start),
            text(*corner),
            text(end)
        ));
    }
    path.push('Z');
    path
}

/// A service: a hexagon, larger by `grow` on every side.
pub(crate) fn hexagon(frame: Rectangle, grow: f32) -> String {
    let (left, right) = (frame.x - grow, frame.x + frame.width + grow);
    let (top, bottom) = (frame.y - grow, frame.y + frame.height + grow);
    let middle = f32::midpoint(top, bottom);
    let shoulder = SHOULDER + grow * 0.3;
    let corners = [
        (left, middle),
        (left + shoulder, top),
        (right - shoulder, top),
        (right, middle),
        (right - shoulder, bottom),
        (left + shoulder, bottom),
    ];
    rounded_polygon(&corners, 5.0 + grow * 0.6)
}

/// A store: the side and bottom of a cylinder.
pub(crate) fn cylinder(frame: Rectangle) -> String {
    let (left, right) = (px(frame.x), px(frame.x + frame.width));
    let (top, bottom) = (frame.y + 6.0, frame.y + frame.height - 6.0);
    format!(
        "M{left} {top}C{left} {up} {right} {up} {right} {top}V{bottom}C{right} {down} {left} {down} {left} {bottom}Z",
        top = px(top),
        up = px(top - 8.1),
        bottom = px(bottom),
        down = px(bottom + 8.1),
    )
}

/// The near edge of a cylinder's lid.
pub(crate) fn cylinder_lid(frame: Rectangle) -> String {
    let (left, right) = (px(frame.x), px(frame.x + frame.width));
    let top = frame.y + 6.0;
    format!(
        "M{left} {y}C{left} {down} {right} {down} {right} {y}",
        y = px(top),
        down = px(top + 8.1)
    )
}

/// A broker: a pipe that lies on its side.
pub(crate) fn pipe(frame: Rectangle) -> String {
    let (left, right) = (frame.x + 12.0, frame.x + frame.width - 12.0);
    let (top, bottom) = (px(frame.y), px(frame.y + frame.height));
    format!(
        "M{l} {top}H{r}C{ro} {top} {ro} {bottom} {r} {bottom}H{l}C{lo} {bottom} {lo} {top} {l} {top}Z",
        l = px(left),
        r = px(right),
        ro = px(right + 16.0),
        lo = px(left - 16.0),
    )
}

/// The open end of a pipe.
pub(crate) fn pipe_end(frame: Rectangle) -> String {
    let right = frame.x + frame.width - 12.0;
    let (top, bottom) = (px(frame.y), px(frame.y + frame.height));
    let (right, inner) = (px(right), px(right - 16.0));
    format!("M{right} {top}C{inner} {top} {inner} {bottom} {right} {bottom}")
}

/// A wire with rounded corners that ends where its arrow begins.
pub(crate) fn wire(points: &[Point]) -> String {
    let Some((&last, rest)) = points.split_last() else {
        return String::new();
    };
    let Some(&before) = rest.last() else {
        return String::new();
    };
    let length = (last.0 - before.0).hypot(last.1 - before.1).max(0.001);
    let share = (length - ARROW).max(0.0) / length;
    let end = (
        before.0 + (last.0 - before.0) * share,
        before.1 + (last.1 - before.1) * share,
    );
    let mut path = format!("M{}", text(points[0]));
    for index in 1..rest.len() {
        let corner = points[index];
        let start = towards(corner, points[index - 1], WIRE_RADIUS);
        let next = towards(corner, points[index + 1], WIRE_RADIUS);
        path.push_str(&format!("L{}Q{} {}", text(start), text(corner), text(next)));
    }
    path.push_str(&format!("L{}", text(end)));
    path
}

/// The arrow at the receiver's end of a wire.
pub(crate) fn arrow(points: &[Point]) -> String {
    let [.., before, tip] = points else {
        return String::new();
    };
    let (dx, dy) = (tip.0 - before.0, tip.1 - before.1);
    let length = dx.hypot(dy).max(0.001);
    let (ux, uy) = (dx / length, dy / length);
    let back = (tip.0 - ux * 8.0, tip.1 - uy * 8.0);
    let left = (back.0 - uy * 4.0, back.1 + ux * 4.0);
    let right = (back.0 + uy * 4.0, back.1 - ux * 4.0);
    format!("M{}L{}L{}Z", text(*tip), text(left), text(right))
}

/// The point at a share of the way along a wire, measured by length.
pub(crate) fn along(points: &[Point], share: f32) -> Point {
    let total: f32 = points
        .windows(2)
        .map(|pair| distance(pair[0], pair[1]))
        .sum();
    let mut left = total * share.clamp(0.0, 1.0);
    for pair in points.windows(2) {
        let length = distance(pair[0], pair[1]);
        if left <= length && length > 0.0 {
            let part = left / length;
            return (
                pair[0].0 + (pair[1].0 - pair[0].0) * part,
                pair[0].1 + (pair[1].1 - pair[0].1) * part,
            );
        }
        left -= length;
    }
    points.last().copied().unwrap_or_default()
}

fn distance(a: Point, b: Point) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// The middle of a rectangle.
pub(crate) fn centre(frame: Rectangle) -> Point {
    (frame.x + frame.width / 2.0, frame.y + frame.height / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_turns_its_corners_and_stops_before_the_arrow() {
        let points = [(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)];
        assert_eq!(wire(&points), "M0 0L38 0Q50 0 50 12L50 44");
        assert_eq!(arrow(&points), "M50 50L46 42L54 42Z");
    }

    #[test]
    fn a_short_wire_is_not_turned_around() {
        assert_eq!(wire(&[(0.0, 0.0), (4.0, 0.0)]), "M0 0L0 0");
        assert_eq!(wire(&[(0.0, 0.0)]), "");
    }

    #[test]
    fn shares_of_a_wire_are_shares_of_its_length() {
        let points = [(0.0, 0.0), (30.0, 0.0), (30.0, 10.0)];
        assert_eq!(along(&points, 0.5), (20.0, 0.0));
        assert_eq!(along(&points, 1.0), (30.0, 10.0));
    }
}
