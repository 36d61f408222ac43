//! Diagnostics on standard error: `path:line:col`, the lines concerned, what is wrong and what one does.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind, Source};
use tidewire_syntax::{Diagnostic, Severity, Span};

/// More findings than these are counted, not shown.
const SHOWN: usize = 40;

/// Prints findings about a file, the first ones in full.
pub(crate) fn print(path: &Path, text: &str, findings: &[Diagnostic]) -> anyhow::Result<()> {
    let stderr = std::io::stderr();
    let colour = stderr.is_terminal();
    let mut out = stderr.lock();
    out.write_all(&render(path, text, findings, colour)?)?;
    if findings.len() > SHOWN {
        writeln!(out, "… and {} more findings", findings.len() - SHOWN)?;
    }
    Ok(())
}

/// Whether one of the findings keeps the scenario from running.
pub(crate) fn any_error(findings: &[Diagnostic]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
}

fn render(
    path: &Path,
    text: &str,
    findings: &[Diagnostic],
    colour: bool,
) -> anyhow::Result<Vec<u8>> {
    let name = path.display().to_string();
    let mut out = Vec::new();
    for finding in findings.iter().take(SHOWN) {
        let range = range(finding.span, text);
        let (kind, tint) = match finding.severity {
            Severity::Error => (ReportKind::Error, Color::Red),
            Severity::Warning => (ReportKind::Warning, Color::Yellow),
            Severity::Note => (ReportKind::Advice, Color::Blue),
        };
        let config = Config::default()
            .with_index_type(IndexType::Byte)
            .with_char_set(CharSet::Unicode)
            .with_color(colour);
        let mut report = Report::build(kind, (name.as_str(), range.clone()))
            .with_config(config)
            .with_code(finding.code)
            .with_message(&finding.message)
            .with_label(
                Label::new((name.as_str(), range))
                    .with_message("here")
                    .with_color(tint),
            );
        if let Some(hint) = &finding.hint {
            report = report.with_help(hint);
        }
        report
            .finish()
            .write((name.as_str(), Source::from(text)), &mut out)?;
    }
    Ok(without_trailing_spaces(&out))
}

/// The report pads its lines, which pasted output and recorded texts do better without.
fn without_trailing_spaces(report: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(report.len());
    for line in report.split_inclusive(|byte| *byte == b'\n') {
        out.extend_from_slice(line.trim_ascii_end());
        out.extend(line.ends_with(b"\n").then_some(b'\n'));
    }
    out
}

/// The span cut to the text, at whole characters, so that nothing can be out of range.
fn range(span: Span, text: &str) -> std::ops::Range<usize> {
    let whole = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (whole(span.start), whole(span.end));
    start..end.max(start)
}
