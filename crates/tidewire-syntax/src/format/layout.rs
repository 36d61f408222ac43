//! Which places end a line: a sequence of operations becomes text of a bounded width.

use super::{INDENT, LINE_WIDTH};

/// One step of writing.
#[derive(Debug, PartialEq)]
pub(super) enum Operation {
    /// A token or comment as it is.
    Text(String),
    /// A blank that never ends the line.
    Space,
    /// A blank, or the end of the line.
    Line,
    /// Nothing, or the end of the line.
    Soft,
    /// Before a closing parenthesis: the end of the line if a line ended behind the opening one.
    End,
    /// The end of the line, with an empty line behind it if `blank`.
    Hard { blank: bool },
    /// What follows is one level deeper.
    Indent,
    /// Ends an [`Operation::Indent`].
    Dedent,
    /// Begins a group, which is written on one line if it fits.
    Open(Style),
    /// Ends a group.
    Close,
}

/// How a group that does not fit is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A line ends where what follows would not fit.
    Fill,
    /// A line ends at every place.
    Each,
    /// As [`Style::Each`], even if it would fit.
    Always,
}

/// An open group.
struct Group {
    mode: Mode,
    /// The line on which the part behind its last place began.
    part_line: usize,
    /// Whether the line ended at its first place; `None` before that place.
    begins_line: Option<bool>,
}

/// How the places within an open group are treated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Fill,
    Each,
}

/// Writes the operations.
pub(super) fn print(operations: &[Operation]) -> String {
    let mut printer = Printer {
        operations,
        text: String::new(),
        column: 0,
        level: 0,
        line_level: 0,
        line: 0,
        groups: vec![Group {
            mode: Mode::Fill,
            part_line: 0,
            begins_line: None,
        }],
    };
    for at in 0..operations.len() {
        printer.write(at);
    }
    let mut text = printer.text;
    text.truncate(text.trim_end().len());
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

struct Printer<'o> {
    operations: &'o [Operation],
    text: String,
    /// Characters on the line so far; its indentation is written with its first text.
    column: usize,
    level: usize,
    /// The level at which the line began: that of the place where the one before it ended.
    line_level: usize,
    /// Lines ended so far.
    line: usize,
    /// The open groups; the first is the text itself.
    groups: Vec<Group>,
}

