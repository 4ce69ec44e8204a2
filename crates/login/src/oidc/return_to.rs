//! Where the browser goes after login: never away from here.

/// Longest path, in bytes.
const LONGEST: usize = 2048;

/// `text`, when it is a path on this site: `/…` in printable ASCII, and no form
/// that a browser may take for another host, such as `//…` or `/\…`.
#[must_use]
pub fn local_path(text: &str) -> Option<&str> {
    let plain = text.len() <= LONGEST
        && text.starts_with('/')
        && !text.starts_with("//")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !plain {
        return None;
    }
    // A second opinion, from an implementation of what browsers do.
    let here = url::Url::parse("https://here.invalid/").ok()?;
    let there = here.join(text).ok()?;
    let stays = there.origin() == here.origin() && !there.path().starts_with("//");
    stays.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_on_this_site_are_gone_to() {
        for good in [
            "/",
            "/studies",
            "/studies/1?tab=images&next=//x#top",
            "/login?to=https://elsewhere.example/",
            "/a//b",
            "/%2f%2felsewhere.example",
            "/@elsewhere.example",
        ] {
            assert_eq!(local_path(good), Some(good));
        }
        let long = format!("/{}", "a".repeat(LONGEST));
        for bad in [
            "",
            "studies",
            " /studies",
            "//elsewhere.example",
            "///elsewhere.example",
            "/\\elsewhere.example",
            "\\\\elsewhere.example",
            "/a\\..\\b",
            "/.//elsewhere.example",
            "/a/..//elsewhere.example",
            "/%2e//elsewhere.example",
            "/\t/elsewhere.example",
            "/\n/elsewhere.example",
            "/a\r\nSet-Cookie: x=y",
            "/a\0",
            "/a\u{7f}",
            "/a b",
            "/å",
            "/\u{2028}",
            "https://elsewhere.example/",
            "https:elsewhere.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "?a",
            "#a",
            long.as_str(),
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
