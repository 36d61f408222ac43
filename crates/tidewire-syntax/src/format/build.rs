//! From the tree to the operations of `layout`.

use super::layout::{Operation, Style};
use super::space;
use crate::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};

/// The operations that write a file.
pub(super) fn operations(file: &SyntaxNode) -> Vec<Operation> {
    let mut builder = Builder {
        operations: Vec::new(),
        trivia: Vec::new(),
        last: None,
        gap_done: false,
    };
    builder.members(file);
    builder.comments(Gap::Hard);
    builder.operations
}

/// What separates two tokens when no comment does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// A blank or nothing, as the tokens want it.
    Plain,
    /// A blank, or the end of the line where it does not fit.
    Line,
    /// As [`Gap::Line`]; a line that ends there in the source ends there.
    Kept,
    /// Nothing, or the end of the line.
    Soft,
    /// Before a closing parenthesis.
    End,
    /// The end of the line.
    Hard,
    /// The end of the line, without an empty line.
    HardTight,
}

struct Builder {
    operations: Vec<Operation>,
    /// Blanks and comments since the last token.
    trivia: Vec<SyntaxToken>,
    /// The last token that was written.
    last: Option<SyntaxToken>,
    /// The gap before the next token is written already.
    gap_done: bool,
}

impl Builder {
    fn push(&mut self, operation: Operation) {
        self.operations.push(operation);
    }

    fn element(&mut self, element: &SyntaxElement) {
        match element {
            rowan::NodeOrToken::Node(node) => self.node(node),
            rowan::NodeOrToken::Token(token) if token.kind().is_trivia() => {
                self.trivia.push(token.clone());
            }
            rowan::NodeOrToken::Token(token) => self.token(token),
        }
    }

    fn children(&mut self, node: &SyntaxNode) {
        for child in node.children_with_tokens() {
            self.element(&child);
        }
    }

    /// Writes a token with the gap before it.
    fn token(&mut self, token: &SyntaxToken) {
        if !self.gap_done {
            let gap = self.gap_of(token);
            self.gap(gap, Some(token));
        }
        self.gap_done = false;
        self.push(Operation::Text(token.text().to_string()));
        self.last = Some(token.clone());
    }

    /// The gap before a token that no node has asked for.
    fn gap_of(&self, token: &SyntaxToken) -> Gap {
        let behind_comma = self
            .last
            .as_ref()
            .is_some_and(|it| it.kind() == SyntaxKind::Comma);
        let logical = token.kind() == SyntaxKind::Keyword
            && (token.text().eq_ignore_ascii_case("and")
                || token.text().eq_ignore_ascii_case("or"))
            && !is_range(token);
        match (
            behind_comma,
            logical || behind_with(token) || begins_condition(token),
        ) {
            (true, _) => Gap::Line,
            (_, true) => Gap::Kept,
            _ => Gap::Plain,
        }
    }

    /// Writes a gap before a token that the next call writes. Behind `(` there is nothing, or a line end.
    fn gap(&mut self, gap: Gap, next: Option<&SyntaxToken>) {
        let opened = self
            .last
            .as_ref()
            .is_some_and(|it| it.kind() == SyntaxKind::OpenParen);
        let gap = match opened {
            true if gap != Gap::Kept || !self.line_ended() => Gap::Soft,
            _ => gap,
        };
        let gap = self.comments(gap);
        self.separate(gap, next);
    }

    /// Whether the source ends the line since the last token.
    fn line_ended(&self) -> bool {
        self.trivia.iter().any(|it| it.text().contains('\n'))
    }

    /// Writes the comments since the last token and gives the gap that is left to write.
    fn comments(&mut self, gap: Gap) -> Gap {
        let trivia = std::mem::take(&mut self.trivia);
        let mut newlines = 0;
        let mut own_line = false;
        let mut commented: Option<SyntaxKind> = None;
        for token in &trivia {
            if !token.kind().is_comment() {
                newlines += token.text().matches('\n').count();
                continue;
            }
            let begins_file = self.last.is_none() && commented.is_none();
            own_line = newlines > 0 || begins_file;
            match own_line {
                true if begins_file => {}
                true => {
                    let blank = newlines > 1 && !(gap == Gap::HardTight && commented.is_none());
                    self.push(Operation::Hard {
                        blank: blank && self.may_blank(),
                    });
                }
                false => self.push(Operation::Space),
            }
            self.push(Operation::Text(token.text().trim_end().to_string()));
            commented = Some(token.kind());
            newlines = 0;
        }
        let blank = newlines > 1;
        match (commented, gap) {
            (Some(SyntaxKind::LineComment), Gap::HardTight) => Gap::HardTight,
            (Some(SyntaxKind::LineComment), _) => self.hard(blank),
            (Some(_), Gap::Hard) if own_line && newlines == 0 => Gap::Plain,
            (Some(_), Gap::Hard | Gap::HardTight) => gap_or(gap, || self.hard(blank)),
            (Some(_), _) if newlines > 0 => self.hard(false),
            (Some(_), _) => Gap::Line,
            (None, Gap::Hard) => self.hard(blank),
            (None, Gap::Kept) if newlines > 0 => Gap::HardTight,
            (None, gap) => gap,
        }
    }

