//! Icons: sixteen units square, drawn with the current colour.

use tidewire_session::view::Glyph;
use yew::prelude::*;

/// Which icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Undo,
    Redo,
    ToStart,
    StepBack,
    StepForward,
    Play,
    Pause,
    Dice,
    Theme,
    Help,
    Lens,
    More,
    Minus,
    Plus,
    Fit,
    Minimap,
    Pointer,
    Hand,
    Connect,
    Lock,
    Bolt,
    Trace,
    Menu,
    Close,
    Warning,
    Download,
    Open,
    Format,
    Relational,
    Document,
    KeyValue,
    WideColumn,
    Graph,
    Events,
    ReadModel,
    Log,
    QueueBroker,
    PubSub,
    Queue,
    QueueStopped,
    Service,
    Client,
    Panel,
}

/// Stroked path data, then filled path data.
fn data(icon: Icon) -> (&'static str, &'static str) {
    match icon {
        Icon::Undo => ("M6 3 3 6l3 3M3.2 6H9.8a3.4 3.4 0 0 1 0 6.8H6.5", ""),
        Icon::Redo => ("m10 3 3 3-3 3M12.8 6H6.2a3.4 3.4 0 0 0 0 6.8h3.3", ""),
        Icon::ToStart => ("M3.5 3.5v9", "M12.5 3.6v8.8L5.8 8z"),
        Icon::StepBack => ("M12.5 3.5v9", "M9.7 3.6v8.8L3 8z"),
        Icon::StepForward => ("M3.5 3.5v9", "M6.3 3.6v8.8L13 8z"),
        Icon::Play => ("", "M5 3.2v9.6L12.8 8z"),
        Icon::Pause => ("", "M4.5 3.5h2.2v9H4.5zM9.3 3.5h2.2v9H9.3z"),
        Icon::Dice => (
            "M5.25 2.75h5.5a2.5 2.5 0 0 1 2.5 2.5v5.5a2.5 2.5 0 0 1-2.5 2.5h-5.5a2.5 2.5 0 0 1-2.5-2.5v-5.5a2.5 2.5 0 0 1 2.5-2.5z\
             M5.7 5.7h.01M10.3 5.7h.01M8 8h.01M5.7 10.3h.01M10.3 10.3h.01",
            "",
        ),
        Icon::Theme => (
            "M8 2.7a5.3 5.3 0 1 0 0 10.6 5.3 5.3 0 0 0 0-10.6z",
            "M8 2.7a5.3 5.3 0 0 1 0 10.6z",
        ),
        Icon::Help => (
            "M8 2.4a5.6 5.6 0 1 0 0 11.2 5.6 5.6 0 0 0 0-11.2zM6.4 6.4A1.7 1.7 0 0 1 8.1 5c1 0 1.7.6 1.7 1.5 0 1.3-1.7 1.3-1.7 2.4M8.1 11.2h.01",
            "",
        ),
        Icon::Lens => (
            "M7 2.7a4.3 4.3 0 1 0 0 8.6 4.3 4.3 0 0 0 0-8.6zM10.3 10.3l3 3",
            "",
        ),
        Icon::More => (
            "",
            "M3.5 7a1 1 0 1 0 0 2 1 1 0 0 0 0-2zM8 7a1 1 0 1 0 0 2 1 1 0 0 0 0-2zM12.5 7a1 1 0 1 0 0 2 1 1 0 0 0 0-2z",
        ),
        Icon::Minus => ("M3.5 8h9", ""),
        Icon::Plus => ("M8 3.5v9M3.5 8h9", ""),
        Icon::Fit => (
            "M3 6V3.8c0-.5.3-.8.8-.8H6M10 3h2.2c.5 0 .8.3.8.8V6M13 10v2.2c0 .5-.3.8-.8.8H10M6 13H3.8c-.5 0-.8-.3-.8-.8V10",
            "",
        ),
        Icon::Minimap => (
            "M3.9 3.5h8.2a1.4 1.4 0 0 1 1.4 1.4v6.2a1.4 1.4 0 0 1-1.4 1.4H3.9a1.4 1.4 0 0 1-1.4-1.4V4.9a1.4 1.4 0 0 1 1.4-1.4z",
            "M7.8 7.4h3.6v3H7.8z",
        ),
        Icon::Pointer => ("M3.6 2.8 12.9 6.6 8.9 8.3 7.2 12.6z", ""),
        Icon::Hand => (
            "M5.2 8.4V4.3a1 1 0 0 1 2 0v3M7.2 7V3.2a1 1 0 0 1 2 0V7M9.2 7.2V4a1 1 0 0 1 2 0v4.6M5.2 8.2 4.2 7a1 1 0 0 0-1.6 1.2l2.2 3.6c.7 1.1 1.6 1.6 2.8 1.6h.6c1.9 0 3-1.3 3-3.2",
            "",
        ),
        Icon::Connect => (
            "M3.8 10.200a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.600zM12.2 2.200a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.600zM5.6 12h1.200c3 0 .8-8 3.6-8",
            "",
        ),
        Icon::Lock => (
            "M4.9 7h6.200a1.4 1.4 0 0 1 1.4 1.400v3.400a1.4 1.4 0 0 1-1.4 1.400H4.900a1.4 1.4 0 0 1-1.4-1.400V8.400A1.4 1.4 0 0 1 4.9 7zM5.5 7V5.200a2.5 2.5 0 0 1 5 0V7",
            "",
        ),
        Icon::Bolt => ("", "M9.6 1.6 3.9 9h3.200L6.4 14.4 12.1 7H8.900z"),
        Icon::Trace => ("M3 4h10L9.3 8.400v3.400l-2.6 1.200V8.400z", ""),
        Icon::Menu => ("M3 4.500h10M3 8h10M3 11.500h10", ""),
        Icon::Close => ("M4 4l8 8M12 4l-8 8", ""),
        Icon::Warning => ("M8 2.8 14 13H2zM8 6.600v3M8 11.200h.01", ""),
        Icon::Download => (
            "M8 2.500v7M5.3 7 8 9.6 10.7 7M3 10.500v2c0 .5.3.8.8.800h8.400c.5 0 .8-.3.8-.800v-2",
            "",
        ),
        Icon::Open => ("M2.5 12.500v-9h4l1.5 2h5.500v7z", ""),
        Icon::Format => ("M3 4h10M5.5 7h7.500M5.5 10h5M3 13h7", ""),
        Icon::Relational => (
            "M3.8 3h8.400a1.3 1.3 0 0 1 1.3 1.300v7.400a1.3 1.3 0 0 1-1.3 1.300H3.800a1.3 1.3 0 0 1-1.3-1.300V4.300A1.3 1.3 0 0 1 3.8 3zM2.5 6.400h11M2.5 9.700h11M6.3 6.400V13",
            "",
        ),
        Icon::Log => (
            "M5.3 4h5.400a3.5 3.5 0 0 1 3.5 3.500v1a3.5 3.5 0 0 1-3.5 3.500H5.300a3.5 3.5 0 0 1-3.5-3.500v-1A3.5 3.5 0 0 1 5.3 4zM5 4.200v7.600M8.2 6.700h3.600M8.2 9.300h3.6",
            "",
        ),
        Icon::Document => (
            "M6 3c-1.6 0-2.1.7-2.1 2v1.4c0 1-.6 1.6-1.5 1.6.9 0 1.5.6 1.5 1.6V11c0 1.3.5 2 2.1 2M10 3c1.6 0 2.1.7 2.1 2v1.4c0 1 .6 1.6 1.5 1.6-.9 0-1.5.6-1.5 1.6V11c0 1.3-.5 2-2.1 2",
            "",
        ),
        Icon::KeyValue => (
            "M2.3 8a2.6 2.6 0 1 0 5.2 0 2.6 2.6 0 1 0-5.2 0M7.5 8h6.3M11 8v2.6M13.5 8v1.9",
            "",
        ),
        Icon::WideColumn => (
            "M2.5 3.5h3v2.4h-3zM6.7 3.5h3v2.4h-3zM10.9 3.5h2.6v2.4h-2.6zM2.5 6.9h3v2.4h-3zM2.5 10.3h3v2.4h-3zM6.7 10.3h3v2.4h-3z",
            "",
        ),
        Icon::Graph => (
            "M2.3 4.5a1.7 1.7 0 1 0 3.4 0 1.7 1.7 0 1 0-3.4 0M10.3 6a1.7 1.7 0 1 0 3.4 0 1.7 1.7 0 1 0-3.4 0M4.3 12a1.7 1.7 0 1 0 3.4 0 1.7 1.7 0 1 0-3.4 0M5.7 4.8l4.6.9M10.9 7.3 7.2 10.8M4.5 6.1l1 4.2",
            "",
        ),
        Icon::Events => (
            "M3 3.5v9M6 3.5v9M9 3.5v9M11.2 8h3M12.7 6.5 14.2 8l-1.5 1.5",
            "",
        ),
        Icon::ReadModel => (
            "M1.8 8S4 4.2 8 4.2 14.2 8 14.2 8 12 11.8 8 11.8 1.8 8 1.8 8zM6.3 8a1.7 1.7 0 1 0 3.4 0 1.7 1.7 0 1 0-3.4 0",
            "",
        ),
        Icon::QueueBroker => (
            "M2.5 4.5h3v7h-3zM6.5 4.5h3v7h-3zM11.2 8h3M12.7 6.5 14.2 8l-1.5 1.5",
            "",
        ),
        Icon::PubSub => (
            "M6.7 8a1.3 1.3 0 1 0 2.6 0 1.3 1.3 0 1 0-2.6 0M5 5a4.2 4.2 0 0 0 0 6M11 5a4.2 4.2 0 0 1 0 6M3 3a7 7 0 0 0 0 10M13 3a7 7 0 0 1 0 10",
            "",
        ),
        Icon::Queue => ("M3.5 5h9M3.5 8h9M3.5 11h9", ""),
        Icon::QueueStopped => ("M2.5 5h7M2.5 8h5.500M2.5 11h7M12.7 3.500v9", ""),
        Icon::Service => ("M4.6 3.500h6.800L14 8l-2.6 4.500H4.600L2 8z", ""),
        Icon::Client => ("M5.5 4.500h5a3.5 3.5 0 0 1 0 7h-5a3.5 3.5 0 0 1 0-7z", ""),
        Icon::Panel => (
            "M3.5 3h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM6.5 3v10",
            "",
        ),
    }
}

