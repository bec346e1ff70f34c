//! Whom a client asks, and how.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use perjury_store::quorum::message::Level;

use super::FamilyName;

/// The cluster, and how long it may take.
#[derive(Debug, Args)]
pub struct Cluster {
    /// All nodes: name=host:port, separated by commas.
    #[arg(long, value_delimiter = ',', required = true, value_name = "NAME=ADDRESS")]
    pub peers: Vec<Peer>,
    /// The family of the store; if not given, the nodes are asked.
    #[arg(long, value_enum)]
    pub family: Option<FamilyName>,
    /// Time that the answer may take.
    #[arg(long, default_value = "2s", value_parser = duration)]
    pub deadline: Duration,
}

/// How a client asks.
#[derive(Debug, Args)]
pub struct Ask {
    /// All nodes.
    #[command(flatten)]
    pub cluster: Cluster,
    /// The node to ask; any if not named. Family raft: for reads and status only, since all else goes to the
    /// leader.
    #[arg(long)]
    pub node: Option<String>,
    /// Prints the answer as one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// How many replicas take part, in a store without a leader.
#[derive(Debug, Args)]
pub struct AtLevel {
    /// Family quorum: replicas that must take part: one, the quorum, all, or majorities in two phases, which
    /// alone makes a key linearizable, and is never mixed with other levels on one key [default: quorum].
    #[arg(long, value_enum)]
    pub level: Option<Level>,
}

/// What a writer has read, in a store that keeps siblings.
#[derive(Debug, Args)]
pub struct Over {
    /// Family quorum, mode siblings: the context that a read has printed. What was read with it is written over, and
    /// nothing else; without it, the value goes beside what there is.
    #[arg(long, value_name = "HEX")]
    pub context: Option<Context>,
}

/// A context: bytes, written as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context(pub Vec<u8>);

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Context {
    type Err = String;

    fn from_str(text: &str) -> Result<Context, String> {
        let wrong = || "a context is what a read has printed: hexadecimal digits".to_owned();
        if !text.len().is_multiple_of(2) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong());
        (0..text.len()).step_by(2).map(byte).collect::<Result<_, _>>().map(Context)
    }
}

/// A node's name and address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// host:port.
    pub address: String,
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Peer, String> {
        match text.split_once('=') {
            Some((name, address)) if !name.is_empty() && address.contains(':') => {
                Ok(Peer { name: name.to_owned(), address: address.to_owned() })
            }
            _ => Err("a node is written name=host:port, as in n1=127.0.0.1:7001".to_owned()),
        }
    }
}

/// A node's name, and the data centre that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCentre {
    /// Its name.
    pub name: String,
    /// The data centre's.
    pub centre: String,
}

impl FromStr for NodeCentre {
    type Err = String;

    fn from_str(text: &str) -> Result<NodeCentre, String> {
        match text.split_once('=') {
            Some((name, centre)) if !name.is_empty() && !centre.is_empty() => {
                Ok(NodeCentre { name: name.to_owned(), centre: centre.to_owned() })
            }
            _ => Err("a node's data centre is written name=centre, as in n1=eu".to_owned()),
        }
    }
}

/// Reads `2s`, `1.5s` or `500ms`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s').unwrap_or(""), 1.0),
    };
    let seconds = number.parse::<f64>().ok().map(|number| number * unit);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "a time is written 2s, 1.5s or 500ms".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_with_their_unit() {
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("20ms"), Ok(Duration::from_millis(20)));
        for wrong in ["", "5", "s", "ms", "0s", "-1s", "NaNs", "1e99s", "1m"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reads_the_context_that_it_prints() {
        let context = Context(vec![0, 1, 0xfe]);
        assert_eq!((context.to_string().as_str(), "0001fe".parse()), ("0001fe", Ok(context)));
        for wrong in ["0", "0g", "+1", "é"] {
            assert!(wrong.parse::<Context>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn reads_peers_and_says_how_to_write_them() {
        let peer = Peer { name: "n1".to_owned(), address: "[::1]:7001".to_owned() };
        assert_eq!("n1=[::1]:7001".parse(), Ok(peer));
        for wrong in ["", "n1", "=127.0.0.1:7001", "n1=7001"] {
            assert!(wrong.parse::<Peer>().unwrap_err().contains("name=host:port"), "{wrong}");
        }
    }
}
