//! The content security policy: read from `web/content-security-policy.txt`, the one place where it is written.

/// The address that a page served by trunk needs besides: trunk's reload speaks over a web socket.
const RELOAD_SOURCE: &str = "ws:";

const TEXT: &str = include_str!("../../web/content-security-policy.txt");
const HEADER_ONLY: &str = "# header only";

/// Who serves the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Served {
    /// `trunk serve`, which reloads the page after a build.
    WithReload,
    /// Any server of a release.
    AsReleased,
}

/// The policy for a `<meta http-equiv>` tag, where some directives have no meaning.
pub(crate) fn for_meta_tag(served: Served) -> String {
    let text = TEXT.split_once(HEADER_ONLY).map_or(TEXT, |(meta, _)| meta);
    directives(text, served)
}

/// The policy for the header `Content-Security-Policy`.
pub(crate) fn for_header(served: Served) -> String {
    directives(TEXT, served)
}

fn directives(text: &str, served: Served) -> String {
    let lines = text.lines().map(str::trim);
    let directives = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    directives
        .map(|line| match (line.split(' ').next(), served) {
            (Some("connect-src"), Served::WithReload) => format!("{line} {RELOAD_SOURCE}"),
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_tag_leaves_out_what_only_a_header_may_say() {
        let meta = for_meta_tag(Served::AsReleased);
        assert!(meta.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"));
        assert!(!meta.contains("frame-ancestors"));
        assert!(for_header(Served::AsReleased).ends_with("; frame-ancestors 'none'"));
    }

    #[test]
    fn only_a_page_that_reloads_may_open_a_web_socket() {
        assert!(!for_header(Served::AsReleased).contains("ws:"));
        assert!(for_header(Served::WithReload).contains("connect-src 'self' ws:;"));
    }
}
