use super::*;

/// Reads a text and prints its value.
fn printed(text: &str) -> String {
    parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}")).to_string()
}

#[test]
fn reads_every_kind_of_value() {
    let text = Cow::Borrowed;
    for (source, expected) in [
        ("nil", Edn::Nil),
        ("true", Edn::Bool(true)),
        ("false", Edn::Bool(false)),
        ("-7", Edn::Integer(-7)),
        ("7N", Edn::Integer(7)),
        ("1234567890123456789012", Edn::Big(text("1234567890123456789012"))),
        ("1/2", Edn::Ratio(text("1/2"))),
        ("1.5e3", Edn::Float(1500.0)),
        ("##Inf", Edn::Float(f64::INFINITY)),
        ("##-Inf", Edn::Float(f64::NEG_INFINITY)),
        ("1.50M", Edn::Decimal(text("1.50"))),
        ("\\a", Edn::Character('a')),
        ("\"a b\"", Edn::Text(text("a b"))),
        ("can't", Edn::Symbol(text("can't"))),
        ("+", Edn::Symbol(text("+"))),
        ("-x", Edn::Symbol(text("-x"))),
        ("/", Edn::Symbol(text("/"))),
        ("clojure.core/+", Edn::Symbol(text("clojure.core/+"))),
        (":name.space/x?", Edn::Keyword(text("name.space/x?"))),
        (":1", Edn::Keyword(text("1"))),
        ("(1 2)", Edn::List(vec![Edn::Integer(1), Edn::Integer(2)])),
        ("[1[]]", Edn::Vector(vec![Edn::Integer(1), Edn::Vector(vec![])])),
        ("{:a nil}", Edn::Map(vec![(Edn::Keyword(text("a")), Edn::Nil)])),
        ("#{é}", Edn::Set(vec![Edn::Symbol(text("é"))])),
        ("#inst \"2026\"", Edn::Tagged(text("inst"), Box::new(Edn::Text(text("2026"))))),
    ] {
        assert_eq!(parse(source), Ok(expected), "{source}");
    }
    assert!(matches!(parse("##NaN"), Ok(Edn::Float(number)) if number.is_nan()));
}

#[test]
fn passes_over_white_space_commas_comments_and_discarded_values() {
    assert_eq!(printed("[1,,2\t3\r\n4 ; 5 ]\n ,6]"), "[1 2 3 4 6]");
    assert_eq!(printed("; first\n[#_1 2 #_ #_ 3 4 5 #_[6 #_7] #_ ;8\n 9]#_10 ; last"), "[2 5]");
    assert_eq!(printed("{:a #_0 1 #_:b}"), "{:a 1}");
    assert_eq!(printed("#tag #_1 2"), "#tag 2");
}

