//! What a person is told over the canvas: news that go by themselves, problems that stay until they are closed.

use gloo_timers::callback::Timeout;

use super::{App, Msg};

/// How long news stay.
const NEWS_MS: u32 = 6_000;

/// What kind of notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    /// Something was done; it goes by itself.
    News,
    /// Work of the last visit is shown; the lesson is offered.
    Restored,
    /// Something was refused or failed.
    Problem,
}

/// What a person should know until they close it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    /// What kind.
    pub(crate) kind: NoticeKind,
    /// The sentence.
    pub(crate) text: String,
}

impl App {
    /// Says what was done.
    pub(super) fn news(&mut self, text: String) {
        self.polite = text.clone();
        self.notice = Some(Notice {
            kind: NoticeKind::News,
            text,
        });
        let dispatch = self.dispatch.clone();
        self.fading = Some(Timeout::new(NEWS_MS, move || {
            dispatch.emit(Msg::CloseNotice)
        }));
    }

    /// Says that the work of the last visit is shown.
    pub(super) fn tell_restored(&mut self) {
        self.fading = None;
        self.notice = Some(Notice {
            kind: NoticeKind::Restored,
            text: "This is your work from the last visit.".to_owned(),
        });
    }

    /// Says what was refused or failed.
    pub(super) fn problem(&mut self, text: String) {
        self.fading = None;
        self.urgent = text.clone();
        self.notice = Some(Notice {
            kind: NoticeKind::Problem,
            text,
        });
    }

    /// Takes the notice away.
    pub(super) fn close_notice(&mut self) {
        self.fading = None;
        self.notice = None;
    }
}