    /// An empty line may stand anywhere but behind an opening brace and at the beginning.
    fn may_blank(&self) -> bool {
        !matches!(
            self.operations.last(),
            None | Some(Operation::Indent | Operation::Hard { .. })
        )
    }

    fn behind_comment(&self) -> bool {
        matches!(self.operations.last(), Some(Operation::Text(text)) if text.starts_with("/*"))
    }

    fn hard(&mut self, blank: bool) -> Gap {
        if blank && self.may_blank() {
            Gap::Hard
        } else {
            Gap::HardTight
        }
    }

    /// Writes a gap without comments; here [`Gap::Hard`] stands for an empty line.
    fn separate(&mut self, gap: Gap, next: Option<&SyntaxToken>) {
        let operation = match gap {
            _ if self.operations.is_empty() => return,
            Gap::Hard => Operation::Hard { blank: true },
            Gap::HardTight => Operation::Hard { blank: false },
            Gap::Soft => Operation::Soft,
            Gap::End => Operation::End,
            Gap::Line if self.behind_comment() && next.is_some_and(closes) => return,
            Gap::Line | Gap::Kept => Operation::Line,
            Gap::Plain => match (&self.last, next) {
                (Some(last), Some(next)) if space::between(last, next) => Operation::Space,
                (None, _) => Operation::Space,
                _ => return,
            },
        };
        self.push(operation);
    }

    fn node(&mut self, node: &SyntaxNode) {
        use SyntaxKind as K;
        match node.kind() {
            K::Body => self.body(node),
            K::List | K::Arguments | K::Fields | K::Paren | K::Function | K::Type => {
                self.list(node)
            }
            K::Clause => self.clause(node),
            K::Select => self.select(node),
            K::CreateTable => {
                self.first_gap(node, Gap::Plain);
                self.children(node);
            }
            K::Insert | K::Update | K::Delete | K::AlterTable | K::CreateIndex | K::Case => {
                self.first_gap(node, Gap::Plain);
                self.push(Operation::Open(Style::Fill));
                self.indented(node);
                self.push(Operation::Close);
            }
            K::Error | K::File | K::Operation | K::SqlStep | K::Transaction | K::StoreList => {
                self.children(node);
            }
            _ => self.with_body(node),
        }
    }

    /// Writes the gap before a node now, so that it stands outside of what the node opens.
    fn first_gap(&mut self, node: &SyntaxNode, gap: Gap) {
        let first = significant(node);
        if self.gap_done {
            return;
        }
        let gap = match (gap, &first) {
            (Gap::Plain, Some(first)) => self.gap_of(first),
            (gap, _) => gap,
        };
        self.gap(gap, first.as_ref());
        self.gap_done = true;
    }

    fn indented(&mut self, node: &SyntaxNode) {
        self.push(Operation::Indent);
        self.children(node);
        self.push(Operation::Dedent);
    }

    /// A clause begins a line if it does not fit; its own lines are one level deeper.
    fn clause(&mut self, node: &SyntaxNode) {
        self.first_gap(node, Gap::Kept);
        self.push(Operation::Open(Style::Fill));
        self.push(Operation::Indent);
        let from = significant(node).is_some_and(|it| it.text().eq_ignore_ascii_case("from"));
        for child in node.children_with_tokens() {
            // A join stands where the clauses stand.
            let join = from && child.kind() == SyntaxKind::Clause;
            if join {
                self.push(Operation::Dedent);
            }
            self.element(&child);
            if join {
                self.push(Operation::Indent);
            }
        }
        self.push(Operation::Dedent);
        self.push(Operation::Close);
    }

