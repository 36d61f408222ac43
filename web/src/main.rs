//! The playground: one Wasm module that serves both the page and its worker.
//!
//! `web/page/start.js` loads it in the page and `web/page/worker.js` in the worker; `main` tells them apart by
//! asking for a window.

mod page;
mod worker;

fn main() {
    if web_sys::window().is_some() {
        page::start();
    } else {
        worker::start();
    }
}