/// The sign of a kind of store or broker.
pub(crate) fn kind_icon(glyph: Glyph) -> Icon {
    match glyph {
        Glyph::None | Glyph::Gateway | Glyph::External => Icon::Service,
        Glyph::Relational => Icon::Relational,
        Glyph::Document => Icon::Document,
        Glyph::KeyValue => Icon::KeyValue,
        Glyph::WideColumn => Icon::WideColumn,
        Glyph::Graph => Icon::Graph,
        Glyph::Events => Icon::Events,
        Glyph::Search => Icon::Lens,
        Glyph::ReadModel => Icon::ReadModel,
        Glyph::Log => Icon::Log,
        Glyph::Queue => Icon::QueueBroker,
        Glyph::PubSub => Icon::PubSub,
    }
}

/// The class that brings the colours of a kind.
pub(crate) fn kind_class(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::None | Glyph::Gateway | Glyph::External => "k-plain",
        Glyph::Relational => "k-relational",
        Glyph::Document => "k-document",
        Glyph::KeyValue => "k-keyvalue",
        Glyph::WideColumn => "k-widecolumn",
        Glyph::Graph => "k-graph",
        Glyph::Events => "k-eventstore",
        Glyph::Search => "k-search",
        Glyph::ReadModel => "k-readmodel",
        Glyph::Log | Glyph::Queue | Glyph::PubSub => "k-log",
    }
}

