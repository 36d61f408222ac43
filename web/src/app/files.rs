//! Files in and out: dropped, picked, downloaded.

use gloo_file::{Blob, ObjectUrl};
use gloo_utils::document;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlAnchorElement;
use yew::Callback;

use super::{App, Msg};
use crate::format::shortened;

/// Files beyond this are refused before they are read; the language's own limit is far below.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;
/// The language's limit on a text.
const LARGEST_TEXT: usize = 256 * 1024;

/// Reads a file, which takes a while, and sends what is in it.
pub(crate) fn read_file(file: web_sys::File, dispatch: &Callback<Msg>) {
    let dispatch = dispatch.clone();
    let file = gloo_file::File::from(file);
    spawn_local(async move {
        let name = file.name();
        if file.size() > LARGEST_FILE {
            dispatch.emit(Msg::File(name, vec![b' '; LARGEST_TEXT + 1]));
            return;
        }
        match gloo_file::futures::read_as_bytes(&file).await {
            Ok(bytes) => dispatch.emit(Msg::File(name, bytes)),
            Err(error) => dispatch.emit(Msg::Say(format!("{name} cannot be read: {error}"))),
        }
    });
}

/// The text in a file, or why it is refused.
fn checked(name: &str, bytes: Vec<u8>) -> Result<String, String> {
    let name = shortened(name, 60);
    if bytes.len() > LARGEST_TEXT {
        return Err(format!(
            "{name} is larger than 256 KiB, the most that a scenario may have. Split it into several scenarios."
        ));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text
            .strip_prefix('\u{feff}')
            .map(str::to_owned)
            .unwrap_or(text)),
        Err(error) => Err(format!(
            "{name} is not UTF-8: byte {} cannot be read as text. Save it as UTF-8 and drop it again.",
            error.utf8_error().valid_up_to() + 1
        )),
    }
}

impl App {
    pub(super) fn open_file(&mut self, name: &str, bytes: Vec<u8>) {
        match checked(name, bytes) {
            Ok(text) => {
                self.lesson = None;
                self.replace_text(text, None);
                self.ask_again();
                self.edited = true;
                self.news(format!("Opened {}", shortened(name, 60)));
                self.keep();
            }
            Err(refusal) => self.problem(refusal),
        }
    }

    pub(super) fn download(&mut self) {
        let text = self.document.borrow().text().to_owned();
        let url = ObjectUrl::from(Blob::new(text.as_str()));
        let link = document()
            .create_element("a")
            .ok()
            .and_then(|element| element.dyn_into::<HtmlAnchorElement>().ok());
        if let Some(link) = link {
            let name = self.lesson.as_deref().unwrap_or("scenario");
            link.set_href(&url);
            link.set_download(&format!("{name}.tide"));
            link.click();
        }
        // The browser has taken the address by now; it is released a little later than the click.
        gloo_timers::callback::Timeout::new(10_000, move || drop(url)).forget();
        self.polite = "Downloaded the scenario".to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_over_the_limits_are_refused_with_a_remedy() {
        let refusal = checked("big.tide", vec![b'x'; LARGEST_TEXT + 1]).unwrap_err();
        assert!(refusal.contains("256 KiB"), "{refusal}");
        let refusal = checked("odd.tide", b"ab\xff".to_vec()).unwrap_err();
        assert!(refusal.contains("byte 3"), "{refusal}");
    }

    #[test]
    fn a_byte_order_mark_is_left_out() {
        assert_eq!(
            checked("a.tide", "\u{feff}scenario 'a'".into()).as_deref(),
            Ok("scenario 'a'")
        );
    }
}
