//! Scripts with recorded output, one behaviour in each: `store/src/raft/scripts/*.txt`.
//!
//! ```text
//! # What should happen, and why.
//!
//! cluster 3
//! (elect n1)
//! ask n1 put k=v
//! ---
//! #1 asks n1: put k=v, write 1 of session 1000000000002
//! ```
//!
//! Commands, a line `---`, and what came of them, up to an empty line. A command in brackets says nothing. To record
//! the output anew, and read the difference in version control:
//!
//! ```text
//! RECORD_SCRIPTS=1 cargo test --package perjury-store --lib raft::tests::script
//! ```
//!
//! Scripts also run with a [safeguard](crate::safeguards) switched off (`cluster 3 off=read_index`); only then may
//! an invariant break. The commands are listed in [`commands`].

mod commands;
mod words;

use std::path::PathBuf;

use commands::Stage;

/// Runs a script, and compares what it says, or records it.
fn plays(name: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/raft/scripts").join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let played = play(&text);
    if std::env::var_os("RECORD_SCRIPTS").is_some() {
        std::fs::write(&path, &played).expect("a script can be written");
    } else if played != text {
        let part = played.lines().zip(text.lines()).position(|(now, recorded)| now != recorded);
        let line = part.map_or(text.lines().count().min(played.lines().count()), |line| line) + 1;
        let there = |text: &str| text.lines().nth(line - 1).unwrap_or("(the end)").to_owned();
        panic!(
            "{name}.txt says something else from line {line} on.\nrecorded: {}\nnow:      {}\n\
             RECORD_SCRIPTS=1 records it anew.",
            there(&text),
            there(&played)
        );
    }
}

/// The script with the output that it has now.
fn play(text: &str) -> String {
    let mut stage = Stage::default();
    let mut played = String::new();
    let mut is_output = false;
    let mut output = Vec::new();
    for line in text.lines() {
        is_output &= !line.is_empty();
        if is_output {
            continue;
        }
        played.push_str(line);
        played.push('\n');
        if line == "---" {
            is_output = true;
            output.drain(..).for_each(|line: String| {
                played.push_str(&line);
                played.push('\n');
            });
        } else if !line.is_empty() && !line.starts_with('#') {
            output.extend(stage.command(line));
        }
    }
    assert!(output.is_empty(), "a line --- ends the commands");
    stage.finish();
    played
}

macro_rules! scripts {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            plays(stringify!($name));
        })*

        #[test]
        fn every_script_is_played() {
            let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/raft/scripts");
            let files = std::fs::read_dir(folder).expect("the folder of scripts can be read");
            let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
            let mut names: Vec<String> = names.collect();
            names.sort();
            let played = [$(concat!(stringify!($name), ".txt")),*];
            assert_eq!(names, played);
        }
    };
}

scripts! {
    append_after_truncation
    asynchronous_refuses_past_bound
    asynchronous_rolls_back
    check_quorum_steps_down
    commit_rebuilt_after_restart
    conflict_hint_skips_term
    damaged_node_does_not_count
    deadline_leaves_fate_unknown
    election_tie
    figure_8
    follower_waits_for_token
    leader_removes_itself
    leader_transfer
    learner_catch_up
    lease_ends_with_transfer
    lease_missed
    lease_read
    overlapping_change_refused
    pre_vote_refused
    read_index_waits
    removed_node_is_silent
    snapshot_install_chunked
    snapshot_interrupted
    snapshot_with_retry
    stale_candidate_refused
    stale_leader
    synchronous_refuses_without_standby
    uncommitted_removal_after_restart
    unheard_learner_not_promoted
    unsynced_vote_is_not_given
    vote_survives_restart
    votes_withheld_after_restart
    witness_fails_over
}
