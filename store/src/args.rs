//! What the command line may say.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};
use perjury_store::quorum::message::Level;

/// A replicated key-value store without a leader: any node takes any request.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Three nodes on one machine, each in a terminal of its own:

  P=n1=127.0.0.1:7001,n2=127.0.0.1:7002,n3=127.0.0.1:7003
  perjury-store serve --node n1 --listen 127.0.0.1:7001 --peers $P --data /tmp/n1
  perjury-store serve --node n2 --listen 127.0.0.1:7002 --peers $P --data /tmp/n2
  perjury-store serve --node n3 --listen 127.0.0.1:7003 --peers $P --data /tmp/n3

  perjury-store put greeting hello --peers $P
  perjury-store get greeting --peers $P

Exit codes: 0 done; 1 refused or failed, certainly without effect; 2 a write of unknown outcome: it may
have taken effect, or may yet; 254 the command line is wrong; 255 the program's own failure."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs a node, until it is interrupted or its disk fails.
    Serve(Serve),
    /// Reads a key and prints its value.
    Get {
        /// The key.
        key: String,
        /// How to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Writes a value.
    Put {
        /// The key.
        key: String,
        /// Its new value.
        value: String,
        /// How to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Deletes a key: writes a tombstone.
    Delete {
        /// The key.
        key: String,
        /// How to ask.
        #[command(flatten)]
        ask: Ask,
    },
    /// Prints everything that one node itself holds, as lines of JSON.
    Dump {
        /// Which node.
        #[arg(long)]
        node: String,
        /// All nodes: name=host:port, separated by commas.
        #[arg(long, value_delimiter = ',', required = true, value_name = "NAME=ADDRESS")]
        peers: Vec<Peer>,
        /// Time that each page may take.
        #[arg(long, default_value = "2s", value_parser = duration)]
        deadline: Duration,
    },
}

/// A node to run.
#[derive(Debug, ClapArgs)]
pub struct Serve {
    /// This node's name.
    #[arg(long)]
    pub node: String,
    /// Where to listen: host:port.
    #[arg(long)]
    pub listen: String,
    /// All nodes: name=host:port, separated by commas; the same list for each. This node may be left out.
    #[arg(long, value_delimiter = ',', required = true, value_name = "NAME=ADDRESS")]
    pub peers: Vec<Peer>,
    /// The node's own directory; created if need be.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// N: replicas of each key. The same for all nodes, like the two quorums.
    #[arg(long, default_value_t = 3)]
    pub replication: usize,
    /// R: replicas that answer a read at level quorum. With R + W > N a read meets every write.
    #[arg(long, default_value_t = 2)]
    pub read_quorum: usize,
    /// W: replicas that acknowledge a write at level quorum.
    #[arg(long, default_value_t = 2)]
    pub write_quorum: usize,
}

/// How a client asks.
#[derive(Debug, ClapArgs)]
pub struct Ask {
    /// All nodes: name=host:port, separated by commas.
    #[arg(long, value_delimiter = ',', required = true, value_name = "NAME=ADDRESS")]
    pub peers: Vec<Peer>,
    /// Replicas that must take part: one, the quorum, all, or majorities in two phases, which alone
    /// makes a key linearizable (and is never mixed with other levels on one key).
    #[arg(long, value_enum, default_value_t = Level::Quorum)]
    pub level: Level,
    /// Time that the answer may take.
    #[arg(long, default_value = "2s", value_parser = duration)]
    pub deadline: Duration,
    /// The node that coordinates; any if not named.
    #[arg(long)]
    pub node: Option<String>,
    /// Prints the answer as one line of JSON.
    #[arg(long)]
    pub json: bool,
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

/// Reads `2s`, `1.5s` or `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
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
    fn the_command_line_is_consistent() {
        <Args as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn reads_times_with_their_unit() {
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("20ms"), Ok(Duration::from_millis(20)));
        for wrong in ["", "5", "s", "ms", "0s", "-1s", "NaNs", "1e99s", "1m"] {
            assert!(duration(wrong).is_err(), "{wrong}");
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
