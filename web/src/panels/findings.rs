//! Diagnostics as a list: what is wrong, where, what one does about it, and the button that does it.

use std::rc::Rc;

use tidewire_session::Severity;
use tidewire_session::document::DiagnosticView;
use tidewire_session::sort;
use yew::prelude::*;

use crate::format::counted;
use crate::icons::{Icon, icon, violation_mark};

/// More than this many help nobody; the rest is counted.
const MOST_SHOWN: usize = 50;

/// What the list shows and whom it tells.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct FindingsProps {
    /// All diagnostics of the text.
    pub(crate) diagnostics: Rc<[DiagnosticView]>,
    /// Only those of this node.
    #[prop_or_default]
    pub(crate) node: Option<AttrValue>,
    /// The place of a diagnostic was chosen: its index among all.
    pub(crate) on_open: Callback<usize>,
    /// The fix of a diagnostic was chosen: its index among all.
    pub(crate) on_fix: Callback<usize>,
}

/// The list; nothing when there is nothing to say.
#[component]
pub(crate) fn Findings(props: &FindingsProps) -> Html {
    let all = props.diagnostics.iter().enumerate();
    let wanted = |finding: &DiagnosticView| match &props.node {
        Some(node) => finding.node.as_deref() == Some(node.as_str()),
        None => true,
    };
    let mut chosen: Vec<_> = all.filter(|(_, finding)| wanted(finding)).collect();
    // What must be put right stands first; within that, in order of the text.
    sort::sort_by_key(&mut chosen, |(_, finding)| finding.severity);
    if chosen.is_empty() {
        return Html::default();
    }
    let more = chosen.len().saturating_sub(MOST_SHOWN);
    html! {
        <ul class="findings">
            { for chosen.iter().take(MOST_SHOWN).map(|(index, finding)| item(props, *index, finding)) }
            if more > 0 {
                <li class="findings-more">{ format!("and {} more", counted(more, "finding")) }</li>
            }
        </ul>
    }
}

fn item(props: &FindingsProps, index: usize, finding: &DiagnosticView) -> Html {
    let open = props.on_open.reform(move |_: MouseEvent| index);
    let fix = props.on_fix.reform(move |_: MouseEvent| index);
    html! {
        <li class={classes!("finding", class_name(finding.severity))}>
            <button type="button" class="finding-place" onclick={open} title="Go to the line">
                { severity_mark(finding.severity) }
                <span>
                    <span class="vh">{ severity_word(finding.severity) }{ ", line and column " }</span>
                    <span class="finding-at">{ format!("{}:{}", finding.line, finding.column) }</span>
                    { " " }
                    { &finding.message }
                </span>
            </button>
            if let Some(hint) = &finding.hint {
                <p class="finding-hint">{ hint }</p>
            }
            if let Some(title) = &finding.fix_title {
                <button type="button" class="btn line small finding-fix" onclick={fix}>{ title }</button>
            }
        </li>
    }
}

/// The name of a severity in class names.
pub(crate) fn class_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "is-error",
        Severity::Warning => "is-warning",
        Severity::Note => "is-note",
    }
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Note => "Note",
    }
}

fn severity_mark(severity: Severity) -> Html {
    match severity {
        Severity::Error => violation_mark(),
        Severity::Warning => icon(Icon::Warning),
        Severity::Note => note_mark(),
    }
}

/// A ring with the letter i.
fn note_mark() -> Html {
    html! {
        <svg class="ic" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <circle cx="8" cy="8" r="5.75" />
            <path d="M8 7.500v3M8 5.300h.01" />
        </svg>
    }
}
