//! The kinds of tokens and nodes of the lossless tree, and the lexical rules, which are those of SQL.
//!
//! A word becomes a [`SyntaxKind::Keyword`] only where the parser took it as one: block words are contextual.

use logos::{Lexer, Logos};

/// Defines the enum together with the table that turns a raw number back into a kind without `unsafe`.
macro_rules! syntax_kinds {
    ($($(#[$meta:meta])* $kind:ident,)*) => {
        /// What a token or a node of the tree is.
        #[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum SyntaxKind { $($(#[$meta])* $kind,)* }

        const KINDS: &[SyntaxKind] = &[$(SyntaxKind::$kind,)*];
    };
}

syntax_kinds! {
    /// Blanks and line ends.
    #[regex(r"[ \t\r\n\x0B\x0C\u{FEFF}]+")]
    Whitespace,
    /// `-- …` up to the end of the line.
    #[regex(r"--[^\n]*", allow_greedy = true)]
    LineComment,
    /// `/* … */`, which nests as in SQL.
    #[token("/*", block_comment)]
    BlockComment,
    /// A word that is not used as a keyword.
    #[regex(r"[A-Za-z_\u{80}-\u{FEFE}\u{FF00}-\u{10FFFF}][A-Za-z0-9_$\u{80}-\u{FEFE}\u{FF00}-\u{10FFFF}]*")]
    Word,
    /// A word that the grammar gives a meaning at its place. Never made by the lexer.
    Keyword,
    /// `"quoted identifier"`
    #[regex(r#""([^"]|"")*""#, priority = 10)]
    QuotedWord,
    /// `"…` without its end.
    #[regex(r#""([^"]|"")*"#, priority = 1, allow_greedy = true)]
    OpenQuotedWord,
    /// `'text'`
    #[regex(r"'([^']|'')*'", priority = 10)]
    String,
    /// `'…` without its end.
    #[regex(r"'([^']|'')*", priority = 1, allow_greedy = true)]
    OpenString,
    /// `12`
    #[regex(r"[0-9]+", priority = 10)]
    Integer,
    /// `1.5`, `1e3`
    #[regex(r"[0-9]+\.[0-9]*([eE][+-]?[0-9]+)?", priority = 10)]
    #[regex(r"\.[0-9]+([eE][+-]?[0-9]+)?", priority = 10)]
    #[regex(r"[0-9]+[eE][+-]?[0-9]+", priority = 10)]
    Decimal,
    /// `50ms`, `1.5s`
    #[regex(r"[0-9]+(\.[0-9]+)?(us|ms|s|m|h)", priority = 12)]
    Duration,
    /// `3rd`
    #[regex(r"[0-9]+(st|nd|rd|th)", priority = 12)]
    Ordinal,
    /// `12abc`: a number that runs into a word.
    #[regex(r"[0-9]+(\.[0-9]+)?[A-Za-z_][A-Za-z0-9_]*", priority = 5)]
    JunkNumber,
    /// `:name`, `$1`
    #[regex(r":[A-Za-z_\u{80}-\u{FEFE}\u{FF00}-\u{10FFFF}][A-Za-z0-9_\u{80}-\u{FEFE}\u{FF00}-\u{10FFFF}]*")]
    #[regex(r"\$[0-9]+")]
    Parameter,
    /// `(`
    #[token("(")]
    OpenParen,
    /// `)`
    #[token(")")]
    CloseParen,
    /// `{`
    #[token("{")]
    OpenBrace,
    /// `}`
    #[token("}")]
    CloseBrace,
    /// `[`
    #[token("[")]
    OpenBracket,
    /// `]`
    #[token("]")]
    CloseBracket,
    /// `,`
    #[token(",")]
    Comma,
    /// `;`
    #[token(";")]
    Semicolon,
    /// `.`
    #[token(".")]
    Dot,
    /// `:`
    #[token(":")]
    Colon,
    /// `::`
    #[token("::")]
    DoubleColon,
    /// `=>`
    #[token("=>")]
    FatArrow,
    /// `->`
    #[token("->")]
    Arrow,
    /// `->>`
    #[token("->>")]
    DoubleArrow,
    /// `#>`
    #[token("#>")]
    PathArrow,
    /// `#>>`
    #[token("#>>")]
    PathDoubleArrow,
    /// `@>`
    #[token("@>")]
    Contains,
    /// `<@`
    #[token("<@")]
    ContainedBy,
    /// `?`
    #[token("?")]
    Question,
    /// `<->`
    #[token("<->")]
    BothWays,
    /// `+`
    #[token("+")]
    Plus,
    /// `-`
    #[token("-")]
    Minus,
    /// `*`
    #[token("*")]
    Star,
    /// `/`
    #[token("/")]
    Slash,
    /// `%`
    #[token("%")]
    Percent,
    /// `||`
    #[token("||")]
    Concatenate,
    /// `=`
    #[token("=")]
    Equal,
    /// `<>` or `!=`
    #[token("<>")]
    #[token("!=")]
    NotEqual,
    /// `<`
    #[token("<")]
    Less,
    /// `<=`
    #[token("<=")]
    LessOrEqual,
    /// `>`
    #[token(">")]
    Greater,
    /// `>=`
    #[token(">=")]
    GreaterOrEqual,
    /// `#`, which addresses an instance
    #[token("#")]
    Hash,
    /// A character that has no meaning in the language.
    Unknown,
    /// The end of the text; never in the tree.
    End,

    /// The whole text.
    File,
    /// What was skipped after an error.
    Error,
    /// `scenario 'title'`
    Scenario,
    /// `about 'text'`
    About,
    /// `event E(…);`
    Event,
    /// `database D kind { … }`
    Database,
    /// `broker B kind { … }`
    Broker,
    /// `service S … { … }`
    Service,
    /// `relay R …;`
    Relay,
    /// `client C … { … }`
    Client,
    /// `invariant '…' … select …;`
    Invariant,
    /// `fault …;`
    Fault,
    /// `explore …;`
    Explore,
    /// `design '…' { … }`
    Design,
    /// `without X;`
    Without,
    /// `lesson { … }`
    Lesson,
    /// `predict '…' { … }`
    Predict,
    /// `answer '…' …;`
    Answer,
    /// `layout { … }`
    Layout,
    /// `node x y;`
    Position,
    /// `owns a, b` or `uses a, b` in the header of a service
    StoreList,
    /// `{ … }`
    Body,
    /// A one-line member such as `workers 4;`
    Setting,
    /// `topic T …;`
    Topic,
    /// `cache C (field type, …) …;`
    Cache,
    /// `command C(…) { … }` or `query Q(…) { … }`
    Command,
    /// `on E from T { … }`
    Subscription,
    /// `every 1s { … }`
    Every,
    /// `on start { … }`
    Start,
    /// `saga NAME(…) state DB { … }`
    Saga,
    /// `step NAME { … }` in it
    SagaStep,
    /// `do { … }`, `undo { … }`
    SagaPart,
    /// An SQL statement as a step or member, with its semicolon.
    SqlStep,
    /// `call s.c(…);`
    CallStep,
    /// `publish E(…) to t;`
    PublishStep,
    /// `append E(…) to stream … expecting …;`
    AppendStep,
    /// `load stream … fold { … }`
    LoadStep,
    /// `on E { … }` of a fold
    FoldCase,
    /// `if … { … } else { … }`
    IfStep,
    /// `for each r in (…) { … }`
    ForEachStep,
    /// `single flight :key { … }`
    SingleFlightStep,
    /// `get c key :k …;`, `put c key :k (…) …;`, `delete c key :k;`
    CacheStep,
    /// A step with `on error …` behind it
    GuardedStep,
    /// `on error [CODE, …] { … }`
    OnError,
    /// `{ … }` as a step
    GroupStep,
    /// `retry N … { … }`
    RetryStep,
    /// `parallel { … }`
    ParallelStep,
    /// Any other step: `let`, `require`, `fail`, `reply`, `wait`.
    SimpleStep,
    /// `(name => expression, …)`
    Arguments,
    /// `(name type, …)` of an event or a command
    Fields,
    /// A parenthesised list of SQL: columns, values, definitions.
    List,
    /// `CREATE TABLE`
    CreateTable,
    /// `ALTER TABLE`
    AlterTable,
    /// `CREATE INDEX`, `DROP INDEX`
    CreateIndex,
    /// `INSERT`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
    /// `SELECT`
    Select,
    /// `BEGIN`, `COMMIT` and other transaction control
    Transaction,
    /// A clause of a statement: where a long statement is wrapped.
    Clause,
    /// A type as written.
    Type,
    /// An operator with its operands.
    Operation,
    /// A function with its arguments.
    Function,
    /// `( expression )` or `( select … )`
    Paren,
    /// `CASE … END`
    Case,
}

impl SyntaxKind {
    /// Whether it is a blank or a comment.
    pub fn is_trivia(self) -> bool {
        self <= SyntaxKind::BlockComment
    }

    /// Whether it is a comment.
    pub fn is_comment(self) -> bool {
        matches!(self, SyntaxKind::LineComment | SyntaxKind::BlockComment)
    }
}

/// Swallows a block comment, inner ones included; without its end it reaches to the end of the text.
fn block_comment(lexer: &mut Lexer<'_, SyntaxKind>) {
    let rest = lexer.remainder();
    lexer.bump(block_comment_end(rest).unwrap_or(rest.len()));
}

/// Where the comment ends whose opening `/*` stands before `rest`; `None` when it never does.
pub(crate) fn block_comment_end(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut depth, mut at) = (1_usize, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The language, as rowan wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tide {}

impl rowan::Language for Tide {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        KINDS
            .get(usize::from(raw.0))
            .copied()
            .unwrap_or(SyntaxKind::Unknown)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of the lossless tree.
pub type SyntaxNode = rowan::SyntaxNode<Tide>;
/// A token of the lossless tree.
pub type SyntaxToken = rowan::SyntaxToken<Tide>;
/// A node or a token of the lossless tree.
pub type SyntaxElement = rowan::SyntaxElement<Tide>;

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<SyntaxKind> {
        SyntaxKind::lexer(text)
            .map(|kind| kind.unwrap_or(SyntaxKind::Unknown))
            .filter(|kind| *kind != SyntaxKind::Whitespace)
            .collect()
    }

    #[test]
    fn numbers_durations_and_ordinals() {
        use SyntaxKind::*;
        assert_eq!(
            kinds("1 1.5 .5 1. 1e3 1.5e-3 50ms 2s 300us 1m 1.5s 3rd 12abc 1e 50msx"),
            [
                Integer, Decimal, Decimal, Decimal, Decimal, Decimal, Duration, Duration, Duration,
                Duration, Duration, Ordinal, JunkNumber, JunkNumber, JunkNumber
            ]
        );
    }

    #[test]
    fn strings_comments_and_operators() {
        use SyntaxKind::*;
        assert_eq!(
            kinds("'it''s' \"a\"\"b\" /* a /* b */ c */ -- end\n:x ::int <-> ->> => <> !="),
            [
                String,
                QuotedWord,
                BlockComment,
                LineComment,
                Parameter,
                DoubleColon,
                Word,
                BothWays,
                DoubleArrow,
                FatArrow,
                NotEqual,
                NotEqual
            ]
        );
        assert_eq!(kinds("'open '' x"), [OpenString]);
        assert_eq!(kinds("\"open"), [OpenQuotedWord]);
        assert_eq!(kinds("größe"), [Word]);
        assert_eq!(kinds("a ~ b"), [Word, Unknown, Word]);
    }
}
