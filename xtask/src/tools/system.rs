//! What only the system's package manager gives: a browser and its driver.

use crate::process;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// A browser that runs without a screen.
pub(crate) struct Chromium {
    /// The browser.
    pub(crate) browser: PathBuf,
    /// The program that drives it by the WebDriver protocol.
    pub(crate) driver: PathBuf,
}

/// Chromium and its driver, installed with apt-get when they are missing.
///
/// # Errors
/// When they are missing and cannot be installed; the message says what to install.
pub(crate) fn chromium() -> Result<Chromium> {
    if let Some(found) = find() {
        return Ok(found);
    }
    install()?;
    find().context("chromium and chromium-driver are installed, and yet not on PATH")
}

fn find() -> Option<Chromium> {
    Some(Chromium {
        browser: program(&["chromium", "chromium-browser"])?,
        driver: program(&["chromedriver"])?,
    })
}

fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = || std::env::split_paths(&path);
    names.iter().find_map(|name| {
        folders()
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    })
}

fn install() -> Result<()> {
    const REMEDY: &str = "install Chromium and its driver (Debian: apt-get install chromium chromium-driver) \
                          so that `chromium` and `chromedriver` are on PATH";
    if !process::on_path("apt-get") {
        bail!("the browser tests need Chromium: {REMEDY}");
    }
    let root = process::output(&mut process::command("id", &["-u"]))?.trim() == "0";
    if !root && !process::on_path("sudo") {
        bail!("the browser tests need Chromium, and only root may install it: {REMEDY}");
    }
    eprintln!("Installing chromium and chromium-driver with apt-get.");
    for arguments in [
        &["apt-get", "update"][..],
        &[
            "apt-get",
            "install",
            "--yes",
            "--no-install-recommends",
            "chromium",
            "chromium-driver",
        ],
    ] {
        let words = if root { &[][..] } else { &["sudo"][..] };
        let words: Vec<&str> = words.iter().chain(arguments).copied().collect();
        let mut command = process::command(words[0], &words[1..]);
        process::run(command.env("DEBIAN_FRONTEND", "noninteractive")).context(REMEDY)?;
    }
    Ok(())
}