    /// A query; its clauses stand under SELECT where it begins a line by itself.
    fn select(&mut self, node: &SyntaxNode) {
        let parent = node.parent().map(|parent| parent.kind());
        let gap = match parent {
            Some(
                SyntaxKind::Invariant
                | SyntaxKind::Answer
                | SyntaxKind::Insert
                | SyntaxKind::Paren
                | SyntaxKind::Select,
            ) => Gap::Kept,
            _ => Gap::Plain,
        };
        self.first_gap(node, gap);
        self.push(Operation::Open(Style::Fill));
        match parent {
            Some(
                SyntaxKind::Invariant | SyntaxKind::Paren | SyntaxKind::Insert | SyntaxKind::Select,
            ) => self.children(node),
            _ => self.indented(node),
        }
        self.push(Operation::Close);
    }

    /// `( … )`, what stands before the parenthesis included.
    fn list(&mut self, node: &SyntaxNode) {
        self.first_gap(node, Gap::Plain);
        let mut open = false;
        for child in node.children_with_tokens() {
            match child.kind() {
                SyntaxKind::OpenParen => {
                    self.push(Operation::Open(list_style(node)));
                    self.element(&child);
                    self.push(Operation::Indent);
                    open = true;
                }
                SyntaxKind::CloseParen if open => self.list_end(&child),
                _ => self.element(&child),
            }
        }
        if open {
            self.push(Operation::Close);
        }
    }

    fn list_end(&mut self, paren: &SyntaxElement) {
        let empty = self
            .last
            .as_ref()
            .is_some_and(|it| it.kind() == SyntaxKind::OpenParen);
        let gap = self.comments(if empty { Gap::Plain } else { Gap::End });
        self.push(Operation::Dedent);
        self.separate(gap, paren.as_token());
        self.gap_done = true;
        self.element(paren);
    }

    /// A block or a step: its header's lines are one level deeper, its body and its arguments are not.
    fn with_body(&mut self, node: &SyntaxNode) {
        self.first_gap(node, Gap::Plain);
        self.push(Operation::Indent);
        let guarded = node.kind() == SyntaxKind::GuardedStep;
        for child in node.children_with_tokens() {
            let apart = guarded
                || matches!(
                    child.kind(),
                    SyntaxKind::Body
                        | SyntaxKind::IfStep
                        | SyntaxKind::Arguments
                        | SyntaxKind::Fields
                );
            if apart && !child.kind().is_trivia() {
                self.push(Operation::Dedent);
            }
            if child.kind() == SyntaxKind::OnError {
                self.before_on_error();
            }
            self.element(&child);
            if apart && !child.kind().is_trivia() {
                self.push(Operation::Indent);
            }
        }
        self.push(Operation::Dedent);
    }

    /// `on error` follows a closing brace on its line, and begins a line behind a step.
    fn before_on_error(&mut self) {
        let behind_brace = self
            .last
            .as_ref()
            .is_some_and(|it| it.kind() == SyntaxKind::CloseBrace);
        if behind_brace {
            return;
        }
        let gap = self.comments(Gap::HardTight);
        self.separate(gap, None);
        self.gap_done = true;
    }

    /// `{ … }`, one member a line.
    fn body(&mut self, node: &SyntaxNode) {
        self.members(node);
    }

    /// The members of a body or a file. Those between BEGIN and COMMIT are one level deeper.
    fn members(&mut self, node: &SyntaxNode) {
        let mut level = 0;
        let mut first = true;
        for child in node.children_with_tokens() {
            match child.kind() {
                kind if kind.is_trivia() => self.element(&child),
                SyntaxKind::OpenBrace => {
                    self.element(&child);
                    self.push(Operation::Indent);
                }
                SyntaxKind::CloseBrace => {
                    self.close_brace(&child, level, first);
                    level = 0;
                }
                SyntaxKind::Semicolon => self.element(&child),
                _ => {
                    let gap = self.comments(match first && node.kind() == SyntaxKind::Body {
                        true => Gap::HardTight,
                        false => Gap::Hard,
                    });
                    if level > 0 && transaction(&child) == Some(false) {
                        self.push(Operation::Dedent);
                        level -= 1;
                    }
                    self.separate(gap, None);
                    self.gap_done = true;
                    self.element(&child);
                    if transaction(&child) == Some(true) {
                        self.push(Operation::Indent);
                        level += 1;
                    }
                    first = false;
                }
            }
        }
        (0..level).for_each(|_| self.push(Operation::Dedent));
    }

