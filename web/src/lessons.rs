//! The texts of the lessons: the first is in the module, the others are files beside the page, fetched once and kept
//! as long as the page. All are fetched when the page has time, so that lessons open without a network too.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_utils::window;
use tidewire_session::gallery;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Response;
use yew::Callback;

/// The lesson that the page opens with.
pub(crate) const FIRST: &str = "shared-database";
const FIRST_TEXT: &str = include_str!("../../gallery/shared-database/scenario.tide");

/// What came of asking for a lesson: its folder's name, and its text or why there is none.
pub(crate) type Fetched = (&'static str, Result<Rc<str>, String>);

/// The texts that are here.
#[derive(Clone)]
pub(crate) struct Texts(Rc<RefCell<Vec<Text>>>);

/// The folder's name of a lesson, and its text.
type Text = (&'static str, Rc<str>);

impl Default for Texts {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(vec![(FIRST, Rc::from(FIRST_TEXT))])))
    }
}

impl Texts {
    /// The text of a lesson, if it is here.
    pub(crate) fn get(&self, slug: &str) -> Option<Rc<str>> {
        let texts = self.0.borrow();
        let found = texts.iter().find(|(known, _)| *known == slug);
        found.map(|(_, text)| Rc::clone(text))
    }

    /// Fetches a text that is not here yet.
    pub(crate) fn fetch(&self, slug: &'static str, done: Callback<Fetched>) {
        let texts = self.clone();
        spawn_local(async move {
            let fetched = texts.fetched(slug).await;
            done.emit((slug, fetched));
        });
    }

    /// Fetches all that are not here, one after the other. What fails is fetched when it is opened.
    pub(crate) fn fetch_all(&self) {
        let texts = self.clone();
        spawn_local(async move {
            for lesson in gallery::in_order() {
                if texts.get(lesson.slug).is_none() && texts.fetched(lesson.slug).await.is_err() {
                    return;
                }
            }
        });
    }

    async fn fetched(&self, slug: &'static str) -> Result<Rc<str>, String> {
        let text: Rc<str> = Rc::from(fetch(slug).await?);
        self.0.borrow_mut().push((slug, Rc::clone(&text)));
        Ok(text)
    }
}

async fn fetch(slug: &str) -> Result<String, String> {
    let unreachable = |_: JsValue| "the network does not answer".to_owned();
    let request = window().fetch_with_str(&format!("./gallery/{slug}.tide"));
    let response = JsFuture::from(request).await.map_err(unreachable)?;
    let response: Response = response.dyn_into().map_err(unreachable)?;
    if !response.ok() {
        return Err(format!("the server answers {}", response.status()));
    }
    let text = response.text().map_err(unreachable)?;
    let text = JsFuture::from(text).await.map_err(unreachable)?;
    text.as_string()
        .ok_or_else(|| "the file is no text".to_owned())
}
