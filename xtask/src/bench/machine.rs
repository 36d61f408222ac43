//! On what was measured: without it a figure says nothing.

use crate::process;
use crate::tools::system;
use anyhow::Result;

/// One line: the processor, its cores, the compiler and, where it measured, the browser.
///
/// # Errors
/// When rustc or the browser cannot be asked.
pub(crate) fn describe(browser: bool) -> Result<String> {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor(&information).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = process::output(&mut process::command("rustc", &["--version"]))?;
    let mut words = vec![
        processor.to_owned(),
        format!("{cores} cores"),
        rustc.trim().to_owned(),
    ];
    if browser {
        let chromium = system::chromium()?.browser;
        let version = process::output(&mut process::command(chromium, &["--version"]))?;
        words.push(version.trim().to_owned());
    }
    Ok(words.join(", "))
}

/// The processor's name in the text of `/proc/cpuinfo`.
fn processor(information: &str) -> Option<&str> {
    let line = information
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::processor;

    #[test]
    fn the_processor_is_named_once() {
        let text =
            "processor\t: 0\nmodel name\t: Fast One\nprocessor\t: 1\nmodel name\t: Fast One\n";
        assert_eq!(processor(text), Some("Fast One"));
        assert_eq!(processor(""), None);
    }
}