    fn close_brace(&mut self, brace: &SyntaxElement, level: usize, empty: bool) {
        let commented = self.trivia.iter().any(|it| it.kind().is_comment());
        let gap = match empty && !commented {
            true => {
                self.trivia.clear();
                None
            }
            false => Some(self.comments(Gap::HardTight)),
        };
        (0..=level).for_each(|_| self.push(Operation::Dedent));
        if gap.is_some() {
            self.separate(Gap::HardTight, None);
        }
        self.gap_done = true;
        self.element(brace);
    }
}

/// `gap` itself when it is tight, else what `hard` gives.
fn gap_or(gap: Gap, hard: impl FnOnce() -> Gap) -> Gap {
    if gap == Gap::HardTight { gap } else { hard() }
}

/// Whether a token clings to what stands before it.
fn closes(token: &SyntaxToken) -> bool {
    matches!(
        token.kind(),
        SyntaxKind::Comma | SyntaxKind::Semicolon | SyntaxKind::CloseParen
    )
}

fn list_style(node: &SyntaxNode) -> Style {
    let parent = node.parent().map(|parent| parent.kind());
    match node.kind() {
        SyntaxKind::Arguments | SyntaxKind::Fields => Style::Each,
        SyntaxKind::List if parent == Some(SyntaxKind::CreateTable) => {
            match begins_with_newline(node) {
                true => Style::Always,
                false => Style::Each,
            }
        }
        _ => Style::Fill,
    }
}

/// Whether the source ends the line behind the parenthesis.
fn begins_with_newline(node: &SyntaxNode) -> bool {
    let paren = node
        .children_with_tokens()
        .find(|it| it.kind() == SyntaxKind::OpenParen);
    let next = paren.and_then(|it| it.as_token().and_then(|it| it.next_token()));
    next.is_some_and(|it| it.kind() == SyntaxKind::Whitespace && it.text().contains('\n'))
}

/// Whether a token is the WHEN of an answer.
fn begins_condition(token: &SyntaxToken) -> bool {
    token.kind() == SyntaxKind::Keyword
        && token.text().eq_ignore_ascii_case("when")
        && token
            .parent()
            .is_some_and(|parent| parent.kind() == SyntaxKind::Answer)
}

/// Whether a token begins the statement behind its WITH.
fn behind_with(token: &SyntaxToken) -> bool {
    let before = std::iter::successors(token.prev_sibling_or_token(), |it| {
        it.prev_sibling_or_token()
    })
    .find(|it| !it.kind().is_trivia());
    let clause = before.and_then(|it| it.into_node());
    let clause = clause.filter(|it| it.kind() == SyntaxKind::Clause);
    let first = clause.and_then(|it| significant(&it));
    first.is_some_and(|it| it.text().eq_ignore_ascii_case("with"))
}

/// Whether a keyword is the AND of BETWEEN.
fn is_range(token: &SyntaxToken) -> bool {
    std::iter::successors(token.prev_sibling_or_token(), |it| {
        it.prev_sibling_or_token()
    })
    .any(|it| {
        let word = it.as_token().filter(|it| it.kind() == SyntaxKind::Keyword);
        word.is_some_and(|it| it.text().eq_ignore_ascii_case("between"))
    })
}

/// The first token of a node that is neither blank nor comment.
fn significant(node: &SyntaxNode) -> Option<SyntaxToken> {
    std::iter::successors(node.first_token(), |it| it.next_token())
        .find(|it| !it.kind().is_trivia())
}

/// Whether a step begins (`true`) or ends (`false`) a transaction.
fn transaction(element: &SyntaxElement) -> Option<bool> {
    let mut step = element.as_node()?.clone();
    if step.kind() == SyntaxKind::GuardedStep {
        step = step.first_child()?;
    }
    if step.kind() != SyntaxKind::SqlStep {
        return None;
    }
    let statement = step
        .first_child()
        .filter(|it| it.kind() == SyntaxKind::Transaction)?;
    let words: Vec<String> = statement
        .children_with_tokens()
        .filter(|it| it.kind() == SyntaxKind::Keyword)
        .map(|it| it.to_string().to_ascii_lowercase())
        .collect();
    match words.first()?.as_str() {
        "begin" | "start" => Some(true),
        "commit" | "end" | "abort" => Some(false),
        "rollback" if !words.iter().any(|word| word == "to") => Some(false),
        _ => None,
    }
}
