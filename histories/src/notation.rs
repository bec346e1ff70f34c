//! The one-line form of a history, for tests and reports.
//!
//! A history is a row of terms with white space between them. The first form is an operation that
//! nothing interrupts; `process:function(key,value)`, then how it ended:
//!
//! ```text
//! 0:write(x,1)            process 0 writes 1 to key x: an invocation, and at once its ok
//! 1:read(x)=1             process 1 reads key x, ok, the result is 1
//! 1:read(x)=1@3           … and it is version 3 (or @3.0.2) of the key
//! 2:read(x)=null          … and it was never written (null with a version: it was deleted)
//! 0:cas(x,[1,2]):fail     a compare-and-set that certainly did not happen
//! 0:write(x,2):info       a write that may have happened
//! ```
//!
//! For concurrency an operation is written in two parts, `?` after the invocation, and later only the
//! process with the outcome:
//!
//! ```text
//! 0:write(x,1)?  1:read(x)?  0:ok  1:ok=1@3        two overlapping operations
//! 0:write(x,1)?  1:read(x)=1                       a write that never returns
//! ```
//!
//! What the parts may be:
//!
//! ```text
//! 0:add(_,5)              no key: _ in its place
//! 0:read()=[1,2]          neither key nor value
//! 0s7:read(x)=1           process 0 of session 7
//! 0:read!(x)=1            a final read
//! 0:read(x)/n2=1          node n2 served it
//! nemesis:partition(_,{"state":"start"})   nemesis:healed()   nemesis:acknowledge(x)/n1@3
//!                         notes of the nemesis: one event each, of type info
//! ..0:read(x)=1           a lone completion: its invocation is not in the history
//! ?:add(_,5)              a lone completion of a process that is not known
//! #12                     the next event has index 12; else each has the one after the last, from 0
//! ```
//!
//! Values are JSON. Outside arrays and objects a string that is a word (a letter, then letters, digits,
//! `_` and `-`) needs no quotes, unless it is `null`, `true` or `false`. Functions and nodes are words or
//! quoted strings, keys also integers.
//!
//! A completion takes over what it does not say: function, key, session, node and finality of its
//! invocation, and also its value, as is the custom (`0:write(x,1)` is ok with value 1, `0:read(x)` with
//! null).
//!
//! As a grammar:
//!
//! ```text
//! history    = { term }                     white space between terms and, at will, around arguments
//! term       = operation | invocation | completion | note | lone | "#" number
//! operation  = client call [ ending ] result                no ending: ":ok"
//! invocation = client call "?"
//! completion = client ending [ "/" node ] result            of what this process has open
//! note       = "nemesis" call [ "@" version ]
//! lone       = ( ".." client | "?" [ "s" number ] ) call [ ending ] result
//! client     = number [ "s" number ]                        process, session
//! call       = ":" function [ "!" ] "(" [ key [ "," value ] ] ")" [ "/" node ]
//! ending     = ":ok" | ":fail" | ":info"
//! result     = [ "=" value ] [ "@" version ]
//! key        = "_" | integer | word | quoted string
//! version    = integer { "." integer }
//! ```
//!
//! [`print()`] writes a history so that [`parse`] gives it back, as far as this form can say it: it has no
//! times and no errors, and completions share function, key, session and finality with their
//! invocations.

mod cursor;
mod parse;
mod print;

pub use parse::parse;
pub use print::print;

/// Whether a word may contain this; it must begin with a letter.
fn is_in_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One history in which every part of the notation occurs, written as `print` writes it.
    const EVERYTHING: &str = concat!(
        "0:write(x,1) 1:read(x)=1@3 1:read(x)=1@3.0.-2 2:read(x)=null 0:cas(x,[1,2]):fail 0:write(x,2):info ",
        "3:write(x,1)? 4:read(x)? 3:ok 4:ok=1@3 3:write(x,1)? 4:read(x):fail 3:info=7 ",
        "0:add(_,5) 0:read()=[1,2] 0s7:read(x)=1 0:read!(x)=1 0:read(x)/n2=1 4:read(x)/n1? 4:ok/n2=1 ",
        "4s7:read(x)? 4s8:ok=1 ",
        r#"nemesis:partition(_,{"nodes":["n1"],"state":"start"}) nemesis:healed() "#,
        "nemesis:acknowledge(x)/n1@3 ",
        r#"..0:read(x,1) ..0:read(x,1):info ?:add(_,2)@1 ?s3:add(_,2) #100 0:read(-12)="-12" "#,
        r#"0:"my f"("12",word-1)="two words" 0:""("_","null")=null 3:write(x,1)?"#,
    );

    #[test]
    fn prints_what_it_parsed() {
        assert_eq!(print(&parse(EVERYTHING).unwrap()), EVERYTHING);
    }
}
