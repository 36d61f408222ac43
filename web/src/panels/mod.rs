//! Panels: components that show plain values and report what a person does. They keep only what concerns
//! their own looks (which menu is open, what is typed into a search field); what the application knows is
//! handed in, and what it shall do goes out through callbacks. The application itself lives in `app`.

pub(crate) mod findings;
pub(crate) mod gallery;
pub(crate) mod inspector;
pub(crate) mod lesson;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod source;