/// The icon's paths, for use inside another drawing.
pub(crate) fn strokes(icon: Icon) -> Html {
    let (stroked, filled) = data(icon);
    html! {
        <>
            if !stroked.is_empty() { <path d={stroked} /> }
            if !filled.is_empty() { <path class="f" d={filled} /> }
        </>
    }
}

/// The icon as an element of its own.
pub(crate) fn icon(icon: Icon) -> Html {
    sized_icon(icon, "16")
}

/// The icon in another size.
pub(crate) fn sized_icon(icon: Icon, size: &'static str) -> Html {
    html! {
        <svg class="ic" viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">{ strokes(icon) }</svg>
    }
}

/// A check in a disc: something holds.
pub(crate) fn holds_mark() -> Html {
    html! {
        <svg class="gl" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <circle class="ok-b" cx="8" cy="8" r="6.5" />
            <path class="ok-c" d="M5.2 8.2 7.2 10.2 10.9 6" />
        </svg>
    }
}

/// Half a disc in a ring: not decided yet.
pub(crate) fn pending_mark() -> Html {
    html! {
        <svg class="gl" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <circle class="ring" cx="8" cy="8" r="5.750" />
            <path class="half" d="M8 4.400a3.6 3.6 0 0 1 0 7.200z" />
        </svg>
    }
}

