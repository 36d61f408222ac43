//! What the browser keeps for the page between visits, as JSON that the browser itself reads and writes. A browser
//! may refuse to keep anything; then nothing is there.

use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::JsValue;

fn storage() -> Option<web_sys::Storage> {
    gloo_utils::window().local_storage().ok().flatten()
}

/// What is kept under the key.
pub(crate) fn load(key: &str) -> Option<JsValue> {
    let text = storage()?.get_item(key).ok().flatten()?;
    JSON::parse(&text).ok()
}

/// Keeps a value. Whether it could be kept.
pub(crate) fn keep(key: &str, value: &JsValue) -> bool {
    let text = JSON::stringify(value).ok().and_then(|it| it.as_string());
    let kept = storage().zip(text);
    kept.is_some_and(|(storage, text)| storage.set_item(key, &text).is_ok())
}

/// A text in a kept object.
pub(crate) fn text(object: &JsValue, field: &str) -> Option<String> {
    Reflect::get(object, &field.into()).ok()?.as_string()
}

/// An object of texts; those that are not there are left out.
pub(crate) fn object(fields: &[(&str, Option<&str>)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        if let Some(value) = value {
            // A plain object takes any field.
            let _ = Reflect::set(&object, &(*name).into(), &(*value).into());
        }
    }
    object.into()
}
