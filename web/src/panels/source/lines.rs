//! The text as coloured lines. Lines that did not change keep their identity, so that a keystroke draws one line
//! and not the whole text.

use std::rc::Rc;

use tidewire_session::Severity;
use tidewire_session::document::{DiagnosticView, Highlight, TokenClass};
use tidewire_session::sort;

/// A line as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Without its line break.
    pub(super) text: Box<str>,
    /// What it consists of, without gaps.
    pub(super) pieces: Vec<Piece>,
    /// The worst finding that touches it.
    pub(super) worst: Option<Severity>,
}

/// A stretch of a line that looks the same throughout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Byte of the line behind it; it begins where the one before ends.
    pub(super) end: u32,
    /// Its style: `keyword`, `comment` and so on.
    pub(super) class: &'static str,
    /// Underlined as a finding of this kind.
    pub(super) mark: Option<Severity>,
}

/// A line with a number that stays the same while the line is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NumberedLine {
    /// Identifies the line among all that were ever shown.
    pub(super) identity: u32,
    /// What it shows.
    pub(super) line: Rc<Line>,
}

/// Gives lines their identities from one version of the text to the next.
#[derive(Debug, Default)]
pub(super) struct LineBook {
    lines: Vec<NumberedLine>,
    next: u32,
}

impl LineBook {
    /// Takes over a new version: lines above and below what changed are the same as before.
    pub(super) fn update(&mut self, fresh: Vec<Line>) -> Rc<[NumberedLine]> {
        let same = |pair: &(&NumberedLine, &Line)| *pair.0.line == *pair.1;
        let head = self.lines.iter().zip(&fresh).take_while(same).count();
        let (old_rest, new_rest) = (&self.lines[head..], &fresh[head..]);
        let tail = old_rest
            .iter()
            .rev()
            .zip(new_rest.iter().rev())
            .take_while(same)
            .count();
        let (old_count, new_count) = (self.lines.len(), fresh.len());
        let mut lines = Vec::with_capacity(new_count);
        for (index, line) in fresh.into_iter().enumerate() {
            let old_index = if index < new_count - tail {
                Some(index).filter(|index| *index < old_count - tail)
            } else {
                Some(index + old_count - new_count)
            };
            let unchanged = index < head || index >= new_count - tail;
            lines.push(match old_index.map(|index| &self.lines[index]) {
                Some(old) if unchanged => old.clone(),
                old => NumberedLine {
                    identity: old.map_or_else(|| self.next, |old| old.identity),
                    line: Rc::new(line),
                },
            });
            if old_index.is_none() {
                self.next += 1;
            }
        }
        self.lines = lines;
        Rc::from(self.lines.as_slice())
    }
}

/// Splits a text into lines and pieces. Colours or findings of another version of the text do no harm: what
/// does not fit is left plain.
pub(super) fn lines(text: &str, colours: &[Highlight], findings: &[DiagnosticView]) -> Vec<Line> {
    let marks: Vec<Mark> = findings
        .iter()
        .filter_map(|finding| Mark::of(finding, text))
        .collect();
    let mut first_colour = 0;
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let end = start + line.len();
        while colours
            .get(first_colour)
            .is_some_and(|colour| colour.span.end as usize <= start)
        {
            first_colour += 1;
        }
        let touched = colours[first_colour..].iter();
        let touched = touched.take_while(|colour| (colour.span.start as usize) < end);
        lines.push(line_of(start, line, touched, &marks));
        start = end + 1;
    }
    lines
}

/// Where a finding is underlined, in bytes of the text.
struct Mark {
    start: usize,
    end: usize,
    severity: Severity,
}

impl Mark {
    /// A finding without width marks the letter behind its place, or the one before it at the end of a line.
    fn of(finding: &DiagnosticView, text: &str) -> Option<Self> {
        let (start, end) = (finding.span.start as usize, finding.span.end as usize);
        let rest = text.get(start..)?;
        let mut mark = Self {
            start,
            end: end.min(text.len()),
            severity: finding.severity,
        };
        if text.get(start..mark.end)?.trim().is_empty() {
            let next = rest.chars().next().filter(|letter| !letter.is_whitespace());
            let before = text[..start]
                .chars()
                .next_back()
                .filter(|letter| *letter != '\n');
            match (next, before) {
                (Some(letter), _) => mark.end = start + letter.len_utf8(),
                (None, Some(letter)) => {
                    mark.start = start - letter.len_utf8();
                    mark.end = start;
                }
                (None, None) => mark.end = start,
            }
        }
        Some(mark)
    }

    fn covers(&self, at: usize) -> bool {
        self.start <= at && at < self.end
    }

    fn touches(&self, line_start: usize, line_end: usize) -> bool {
        let begins = line_start <= self.start && self.start <= line_end;
        begins || (self.start < line_start && line_start < self.end)
    }
}

