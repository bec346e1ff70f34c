//! Files that are no histories as they stand: what they are, and what to do about it.

/// What files of a kind begin with, what they are, and what makes a history of them.
const KINDS: &[(&[u8], &str, &str)] = &[
    (b"\x1f\x8b", "compressed with gzip", "zcat FILE | perjury check -"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "zstdcat FILE | perjury check -"),
    (b"\xfd7zXZ\0", "compressed with xz", "xzcat FILE | perjury check -"),
    (b"BZh", "compressed with bzip2", "bzcat FILE | perjury check -"),
    (b"\x04\x22\x4d\x18", "compressed with lz4", "lz4cat FILE | perjury check -"),
    (b"PK\x03\x04", "a zip archive", "unzip -p FILE NAME-INSIDE | perjury check -"),
    (b"\xff\xfe", "text in UTF-16", "iconv -f UTF-16 -t UTF-8 FILE | perjury check -"),
    (b"\xfe\xff", "text in UTF-16", "iconv -f UTF-16 -t UTF-8 FILE | perjury check -"),
    (b"JEPSEN", "Jepsen's binary test file", "name the history.edn or history.txt beside it"),
];

/// Where a tar archive says that it is one.
const TAR_AT: usize = 257;

/// What is wrong with a file that begins with these bytes and fits no format; none if it may be text. Where
/// its format was named, only what certainly is something else is wrong.
pub(super) fn problem(head: &[u8], is_named: bool) -> Option<String> {
    if let Some((_, what, remedy)) = KINDS.iter().find(|(beginning, _, _)| head.starts_with(beginning)) {
        return Some(format!("{what}, which is no history yet: {remedy}"));
    }
    if head.get(TAR_AT..).is_some_and(|rest| rest.starts_with(b"ustar")) {
        return Some(
            "a tar archive, which is no history yet: tar -xOf FILE NAME-INSIDE | perjury check -".to_owned(),
        );
    }
    let is_binary = head.contains(&0) || crate::format::text(head).is_none();
    (is_binary && !is_named).then(|| "binary, and in no binary format that is known".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_knows_by_its_first_bytes() {
        for (head, what) in [
            (
                &b"\x1f\x8b\x08\0"[..],
                "compressed with gzip, which is no history yet: zcat FILE | perjury check -",
            ),
            (b"\x28\xb5\x2f\xfd\0", "compressed with zstd"),
            (b"\xfd7zXZ\0\0", "compressed with xz"),
            (b"BZh9", "compressed with bzip2"),
            (b"PK\x03\x04", "a zip archive"),
            (b"\xff\xfe{\0", "text in UTF-16"),
            (b"JEPSEN\0", "Jepsen's binary test file"),
            (b"a\0b", "binary, and in no binary format that is known"),
            (b"\xc0", "binary"),
        ] {
            assert!(problem(head, false).is_some_and(|problem| problem.starts_with(what)), "{what}");
        }
        let mut tar = vec![b'x'; TAR_AT];
        tar.extend(b"ustar\0");
        assert!(problem(&tar, true).is_some_and(|problem| problem.starts_with("a tar archive")));
    }

    #[test]
    fn leaves_text_and_what_is_named_to_the_formats() {
        assert_eq!(problem(b"To be", false), None);
        assert_eq!(problem(b"a\0b", true), None);
        assert_eq!(problem(b"", false), None);
    }
}
