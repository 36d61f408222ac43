//! Classes of tokens for the colours of an editor. They come from the tree, so a word is a keyword only where
//! it is one.

use crate::{Parse, Span, SyntaxKind, SyntaxToken};

/// What a stretch of text is, for the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenClass {
    /// A word of the grammar.
    Keyword,
    /// The name of a type.
    Type,
    /// A name that is declared here: a block, a command, a topic.
    Declaration,
    /// The name of a function in SQL.
    Function,
    /// Any other name.
    Name,
    /// `:name`
    Parameter,
    /// `'text'`
    String,
    /// Numbers, durations, ordinals.
    Number,
    /// `-- …` and `/* … */`
    Comment,
    /// Operators.
    Operator,
    /// Brackets, commas, semicolons, dots.
    Punctuation,
    /// What has no meaning in the language.
    Unknown,
}

impl TokenClass {
    /// A short name in lower case, for style sheets.
    pub fn as_str(self) -> &'static str {
        match self {
            TokenClass::Keyword => "keyword",
            TokenClass::Type => "type",
            TokenClass::Declaration => "declaration",
            TokenClass::Function => "function",
            TokenClass::Name => "name",
            TokenClass::Parameter => "parameter",
            TokenClass::String => "string",
            TokenClass::Number => "number",
            TokenClass::Comment => "comment",
            TokenClass::Operator => "operator",
            TokenClass::Punctuation => "punctuation",
            TokenClass::Unknown => "unknown",
        }
    }
}

impl Parse {
    /// The classes of all tokens but blanks, in order and without overlaps. Spans are bytes of the text.
    pub fn highlight(&self) -> Vec<(Span, TokenClass)> {
        self.syntax()
            .descendants_with_tokens()
            .filter_map(|element| element.into_token())
            .filter_map(|token| {
                let range = token.text_range();
                let span = Span::new(range.start().into(), range.end().into());
                class(&token).map(|class| (span, class))
            })
            .collect()
    }
}

/// The classes of all tokens of a text but blanks: [`Parse::highlight`] for those that have no parse at hand.
pub fn highlight(text: &str) -> Vec<(Span, TokenClass)> {
    crate::parse(text).highlight()
}

fn class(token: &SyntaxToken) -> Option<TokenClass> {
    let parent = token.parent().map(|parent| parent.kind());
    Some(match token.kind() {
        SyntaxKind::Whitespace => return None,
        SyntaxKind::LineComment | SyntaxKind::BlockComment => TokenClass::Comment,
        _ if parent == Some(SyntaxKind::Type) => TokenClass::Type,
        SyntaxKind::Keyword => TokenClass::Keyword,
        SyntaxKind::Word | SyntaxKind::QuotedWord => match parent {
            Some(SyntaxKind::Function) if is_first(token) => TokenClass::Function,
            Some(parent) if declares(parent) && is_second(token) => TokenClass::Declaration,
            _ => TokenClass::Name,
        },
        SyntaxKind::Parameter => TokenClass::Parameter,
        SyntaxKind::String => TokenClass::String,
        SyntaxKind::Integer | SyntaxKind::Decimal | SyntaxKind::Duration | SyntaxKind::Ordinal => {
            TokenClass::Number
        }
        SyntaxKind::Unknown | SyntaxKind::Hash => TokenClass::Unknown,
        kind if is_punctuation(kind) => TokenClass::Punctuation,
        _ => TokenClass::Operator,
    })
}

/// Nodes of the form `word NAME …` that declare NAME.
fn declares(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::Event
            | SyntaxKind::Database
            | SyntaxKind::Broker
            | SyntaxKind::Service
            | SyntaxKind::Relay
            | SyntaxKind::Client
            | SyntaxKind::Topic
            | SyntaxKind::Cache
            | SyntaxKind::Command
            | SyntaxKind::Saga
            | SyntaxKind::SagaStep
    )
}

fn is_punctuation(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::OpenParen
            | SyntaxKind::CloseParen
            | SyntaxKind::OpenBrace
            | SyntaxKind::CloseBrace
            | SyntaxKind::OpenBracket
            | SyntaxKind::CloseBracket
            | SyntaxKind::Comma
            | SyntaxKind::Semicolon
            | SyntaxKind::Dot
            | SyntaxKind::Colon
    )
}

/// How many tokens that are neither blank nor comment stand before it in its own node, up to 2.
fn position(token: &SyntaxToken) -> usize {
    std::iter::successors(token.prev_sibling_or_token(), |it| {
        it.prev_sibling_or_token()
    })
    .filter(|it| !it.kind().is_trivia())
    .take(2)
    .count()
}

fn is_first(token: &SyntaxToken) -> bool {
    position(token) == 0
}

fn is_second(token: &SyntaxToken) -> bool {
    position(token) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        highlight(text)
            .into_iter()
            .map(|(span, class)| format!("{} {}", class.as_str(), span.text(text)))
            .collect()
    }

    #[test]
    fn a_block_word_is_a_keyword_only_in_its_place() {
        let text = "service topic { command c(key text) { select key, count(*) from event; } }";
        assert_eq!(
            shown(text)[..9],
            [
                "keyword service",
                "declaration topic",
                "punctuation {",
                "keyword command",
                "declaration c",
                "punctuation (",
                "name key",
                "type text",
                "punctuation )"
            ]
        );
        assert!(shown(text).contains(&"function count".to_string()));
        assert!(shown(text).contains(&"name event".to_string()));
    }

    #[test]
    fn broken_text_keeps_its_comments_and_strings() {
        let shown = shown("service { 'a' 12 -- why\n ~");
        assert!(shown.contains(&"comment -- why".to_string()));
        assert!(shown.contains(&"string 'a'".to_string()));
        assert!(shown.contains(&"unknown ~".to_string()));
    }
}
