//! What the panels show, from what the application knows.

use yew::prelude::*;

use super::App;
use super::tabs::{InspectorTab, LibraryTab};
use crate::parts::Parts;

impl App {
    pub(super) fn library_panel(&self) -> Html {
        match self.library {
            LibraryTab::Parts => html! { <Parts dispatch={self.dispatch.clone()} /> },
            LibraryTab::Gallery | LibraryTab::Source => Html::default(),
        }
    }

    pub(super) fn inspector_panel(&self, _tab: InspectorTab) -> Html {
        Html::default()
    }
}
