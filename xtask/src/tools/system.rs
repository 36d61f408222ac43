//! What only the system's package manager gives: a browser and its driver, what PostgreSQL's parser is built
//! with, and PostgreSQL itself.

use crate::process;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use tidewire_conformance::measure::PrivateServer;

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
    const REMEDY: &str = "install Chromium and its driver (Debian: apt-get install chromium chromium-driver) \
                          so that `chromium` and `chromedriver` are on PATH";
    install(
        "the browser tests need Chromium",
        REMEDY,
        &["chromium", "chromium-driver"],
    )?;
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

/// Sees to PostgreSQL 15, whose programs are installed with apt-get when they are missing.
///
/// # Errors
/// When they are missing and cannot be installed; the message says what to install.
pub(crate) fn postgres() -> Result<()> {
    const REMEDY: &str = "install it (Debian: apt-get install postgresql-15) or put the folder with `initdb`, `pg_ctl` \
                          and `postgres` of that version on PATH";
    if PrivateServer::is_possible() {
        return Ok(());
    }
    install(
        "comparing with PostgreSQL needs PostgreSQL 15",
        REMEDY,
        &["postgresql-15"],
    )
}

/// What building PostgreSQL's own parser takes, as variables for the build.
pub(crate) struct ParserBuild {
    /// The compiler of protocol buffers.
    pub(crate) protoc: PathBuf,
    /// Where libclang, which brings no headers of its own, finds those of the C compiler.
    pub(crate) clang_arguments: String,
}

/// The C compiler, `make`, libclang and protoc, installed with apt-get when they are missing.
///
/// # Errors
/// When they are missing and cannot be installed; the message says what to install.
pub(crate) fn parser_build() -> Result<ParserBuild> {
    const PACKAGES: [&str; 5] = ["gcc", "libc6-dev", "make", "libclang1", "protobuf-compiler"];
    const REMEDY: &str = "install a C compiler, make, libclang and protoc (Debian: apt-get install gcc libc6-dev \
                          make libclang1 protobuf-compiler), or name the folder of libclang.so in LIBCLANG_PATH";
    let found = || {
        let programs = ["gcc", "make", "protoc"]
            .iter()
            .all(|one| process::on_path(one));
        programs && has_libclang()
    };
    if !found() {
        install(
            "building PostgreSQL's parser needs libclang",
            REMEDY,
            &PACKAGES,
        )?;
    }
    let headers = process::output(&mut process::command("gcc", &["-print-file-name=include"]))?;
    Ok(ParserBuild {
        protoc: program(&["protoc"]).context(REMEDY)?,
        clang_arguments: format!("-I{}", headers.trim()),
    })
}

fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    // The list of the dynamic linker; where there is none, apt-get finds nothing to do.
    let list = process::output(&mut process::command("/sbin/ldconfig", &["-p"]));
    list.is_ok_and(|list| list.contains("libclang.so") || list.contains("libclang-"))
}

/// Installs Debian packages.
fn install(purpose: &str, remedy: &'static str, packages: &[&str]) -> Result<()> {
    if !process::on_path("apt-get") {
        bail!("{purpose}: {remedy}");
    }
    let root = process::output(&mut process::command("id", &["-u"]))?.trim() == "0";
    if !root && !process::on_path("sudo") {
        bail!("{purpose}, and only root may install it: {remedy}");
    }
    eprintln!("Installing {} with apt-get.", packages.join(", "));
    let install = ["apt-get", "install", "--yes", "--no-install-recommends"];
    for arguments in [
        &["apt-get", "update"][..],
        &[&install[..], packages].concat(),
    ] {
        let words = if root { &[][..] } else { &["sudo"][..] };
        let words: Vec<&str> = words.iter().chain(arguments).copied().collect();
        let mut command = process::command(words[0], &words[1..]);
        process::run(command.env("DEBIAN_FRONTEND", "noninteractive")).context(remedy)?;
    }
    Ok(())
}
