//! Finishes the page that trunk has built, so that it runs under a policy without inline scripts.
//!
//! trunk names the bindings (JavaScript) and the module (Wasm) by hash and hands both names over in the attributes
//! of one script element (`pattern_script` in Trunk.toml). Here these names go into the two scripts of
//! `web/page/`, the element becomes a plain script file, trunk's inline reload script becomes a file as well, and
//! the policy becomes a meta tag. In a release the module is made smaller first, since its name is its hash.
//! How the page then finds its worker is told in `web/page/start.js`. The lessons are put beside the page.

use crate::policy::{self, Served};
use crate::{process, project};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// Names the program that makes a release's module smaller; unset, the module stays as it is.
pub(crate) const WASM_OPT_VARIABLE: &str = "TIDEWIRE_WASM_OPT";

const CHARSET: &str = r#"<meta charset="utf-8">"#;

/// Runs as trunk's post_build hook on the folder that trunk names.
pub(crate) fn run() -> Result<()> {
    let staging = std::env::var_os("TRUNK_STAGING_DIR")
        .context("page-hook is called by trunk, see Trunk.toml: TRUNK_STAGING_DIR is not set")?;
    let release = std::env::var("TRUNK_PROFILE").is_ok_and(|profile| profile == "release");
    let optimizer = std::env::var_os(WASM_OPT_VARIABLE).filter(|_| release);
    finish(Path::new(&staging), optimizer.map(PathBuf::from).as_deref())?;
    lessons(Path::new(&staging))
}

/// Puts the scenarios of the gallery beside the page, which fetches a lesson when it is opened: `gallery/<slug>.tide`.
fn lessons(folder: &Path) -> Result<()> {
    let target = folder.join("gallery");
    fs::create_dir_all(&target)?;
    for entry in fs::read_dir(project::root().join("gallery"))? {
        let lesson = entry?;
        let scenario = lesson.path().join("scenario.tide");
        if scenario.is_file() {
            let name = format!("{}.tide", lesson.file_name().to_string_lossy());
            fs::copy(scenario, target.join(name))?;
        }
    }
    Ok(())
}

fn finish(folder: &Path, optimizer: Option<&Path>) -> Result<()> {
    let page_file = folder.join("index.html");
    let html = fs::read_to_string(&page_file).context("trunk has left no index.html")?;
    let page = Page::read(&html)?;

    let module = match optimizer {
        Some(program) => optimize(program, folder, &page.module)?,
        None => page.module.clone(),
    };
    let worker = write_script(
        folder,
        "worker",
        include_str!("../../web/page/worker.js"),
        &[
            ("TIDEWIRE_BINDINGS", &page.bindings),
            ("TIDEWIRE_WASM", &module),
        ],
    )?;
    let start = write_script(
        folder,
        "start",
        include_str!("../../web/page/start.js"),
        &[
            ("TIDEWIRE_BINDINGS", &page.bindings),
            ("TIDEWIRE_WASM", &module),
            ("TIDEWIRE_WORKER", &worker),
        ],
    )?;
    let reload = match &page.reload {
        Some(script) => Some(write_reload(folder, script)?),
        None => None,
    };
    let html = page.with_files(&start, &module, reload.as_deref())?;
    fs::write(&page_file, html).context("cannot write index.html")
}

/// What trunk has written into the page.
struct Page<'a> {
    html: &'a str,
    /// The whole script element that holds the names.
    element: &'a str,
    bindings: String,
    module: String,
    /// The text of the inline reload script, when the page is served by trunk.
    reload: Option<&'a str>,
}

impl<'a> Page<'a> {
    fn read(html: &'a str) -> Result<Self> {
        let element = between(
            html,
            "<script type=\"module\" data-tidewire-names",
            "</script>",
        )
        .context("no element with data-tidewire-names: see pattern_script in Trunk.toml")?;
        Ok(Self {
            html,
            element,
            bindings: attribute(element, "data-bindings")?,
            module: attribute(element, "data-wasm")?,
            reload: html
                .match_indices("<script>")
                .filter_map(|(at, _)| between(&html[at..], "<script>", "</script>"))
                .find(|script| script.contains("__TRUNK_ADDRESS__")),
        })
    }

    /// The page with files in place of everything inline.
    fn with_files(&self, start: &str, module: &str, reload: Option<&str>) -> Result<String> {
        let served = match reload {
            Some(_) => Served::WithReload,
            None => Served::AsReleased,
        };
        let meta = format!(
            "{CHARSET}\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">",
            policy::for_meta_tag(served)
        );
        ensure!(self.html.contains(CHARSET), "index.html has lost {CHARSET}");
        let start = format!("<script type=\"module\" src=\"./{start}\"></script>");
        let mut html = self
            .html
            .replacen(CHARSET, &meta, 1)
            .replacen(self.element, &start, 1)
            .replace(&self.module, module);
        if let (Some(script), Some(file)) = (self.reload, reload) {
            html = html.replacen(
                script,
                &format!("<script src=\"./{file}\" defer></script>"),
                1,
            );
        }
        let inline = html.match_indices("<script").find(|(at, _)| {
            let tag = html[*at..].split('>').next().unwrap_or_default();
            !tag.contains(" src=")
        });
        if let Some((at, _)) = inline {
            bail!(
                "an inline script is left, which the policy refuses: {:.60}",
                &html[at..]
            );
        }
        Ok(html)
    }
}

