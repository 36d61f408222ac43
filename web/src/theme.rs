//! Light, dark, or as the system says; kept for the next visit.

use gloo_utils::document_element;

use crate::storage;

/// Where the choice is kept.
const KEY: &str = "tidewire.theme";

/// Which colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The choice of the last visit. Anything unknown there is the system's.
    pub(crate) fn saved() -> Self {
        let kept = storage::load(KEY).and_then(|word| word.as_string());
        match kept.as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    /// The next one in the round.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// As a button says it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::System => "Theme: as the system",
            Self::Light => "Theme: light",
            Self::Dark => "Theme: dark",
        }
    }

    /// Puts the theme on the page.
    pub(crate) fn show(self) {
        let root = document_element();
        // The root takes any attribute of a valid name.
        let _ = match self {
            Self::System => root.remove_attribute("data-theme"),
            Self::Light => root.set_attribute("data-theme", "light"),
            Self::Dark => root.set_attribute("data-theme", "dark"),
        };
    }

    /// Keeps the choice. Where storage is refused, it lasts as long as the page.
    pub(crate) fn save(self) {
        let word = match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        };
        let _ = storage::keep(KEY, &word.into());
    }
}
