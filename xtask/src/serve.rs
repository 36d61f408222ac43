//! `cargo xtask serve`: installs what is missing, builds the page and serves it on this machine.

use crate::{page_build, process};
use anyhow::{Context, Result};
use std::net::{Ipv4Addr, TcpListener};

/// Ports tried in turn when none is asked for.
const PORTS: std::ops::Range<u16> = 8080..8100;

/// Serves until it is interrupted.
///
/// # Errors
/// When a tool cannot be installed, no port is free, or trunk fails.
pub(crate) fn run(port: Option<u16>, release: bool, open: bool) -> Result<()> {
    let port = match port {
        Some(port) => port,
        None => free_port().context("no port from 8080 to 8099 is free: choose one with --port")?,
    };
    let port_text = port.to_string();
    // Not in dist/, which is the release that the tests and the pictures use.
    let mut arguments = vec!["serve", "--dist", "target/serve", "--port", &port_text];
    if release {
        arguments.push("--release");
    }
    if open {
        arguments.push("--open");
    }
    let mut command = page_build::trunk(&arguments)?;
    println!(
        "Tidewire will be at http://127.0.0.1:{port}/ as soon as it is built (Ctrl-C ends it)."
    );
    process::run(&mut command)
}

/// Whether a browser window can appear here.
pub(crate) fn has_desktop() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

fn free_port() -> Option<u16> {
    PORTS
        .into_iter()
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}
