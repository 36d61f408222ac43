//! What the panels show, from what the application knows.

use yew::prelude::*;

use super::tabs::InspectorTab;
use super::App;

impl App {
    pub(super) fn library_panel(&self) -> Html {
        Html::default()
    }

    pub(super) fn inspector_panel(&self, _tab: InspectorTab) -> Html {
        Html::default()
    }
}