/// The first piece of `text` from `start` to `end`, both included.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let from = text.find(start)?;
    let to = from + text[from..].find(end)? + end.len();
    Some(&text[from..to])
}

fn attribute(element: &str, name: &str) -> Result<String> {
    let value = element
        .split_once(&format!("{name}=\""))
        .and_then(|(_, rest)| rest.split_once('"'));
    let (value, _) = value.with_context(|| format!("trunk gave no {name}: see Trunk.toml"))?;
    Ok(value.to_owned())
}

/// Writes `text` with its names filled in, as `<stem>-<hash>.js`; gives the file's name.
fn write_script(folder: &Path, stem: &str, text: &str, names: &[(&str, &str)]) -> Result<String> {
    let mut text = text.to_owned();
    for (name, value) in names {
        ensure!(
            text.contains(name),
            "web/page/{stem}.js does not use {name}"
        );
        text = text.replace(name, value);
    }
    write_hashed(folder, stem, "js", text.as_bytes())
}

/// trunk fills in the address of its reload when it sends HTML, which a script file is not: the page's own
/// address is the same thing.
fn write_reload(folder: &Path, element: &str) -> Result<String> {
    let script = element
        .trim_start_matches("<script>")
        .trim_end_matches("</script>")
        .replace("'{{__TRUNK_ADDRESS__}}'", "window.location.host")
        .replace("{{__TRUNK_WS_BASE__}}", "/")
        .replace("{{__TRUNK_WS_PROTOCOL__}}", "");
    ensure!(
        !script.contains("{{"),
        "trunk's reload script has changed: see page_hook.rs"
    );
    write_hashed(folder, "reload", "js", script.as_bytes())
}

fn optimize(program: &Path, folder: &Path, module: &str) -> Result<String> {
    let from = folder.join(module);
    let to = folder.join("optimized.wasm");
    make_smaller(program, &from, &to)?;
    let bytes = fs::read(&to)?;
    fs::remove_file(&to)?;
    fs::remove_file(&from)?;
    write_hashed(folder, "tidewire-web", "wasm", &bytes)
}

/// The passes of wasm-opt that make the module smaller as it is sent. What -Oz does besides makes the bytes fewer and
/// the compressed bytes more: LLVM's own code repeats itself more. Functions stand in order of their names, so that
/// the same generic function for other types stands beside it, which the compression finds.
const PASSES: [&str; 12] = [
    "--dce",
    "--vacuum",
    "--optimize-instructions",
    "--remove-unused-brs",
    "--merge-blocks",
    "--remove-unused-names",
    "--rse",
    "--vacuum",
    "--reorder-locals",
    "--duplicate-function-elimination",
    "--remove-unused-module-elements",
    "--reorder-functions-by-name",
];

/// What a release does to its module; the figures are taken on one that was treated alike.
///
/// # Errors
/// When wasm-opt fails.
pub(crate) fn make_smaller(program: &Path, from: &Path, to: &Path) -> Result<()> {
    let mut command = process::command(program, &PASSES);
    command.args(["--strip-debug", "--strip-producers"]);
    process::run(command.arg(from).arg("-o").arg(to))
}

fn write_hashed(folder: &Path, stem: &str, extension: &str, bytes: &[u8]) -> Result<String> {
    let name = format!("{stem}-{:016x}.{extension}", hash(bytes));
    fs::write(folder.join(&name), bytes).with_context(|| format!("cannot write {name}"))?;
    Ok(name)
}

/// FNV-1a, 64 bits: it only has to differ when a file does.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = r#"<script type="module" data-tidewire-names data-bindings="web-1.js" data-wasm="web-1_bg.wasm"></script>"#;

    fn page(rest: &str) -> String {
        format!("<head>{CHARSET}<link href=\"./web-1_bg.wasm\">{NAMES}</head><body>{rest}</body>")
    }

    #[test]
    fn a_release_has_the_policy_and_only_script_files() {
        let html = page("");
        let page = Page::read(&html).unwrap();
        let finished = page.with_files("start-2.js", "web-3.wasm", None).unwrap();
        assert!(finished.contains("<script type=\"module\" src=\"./start-2.js\"></script>"));
        assert!(finished.contains("href=\"./web-3.wasm\""));
        assert!(finished.contains("content=\"default-src 'none';"));
        assert!(!finished.contains("ws:") && !finished.contains("data-tidewire-names"));
    }

    #[test]
    fn the_reload_script_of_trunk_becomes_a_file() {
        let html = page("<script>const a = '{{__TRUNK_ADDRESS__}}';</script>");
        let page = Page::read(&html).unwrap();
        assert!(page.reload.is_some());
        let finished = page
            .with_files("s.js", "m.wasm", Some("reload-4.js"))
            .unwrap();
        assert!(finished.contains("<script src=\"./reload-4.js\" defer></script>"));
        assert!(finished.contains("connect-src 'self' ws:;"));
    }

    #[test]
    fn an_inline_script_that_nobody_moved_is_an_error() {
        let html = page("<script>alert(1)</script>");
        let error = Page::read(&html)
            .unwrap()
            .with_files("s.js", "m.wasm", None);
        assert!(error.unwrap_err().to_string().contains("inline script"));
    }

    #[test]
    fn a_page_without_names_says_where_they_come_from() {
        let error = Page::read("<head></head>").err().unwrap().to_string();
        assert!(error.contains("pattern_script"), "{error}");
    }
}
