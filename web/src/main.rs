//! The playground: one Wasm module that serves both the page and its worker.
//!
//! `web/page/start.js` loads it in the page and `web/page/worker.js` in the worker; `main` tells them apart by
//! asking for a window.

mod app;
mod diagram;
mod format;
mod help;
mod icons;
mod lessons;
mod link;
mod panels;
mod parts;
mod progress;
mod saved;
mod scrubber;
mod shapes;
mod shared;
mod slices;
mod storage;
mod theme;
mod ticker;
mod timeline;
mod top_bar;
mod worker;

fn main() {
    if web_sys::window().is_some() {
        yew::Renderer::<app::App>::new().render();
    } else {
        worker::start();
    }
}
