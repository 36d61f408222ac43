//! The mark before each line of the log: the shapes of the canvas for messages, icons for everything else.

use tidewire_session::view::{Record, RecordKind, TokenKind};
use yew::prelude::*;

use crate::icons::{Icon, holds_mark, icon, shield, state_mark, unjudged_mark};

/// State of an invariant: it is broken.
const VIOLATED: u8 = 2;

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    kind: RecordKind,
    detail: u8,
    message: Option<TokenKind>,
}

impl Look {
    /// The look of a record; `message` is the shape of the message that it sends.
    pub(super) fn of(record: &Record, message: Option<TokenKind>) -> Self {
        Self {
            kind: record.kind,
            detail: record.detail,
            message,
        }
    }

    /// A class for lines that stand out.
    pub(super) fn class(self) -> Option<&'static str> {
        match (self.kind, self.detail) {
            (RecordKind::InvariantChanged, VIOLATED) => Some("is-broken"),
            (RecordKind::FaultInjected | RecordKind::Crashed | RecordKind::Struck, _) => {
                Some("is-fault")
            }
            _ => None,
        }
    }

    /// The mark itself.
    pub(super) fn mark(self) -> Html {
        match self.kind {
            RecordKind::Sent => self.message.map(message).unwrap_or_default(),
            RecordKind::Lost => message(TokenKind::Failure),
            RecordKind::RequestStarted | RecordKind::RequestEnded => icon(Icon::Client),
            RecordKind::HandlerStarted | RecordKind::HandlerEnded => icon(Icon::Service),
            RecordKind::Queued | RecordKind::FlightJoined | RecordKind::FlightLanded => {
                icon(Icon::Queue)
            }
            RecordKind::CacheAccessed => icon(Icon::Service),
            RecordKind::StatementBlocked => {
                html! { <span class="mark-lock">{ icon(Icon::Lock) }</span> }
            }
            RecordKind::StatementFailed => icon(Icon::Warning),
            RecordKind::Committed => message(TokenKind::Transaction),
            RecordKind::RolledBack => diamond("mark-undone"),
            RecordKind::Appended | RecordKind::OffsetCommitted | RecordKind::Settled => {
                icon(Icon::Log)
            }
            RecordKind::Crashed
            | RecordKind::PartitionChanged
            | RecordKind::ConditionChanged
            | RecordKind::Struck
            | RecordKind::FaultInjected
            | RecordKind::Migrated => {
                html! { <svg class="gl" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{ shield() }</svg> }
            }
            RecordKind::InvariantChanged => state_mark(self.detail),
            RecordKind::Restarted | RecordKind::Healed => holds_mark(),
            RecordKind::Ended => unjudged_mark(),
            RecordKind::Delivered | RecordKind::TransactionBegan | RecordKind::StatementDone => {
                Html::default()
            }
        }
    }
}

fn message(kind: TokenKind) -> Html {
    let shape = match kind {
        TokenKind::Command => {
            html! { <rect class="mark-command" x="3.5" y="3.500" width="9" height="9" rx="1.5" /> }
        }
        TokenKind::Event => html! { <circle class="mark-event" cx="8" cy="8" r="4.75" /> },
        TokenKind::Reply => html! { <circle class="mark-reply" cx="8" cy="8" r="4" /> },
        TokenKind::Failure => {
            html! { <path class="mark-failure" d="M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM6.6 6.600l2.8 2.800M9.4 6.600 6.6 9.4" /> }
        }
        TokenKind::Transaction => return diamond("mark-transaction"),
    };
    html! { <svg class="gl" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{ shape }</svg> }
}

fn diamond(class: &'static str) -> Html {
    html! {
        <svg class="gl" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path class={class} d="M8 2.500 13.5 8 8 13.5 2.5 8z" />
        </svg>
    }
}
