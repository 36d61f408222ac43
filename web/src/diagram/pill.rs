//! Small rounded labels on the diagram: queue depth, lock waits, outages.

use yew::prelude::*;

use crate::format::px;
use crate::icons::{Icon, strokes};

/// What a pill is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PillKind {
    /// A figure.
    Neutral,
    /// Something waits.
    Caution,
    /// Something was made to fail.
    Fault,
}

/// A pill centred on a point.
pub(crate) fn pill(kind: PillKind, icon: Option<Icon>, text: &str, x: f32, y: f32) -> Html {
    let class = match kind {
        PillKind::Neutral => "pl pl-neutral",
        PillKind::Caution => "pl pl-caution",
        PillKind::Fault => "pl pl-fault",
    };
    let lead = if icon.is_some() { 21.0 } else { 9.0 };
    let width = lead + text.chars().count() as f32 * 6.1 + 9.0;
    let left = (x - width / 2.0).round();
    html! {
        <g {class}>
            <rect class="pl-r" x={px(left)} y={px(y - 9.0)} width={px(width)} height="18" rx="9" />
            if let Some(icon) = icon {
                <g class="ic" transform={format!("translate({} {}) scale(.75)", px(left + 6.0), px(y - 6.0))}>{ strokes(icon) }</g>
            }
            <text class="t-xs w5 pl-t" x={px(left + lead)} y={px(y + 4.0)}>{ text }</text>
        </g>
    }
}