/// An empty ring: cannot be judged.
pub(crate) fn unjudged_mark() -> Html {
    html! {
        <svg class="gl" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <circle class="ring off" cx="8" cy="8" r="5.750" />
        </svg>
    }
}

/// An octagon with a cross, sixteen units square.
pub(crate) fn octagon() -> Html {
    html! {
        <g class="oct">
            <path class="oct-b" d="M4.3 1.800Q5.1 1 6.3 1L9.7 1Q10.9 1 11.7 1.800L14.2 4.300Q15 5.1 15 6.300L15 9.700Q15 10.9 14.2 11.700L11.7 14.200Q10.9 15 9.7 15L6.3 15Q5.1 15 4.3 14.200L1.8 11.700Q1 10.9 1 9.700L1 6.300Q1 5.1 1.8 4.300Z" />
            <path class="oct-x" d="M5.5 5.500L10.5 10.500M10.5 5.500L5.5 10.5" />
        </g>
    }
}

/// An octagon with a cross: a rule is broken.
pub(crate) fn violation_mark() -> Html {
    html! { <svg class="gl" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{ octagon() }</svg> }
}

/// A shield with a bolt: a fault, sixteen units square.
pub(crate) fn shield() -> Html {
    html! {
        <g class="flt">
            <path class="flt-b" d="M1 3.700Q1 1.7 3 1.700L13 1.700Q15 1.7 15 3.700L15 7.800Q15 9.8 13.4 11L9.6 13.800Q8 15 6.4 13.800L2.6 11Q1 9.8 1 7.800Z" />
            <path class="flt-z" transform="translate(3.7 2.3) scale(.546)" d="M9.6 1.6 3.9 9h3.200L6.4 14.4 12.1 7H8.900z" />
        </g>
    }
}

/// A disc with a question mark, sixteen units square.
pub(crate) fn question() -> Html {
    html! {
        <g class="ask">
            <circle class="ask-b" cx="8" cy="8" r="7" />
            <path class="ask-q" d="M6.1 6.3A1.9 1.9 0 0 1 8 4.7c1.100 0 1.900.7 1.900 1.700 0 1.400-1.900 1.400-1.900 2.700" />
            <circle class="ask-d" cx="8" cy="11.3" r="1" />
        </g>
    }
}

/// The mark of an invariant's state: 0 holds, 1 pending, 2 violated, 3 cannot be judged.
pub(crate) fn state_mark(state: u8) -> Html {
    match state {
        0 => holds_mark(),
        1 => pending_mark(),
        2 => violation_mark(),
        _ => unjudged_mark(),
    }
}

/// The wordmark's sign.
pub(crate) fn logo() -> Html {
    html! {
        <svg class="logo" width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">
            <rect width="24" height="24" rx="6.5" class="logo-bg" />
            <path class="logo-w" d="M5.2 9.400c2.3-2.9 4.5-2.9 6.8 0s4.5 2.9 6.8 0" />
            <path class="logo-w logo-w2" d="M5.2 15.400c2.3-2.9 4.5-2.9 6.8 0s4.5 2.9 6.8 0" />
            <circle class="logo-d" cx="5.2" cy="9.4" r="1.9" />
            <circle class="logo-d" cx="18.8" cy="15.4" r="1.9" />
        </svg>
    }
}