fn line_of<'a>(
    start: usize,
    line: &str,
    colours: impl Iterator<Item = &'a Highlight> + Clone,
    marks: &[Mark],
) -> Line {
    let end = start + line.len();
    let touching: Vec<&Mark> = marks
        .iter()
        .filter(|mark| mark.touches(start, end))
        .collect();
    let colour_ends = colours
        .clone()
        .flat_map(|colour| [colour.span.start, colour.span.end]);
    let mark_ends = touching.iter().flat_map(|mark| [mark.start, mark.end]);
    let mut cuts: Vec<usize> = colour_ends.map(|at| at as usize).chain(mark_ends).collect();
    cuts.retain(|cut| start < *cut && *cut < end && line.is_char_boundary(cut - start));
    cuts.push(end);
    sort::sort(&mut cuts);
    cuts.dedup();
    let mut colours = colours.peekable();
    let mut pieces: Vec<Piece> = Vec::with_capacity(cuts.len());
    let mut from = start;
    for cut in cuts {
        while colours
            .next_if(|colour| colour.span.end as usize <= from)
            .is_some()
        {}
        let class = colours
            .peek()
            .filter(|colour| colour.span.start as usize <= from);
        let piece = Piece {
            end: (cut - start) as u32,
            class: class.map_or("plain", |colour| class_name(colour)),
            mark: touching
                .iter()
                .filter(|mark| mark.covers(from))
                .map(|mark| mark.severity)
                .min(),
        };
        match pieces.last_mut() {
            Some(last) if last.class == piece.class && last.mark == piece.mark => {
                last.end = piece.end
            }
            _ => pieces.push(piece),
        }
        from = cut;
    }
    Line {
        text: line.into(),
        pieces,
        // The order of severities begins with the worst.
        worst: touching.iter().map(|mark| mark.severity).min(),
    }
}

/// Its name in the style sheet. Names and punctuation look alike, which spares the page most elements.
fn class_name(colour: &Highlight) -> &'static str {
    match colour.class {
        TokenClass::Name | TokenClass::Operator | TokenClass::Punctuation => "plain",
        class => class.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use tidewire_session::Span;

    use super::*;

    fn colour(start: u32, end: u32, class: TokenClass) -> Highlight {
        Highlight {
            span: Span::new(start, end),
            class,
        }
    }

    fn finding(start: u32, end: u32, severity: Severity) -> DiagnosticView {
        DiagnosticView {
            severity,
            code: "test",
            line: 1,
            column: 1,
            span: Span::new(start, end),
            message: String::new(),
            hint: None,
            fix_title: None,
            snippet: String::new(),
            node: None,
        }
    }

    /// Each piece as `class:text`, marked ones with `!`.
    fn shown(line: &Line) -> Vec<String> {
        let mut from = 0;
        let piece = |piece: &Piece| {
            let text = &line.text[from..piece.end as usize];
            from = piece.end as usize;
            let mark = if piece.mark.is_some() { "!" } else { "" };
            format!("{}{mark}:{text}", piece.class)
        };
        line.pieces.iter().map(piece).collect()
    }

    #[test]
    fn colours_and_findings_cut_lines_into_pieces() {
        let text = "service a {\n  -- x\n}";
        let colours = [
            colour(0, 7, TokenClass::Keyword),
            colour(7, 14, TokenClass::Name),
            colour(14, 18, TokenClass::Comment),
            colour(18, 20, TokenClass::Name),
        ];
        let lines = lines(text, &colours, &[finding(3, 9, Severity::Error)]);
        assert_eq!(
            shown(&lines[0]),
            ["keyword:ser", "keyword!:vice", "plain!: a", "plain: {"]
        );
        assert_eq!(shown(&lines[1]), ["plain:  ", "comment:-- x"]);
        assert_eq!(shown(&lines[2]), ["plain:}"]);
        assert_eq!(
            (lines[0].worst, lines[1].worst),
            (Some(Severity::Error), None)
        );
    }

    #[test]
    fn a_finding_without_width_is_seen() {
        let text = "ab\n\nc";
        let at = |place| lines(text, &[], &[finding(place, place, Severity::Warning)]);
        assert_eq!(shown(&at(0)[0]), ["plain!:a", "plain:b"]);
        assert_eq!(shown(&at(2)[0]), ["plain:a", "plain!:b"]);
        assert_eq!(at(3)[1].worst, Some(Severity::Warning));
        assert_eq!(shown(&at(5)[2]), ["plain!:c"]);
    }

    #[test]
    fn what_does_not_fit_the_text_does_no_harm() {
        let colours = [
            colour(0, 2, TokenClass::Keyword),
            colour(2, 90, TokenClass::Number),
        ];
        let lines = lines("é😀", &colours[..], &[finding(4, 77, Severity::Note)]);
        assert_eq!(
            shown(&lines[0])
                .concat()
                .replace("keyword:", "")
                .replace("number:", ""),
            "é😀"
        );
    }

    #[test]
    fn lines_that_stay_keep_their_identity() {
        let mut book = LineBook::default();
        let identities =
            |lines: &[NumberedLine]| lines.iter().map(|line| line.identity).collect::<Vec<_>>();
        let first = book.update(lines("a\nb\nc", &[], &[]));
        assert_eq!(identities(&first), [0, 1, 2]);
        let inserted = book.update(lines("a\nnew\nb\nc", &[], &[]));
        assert_eq!(identities(&inserted), [0, 3, 1, 2]);
        let typed = book.update(lines("a\nnewer\nb\nc", &[], &[]));
        assert_eq!(identities(&typed), [0, 3, 1, 2]);
        assert!(Rc::ptr_eq(&typed[2].line, &inserted[2].line));
        let removed = book.update(lines("a\nc", &[], &[]));
        assert_eq!(identities(&removed), [0, 2]);
    }
}