impl Printer<'_> {
    fn write(&mut self, at: usize) {
        let mode = self.groups.last().map_or(Mode::Fill, |group| group.mode);
        match &self.operations[at] {
            Operation::Text(text) => self.write_text(text),
            Operation::Space => self.blank(),
            Operation::Hard { blank } => self.end_line(*blank),
            Operation::Line | Operation::Soft | Operation::End => self.place(at, mode),
            Operation::Indent => self.level += 1,
            Operation::Dedent => self.level = self.level.saturating_sub(1),
            Operation::Open(style) => {
                let mode = self.mode(at, *style, mode);
                let part_line = self.line;
                self.groups.push(Group {
                    mode,
                    part_line,
                    begins_line: None,
                });
            }
            Operation::Close => {
                if self.groups.len() > 1 {
                    self.groups.pop();
                }
            }
        }
    }

    fn write_text(&mut self, text: &str) {
        if self.column == 0 {
            self.column = self.line_level * INDENT;
            self.text.extend(std::iter::repeat_n(' ', self.column));
        }
        self.text.push_str(text);
        self.column = match text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => self.column + text.chars().count(),
        };
    }

    /// Writes a place where the line may end.
    fn place(&mut self, at: usize, mode: Mode) {
        let ends = self.ends(at, mode);
        if ends {
            self.end_line(false);
        } else if self.operations[at] == Operation::Line {
            self.blank();
        }
        let line = self.line;
        if let Some(group) = self.groups.last_mut() {
            group.part_line = line;
            group.begins_line.get_or_insert(ends);
        }
    }

    fn blank(&mut self) {
        if self.column > 0 {
            self.text.push(' ');
            self.column += 1;
        }
    }

    fn end_line(&mut self, blank: bool) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push_str(if blank { "\n\n" } else { "\n" });
        self.column = 0;
        self.line_level = self.level;
        self.line += 1;
        if let Some(group) = self.groups.last_mut() {
            group.begins_line.get_or_insert(true);
        }
        if let [text] = &mut self.groups[..] {
            text.part_line = self.line;
        }
    }

    /// Where the next text would stand.
    fn next_column(&self) -> usize {
        match self.column {
            0 => self.line_level * INDENT,
            column => column,
        }
    }

    fn mode(&self, at: usize, style: Style, outer: Mode) -> Mode {
        let broken = match style {
            Style::Fill => Mode::Fill,
            Style::Each | Style::Always => Mode::Each,
        };
        if outer == Mode::Flat {
            return Mode::Flat;
        }
        if style == Style::Always || self.has_hard(at) {
            return broken;
        }
        match self.next_column() + self.width_behind(at) <= LINE_WIDTH {
            true => Mode::Flat,
            false => broken,
        }
    }

    /// Whether the line ends at a place: in a filled group where what follows does not fit, or where what
    /// came before took several lines.
    fn ends(&self, at: usize, mode: Mode) -> bool {
        let blank = usize::from(self.operations[at] == Operation::Line);
        let part_line = self
            .groups
            .last()
            .map_or(self.line, |group| group.part_line);
        match mode {
            Mode::Flat => false,
            Mode::Each => true,
            Mode::Fill if self.operations[at] == Operation::End => self
                .groups
                .last()
                .is_some_and(|group| group.begins_line == Some(true)),
            Mode::Fill if blank == 1 && part_line != self.line => true,
            Mode::Fill => self.next_column() + blank + self.width_behind(at) > LINE_WIDTH,
        }
    }

    /// Whether the group that opens at a place must end a line.
    fn has_hard(&self, open: usize) -> bool {
        let mut depth = 0_usize;
        for operation in &self.operations[open..] {
            match operation {
                Operation::Open(Style::Always) | Operation::Hard { .. } => return true,
                Operation::Open(_) => depth += 1,
                Operation::Close if depth == 1 => return false,
                Operation::Close => depth -= 1,
                _ => {}
            }
        }
        false
    }

    /// Characters behind an operation up to the next place where the line can end, groups on the way unbroken.
    fn width_behind(&self, at: usize) -> usize {
        let opens = matches!(self.operations[at], Operation::Open(_));
        let mut depth = usize::from(opens);
        let mut width = 0;
        for (offset, operation) in self.operations[at + 1..].iter().enumerate() {
            match operation {
                Operation::Text(text) => width += text_width(text),
                Operation::Space => width += 1,
                Operation::Hard { .. } => break,
                Operation::Line | Operation::Soft | Operation::End if depth == 0 => break,
                Operation::Line => width += 1,
                Operation::Soft | Operation::End | Operation::Indent | Operation::Dedent => {}
                Operation::Open(_) if self.has_hard(at + 1 + offset) => {
                    // It will be broken at its first place.
                    return width + self.width_behind_broken(at + 1 + offset);
                }
                Operation::Open(_) => depth += 1,
                Operation::Close => depth = depth.saturating_sub(1),
            }
            if width > LINE_WIDTH {
                break;
            }
        }
        width
    }

    /// Characters of a group that will be broken, up to its first place.
    fn width_behind_broken(&self, open: usize) -> usize {
        let mut width = 0;
        for operation in &self.operations[open + 1..] {
            match operation {
                Operation::Text(text) => width += text_width(text),
                Operation::Space => width += 1,
                Operation::Hard { .. } | Operation::Line | Operation::Soft => break,
                _ => {}
            }
        }
        width
    }
}

/// Texts of several lines count as too wide, so that what holds them is broken.
fn text_width(text: &str) -> usize {
    match text.contains('\n') {
        true => LINE_WIDTH + 1,
        false => text.chars().count(),
    }
}