#[test]
fn needs_no_space_beside_brackets_and_quotes() {
    assert_eq!(printed(r#"[:a"b"1{2(3)}#{4}\c\d"e"]"#), r#"[:a "b" 1 {2 (3)} #{4} \c \d "e"]"#);
    assert_eq!(printed(r#"#a"b""#), "#a \"b\"");
}

#[test]
fn reads_tags_as_clojure_prints_them() {
    for text in [
        "#jepsen.history.Op {:index 0, :f :read}",
        "#object [clojure.core$future_call$reify__8454 4861471 \"x\"]",
        "#:name.space {:a 1}",
    ] {
        assert_eq!(printed(text), text);
    }
    assert_eq!(
        printed("#object[clojure.core$f__8 0x4a \"\\\"x\"]"),
        "#object [clojure.core$f__8 74 \"\\\"x\"]"
    );
}

#[test]
fn reads_every_escape() {
    let text = r#""\t\r\n\\\"\b\f\u0041\uD83D\uDE00\101\7é""#;
    assert_eq!(parse(text), Ok(Edn::Text("\t\r\n\\\"\u{8}\u{c}A😀A\u{7}é".into())));
    let text = r"[\newline \return \space \tab \backspace \formfeed \u0041 \o101 \é \u \o \( \\]";
    assert_eq!(printed(text), r"[\newline \return \space \tab \backspace \formfeed \A \A \é \u \o \( \\]");
}

#[test]
fn places_what_is_wrong() {
    for (text, offset, problem) in [
        ("", 0, "the text ends where a value should be"),
        (" #_1 ", 5, "the text ends where a value should be"),
        ("1 2", 2, "a second value"),
        ("[1 ]]", 4, "a second value"),
        ("  ]", 2, "a ] that closes nothing"),
        ("[1 [2 3]", 0, "the text ends, but this vector is not closed"),
        ("{1 #{2 3}", 0, "the text ends, but this map is not closed"),
        ("(1 #{2 3", 3, "the text ends, but this set is not closed"),
        ("(1 2", 0, "the text ends, but this list is not closed"),
        ("[1 2)", 4, ") closes a vector, which needs ]"),
        ("{:a 1 :b}", 8, "the last key of this map has no value"),
        ("#", 0, "the text ends after #"),
        ("[##inf]", 1, "##inf is none of ##Inf, ##-Inf and ##NaN"),
        ("[#<Object>]", 1, "#<Object> is no tag, which begins with a letter"),
        ("[#\"regex\"]", 1, "# is no tag, which begins with a letter"),
        ("[#tag]", 5, "a ] that closes nothing"),
        ("[::a]", 1, "::a is no keyword: expected a colon and a name, such as :read"),
        (
            "[:]",
            1,
            "a colon without a name: EDN puts none between a key and its value, and none before a space",
        ),
        ("[:a/]", 1, ":a/ is no keyword: expected a colon and a name, such as :read"),
        ("[12x]", 1, "12x is no number"),
        ("[@x]", 1, "@x is no value: a text stands in double quotes"),
        ("['x]", 1, "'x is no value: a text stands in double quotes"),
        ("[a/ ]", 1, "a/ is no value: a text stands in double quotes"),
        ("[\u{1}]", 1, "\\u{1} is no value: a text stands in double quotes"),
        ("[\"abc]", 1, "the text ends, but this string is not closed"),
        (r#"["a\q"]"#, 3, "\\q is no escape"),
        (r#"["a\u12"]"#, 3, "\\u needs four hexadecimal digits"),
        (r#"["a\uD83D"]"#, 3, "\\uD83D is half of a surrogate pair"),
        (r#"["a\uD83D\u0041"]"#, 3, "\\uD83D is half of a surrogate pair"),
        (r#"["a\uDE00"]"#, 3, "\\uDE00 is half of a surrogate pair"),
        (r#"["a\400"]"#, 3, "an octal escape above 377"),
        (r"[\newlin]", 1, "\\newlin is no character"),
        (r"[\uD800]", 1, "\\uD800 is no character"),
        (r"[\o400]", 1, "\\o400 is no character"),
        ("\\", 0, "the text ends in the middle of a character"),
        ("\"\\", 1, "the text ends in the middle of an escape"),
    ] {
        let found = parse(text).unwrap_err();
        assert_eq!((found.offset, found.problem.as_str()), (offset, problem), "{text}");
    }
}

#[test]
fn nests_as_deep_as_json_and_no_deeper() {
    for (opening, inner, closing, levels) in [
        ("[", "", "]", 1),
        ("{1 ", "2", "}", 1),
        ("#{(", "", ")}", 2),
        ("#t ", "1", "", 1),
        ("#_", "", " 1", 1),
    ] {
        // What is discarded leaves nothing.
        let value = if opening == "#_" { " 2" } else { "" };
        let text = |times: usize| format!("{}{inner}{}{value}", opening.repeat(times), closing.repeat(times));
        assert!(parse(&text(127 / levels)).is_ok(), "{opening}");
        for times in [128 / levels, 100_000] {
            let problem = parse(&text(times)).unwrap_err().problem;
            assert_eq!(problem, "nested more than 127 levels deep", "{opening}");
        }
    }
}

/// Everything that is wrong at a cut is wrong because of the cut, unless the text says that it ends there.
#[test]
fn waits_for_more_text_at_every_cut() {
    let text = r##"[nil 12 #inst "é\u0041\uD83D\uDE00\101" \newline #{:a} #_ 3 ##Inf {x 1.5M} ; é
        (1/2)]"##;
    assert!(parse(text).is_ok());
    for cut in (0..text.len()).filter(|&cut| text.is_char_boundary(cut)) {
        let problem = Cursor::new(&text[..cut], false).value().unwrap_err();
        assert!(problem.is_cut, "{}: {problem}", &text[..cut]);
    }
    for token in ["nil", "12", ":a", "\\a", "##Inf", "#", "#_", "; a"] {
        assert!(Cursor::new(token, false).value().unwrap_err().is_cut, "{token}");
    }
}
