//! The ruler: times, flags of faults and violations, and the playhead's handle.

use tidewire_session::view::Flag;
use yew::prelude::*;

use super::scale::Scale;
use crate::app::Msg as AppMsg;
use crate::format::{grouped, milliseconds};
use crate::icons::{octagon, question, shield};
use crate::shared::Tape;

/// What the ruler is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct RulerProps {
    /// What is seen.
    pub(crate) scale: Scale,
    /// The run.
    pub(crate) tape: Tape,
    /// When the lesson's question is asked.
    pub(crate) question: Option<u64>,
    /// The playhead's group, which the timeline moves.
    pub(crate) head: NodeRef,
    /// The application.
    pub(crate) dispatch: Callback<AppMsg>,
}

/// The ruler.
#[component]
pub(crate) fn Ruler(props: &RulerProps) -> Html {
    let scale = props.scale;
    let width = scale.left + scale.width + super::MARGIN;
    let flags = props
        .tape
        .read(|recording| recording.timeline().flags.clone());
    html! {
        <svg class="tl" width={width.to_string()} height="24" aria-hidden="true">
            { for scale.ticks().into_iter().map(|at| tick(scale, at)) }
            <path class="rule" d={format!("M0 23.5H{width}")} />
            { for flags.iter().map(|flag| flag_view(props, flag)) }
            if let Some(at_us) = props.question { { question_view(props, at_us) } }
            <g ref={props.head.clone()}>
                <rect class="ph-b" x="-34" y="3" width="68" height="17" rx="5" />
                <path class="ph" d="M0 20V24" />
                <text class="ph-t mid" x="0" y="15.5"></text>
            </g>
        </svg>
    }
}

fn tick(scale: Scale, at_us: u64) -> Html {
    let x = format!("{:.1}", scale.x(at_us));
    let step = scale.step();
    let text = if step >= 1000 {
        grouped(at_us / 1000)
    } else {
        format!("{}.{:02}", grouped(at_us / 1000), at_us % 1000 / 10)
    };
    let unit = if at_us == 0 { " ms" } else { "" };
    html! {
        <>
            <path class="tick" d={format!("M{x} 17V24")} />
            <text class="t3 mid" x={x.clone()} y="14">{ text }{ unit }</text>
        </>
    }
}

/// Where the run stops for the lesson's question.
fn question_view(props: &RulerProps, at_us: u64) -> Html {
    let flag = Flag {
        at_us,
        violation: false,
        label: "the lesson asks".to_owned(),
    };
    place(props, &flag, 4.0, question())
}

fn flag_view(props: &RulerProps, flag: &Flag) -> Html {
    match flag.violation {
        true => place(props, flag, 4.0, octagon()),
        false => place(props, flag, 3.0, shield()),
    }
}

/// A sign on the ruler that the playhead goes to.
fn place(props: &RulerProps, flag: &Flag, y: f64, sign: Html) -> Html {
    let scale = props.scale;
    let x = scale.x(flag.at_us);
    if x < scale.left - 1.0 || x > scale.left + scale.width + 1.0 {
        return Html::default();
    }
    let at_us = flag.at_us;
    let onpointerdown = props.dispatch.reform(move |event: PointerEvent| {
        event.stop_propagation();
        AppMsg::Seek(at_us)
    });
    html! {
        <g class="flag" transform={format!("translate({:.1} {y})", x - 8.0)} {onpointerdown}>
            <title>{ format!("{}: {}", milliseconds(at_us), flag.label) }</title>
            { sign }
        </g>
    }
}
