#!/usr/bin/env bash
# The benchmark table of `perjury check`: user CPU seconds of the whole process, wall seconds and peak memory.
#
#   tests/benchmarks/check.sh [FOLDER]      histories are made in FOLDER, 3 GB of them (default /tmp/perjury-bench)
#
# It needs the generators in ../shared/bench (Python 3; generate.py here has some more) and GNU time; for the first
# row also ../shared/corpus.
set -euo pipefail
cd "$(dirname "$0")/../.."
unset RUSTFLAGS

shared=$(pwd)/../shared
folder=${1:-/tmp/perjury-bench}
[ -d "$shared/bench" ] || { echo "SKIPPED, NOTHING MEASURED: there is no $shared/bench" >&2; exit 1; }
[ -x /usr/bin/time ] || { echo "GNU time is missing: apt-get install time" >&2; exit 1; }
mkdir -p "$folder"
cargo build --release --quiet --package perjury --bin perjury
perjury=${CARGO_TARGET_DIR:-target}/release/perjury

# make NAME GENERATOR ARGUMENTS…: a history, once.
make() {
    local file=$folder/$1.jsonl generator=$shared/bench/$2
    [ -e "$generator" ] || generator=tests/benchmarks/$2
    shift 2
    [ -s "$file" ] || { python3 "$generator" "$@" >"$file.part" && mv "$file.part" "$file"; }
}

# row TITLE WANTED ARGUMENTS…: the best of three runs, by user CPU time.
row() {
    local title=$1 wanted=$2
    shift 2
    for _ in 1 2 3; do
        /usr/bin/time --quiet -f "%U %e %M" "$perjury" check --json "$@" 2>&1 >"$folder/out.json" | tail -1 ||
            true # the exit code is the verdict, which the table shows
    done | sort -n | head -1 | while read -r user wall memory; do
        python3 - "$title" "$wanted" "$user" "$wall" "$memory" "$folder/out.json" <<'PYTHON'
import json, sys
title, wanted, user, wall, memory, path = sys.argv[1:]
files = [json.loads(line) for line in open(path)]
verdicts = {}
for file in files:
    verdicts[file["verdict"]] = verdicts.get(file["verdict"], 0) + 1
parse, check = (sum(file[part] for file in files) / 1000 for part in ("parse_millis", "check_millis"))
verdict = ", ".join(f"{name} {count}" if len(files) > 1 else name for name, count in sorted(verdicts.items()))
print(f"| {title} | {wanted} | {user} s | {wall} s | {parse:.2f} + {check:.2f} s | {int(memory) / 1024:.0f} MB | {verdict} |", flush=True)
PYTHON
    done
}

one=(--checker linearizability)
make reg-10k gen_register.py reg --ops 10000 --procs 20
make reg-10k-info1 gen_register.py reg --ops 10000 --procs 20 --info 0.01
make reg-10k-info5 gen_register.py reg --ops 10000 --procs 20 --info 0.05
make reg-10k-30 gen_register.py reg --ops 10000 --procs 30
make reg-10k-40 gen_register.py reg --ops 10000 --procs 40
make reg-100k gen_register.py reg --ops 100000 --procs 10
make reg-100k-info1 gen_register.py reg --ops 100000 --procs 10 --info 0.01
make reg-1m gen_register.py reg --ops 1000000 --procs 10
make reg-1k-bad gen_register.py reg --ops 1000 --procs 10 --info 0.05 --bad 300
make unique-10k gen_register.py reg --ops 10000 --procs 10 --unique --mix 1,1,0
make unique-1m gen_register.py reg --ops 1000000 --procs 10 --unique --mix 1,1,0
make kv-1m gen_register.py kv --ops 1000000
make queue-1m gen_objects.py queue 1000000 20
make stack-1m gen_objects.py stack 1000000 20
make priority-queue-1m gen_objects.py priority-queue 1000000 20
make set-1m gen_objects.py set 1000000 20
make kv-unique-1m gen_register.py kv --ops 1000000 --unique --mix 1,1,0
make log-1m generate.py log 1000000
make log-1m-spoilt generate.py log 1000000 --spoil
make versioned-log-1m generate.py versioned-log 1000000
make replicas-1m generate.py replicas 1000000
make last-writer-1m generate.py last-writer 1000000
make set-full-200k generate.py set 200000

echo "| history | wanted | user CPU | wall | reading + checking, wall | peak memory | verdict |"
echo "|---|---|---|---|---|---|---|"
if [ -d "$shared/corpus" ]; then
    mapfile -t etcd < <(python3 - "$shared/corpus" <<'PYTHON'
import json, sys
for line in open(f"{sys.argv[1]}/index.jsonl"):
    entry = json.loads(line)
    if entry["format"] == "jepsen-log":
        print(f"{sys.argv[1]}/{entry['file']}")
PYTHON
    )
    row "the ${#etcd[@]} Jepsen etcd logs" "0.03 s" "${one[@]}" "${etcd[@]}"
fi
row "cas-register, 10,000 operations, 20 processes" "0.04 s, 20 MB" "${one[@]}" "$folder/reg-10k.jsonl"
row "the same with 1 % info" "0.15 s, 20 MB" "${one[@]}" "$folder/reg-10k-info1.jsonl"
row "the same with 5 % info" "1 s, 50 MB" "${one[@]}" "$folder/reg-10k-info5.jsonl"
row "10,000 operations, 30 processes" "0.3 s, 20 MB" "${one[@]}" "$folder/reg-10k-30.jsonl"
row "10,000 operations, 40 processes" "1 s, 50 MB" "${one[@]}" "$folder/reg-10k-40.jsonl"
row "100,000 operations, 10 processes" "0.1 s, 30 MB" "${one[@]}" "$folder/reg-100k.jsonl"
row "the same with 1 % info" "3 s, 200 MB" "${one[@]}" "$folder/reg-100k-info1.jsonl"
row "1,000,000 operations, 10 processes" "1 s, 200 MB" "${one[@]}" "$folder/reg-1m.jsonl"
row "1,000 operations, 5 % info, 300 corrupted reads" "0.04 s" "${one[@]}" "$folder/reg-1k-bad.jsonl"
row "unique-value register, 10,000 operations" "0.01 s" "${one[@]}" "$folder/unique-10k.jsonl"
row "unique-value register, 1,000,000 operations" "0.8 s" "${one[@]}" "$folder/unique-1m.jsonl"
row "100 keys, 20 processes, 1,000,000 operations" "checking 0.3 s, 300 MB" "${one[@]}" "$folder/kv-1m.jsonl"
row "queue, distinct values, 1,000,000 operations" "checking 1 s, 300 MB" "${one[@]}" "$folder/queue-1m.jsonl"
row "stack, distinct values, 1,000,000 operations" "checking 1 s, 300 MB" "${one[@]}" "$folder/stack-1m.jsonl"
row "priority queue, the same" "" "${one[@]}" "$folder/priority-queue-1m.jsonl"
row "set, the same" "" "${one[@]}" "$folder/set-1m.jsonl"
row "1,000,000 operations, every checker that fits" "" "$folder/reg-1m.jsonl"
for checker in causal causal-memory causal-convergence staleness sequential; do
    row "$checker, 100 registers, 1,000,000 operations" "" --checker $checker "$folder/kv-unique-1m.jsonl"
done
for checker in causal causal-memory causal-convergence; do
    row "$checker, sessions that lag behind one log, the same" "" --checker $checker "$folder/log-1m.jsonl"
    row "the same, one read spoilt" "" --checker $checker "$folder/log-1m-spoilt.jsonl"
done
row "causal-memory, replicas that disagree, the same" "" --checker causal-memory "$folder/replicas-1m.jsonl"
row "causal-convergence, the last writer wins, the same" "" --checker causal-convergence "$folder/last-writer-1m.jsonl"
row "sequential, by versions, the same" "" --checker sequential "$folder/versioned-log-1m.jsonl"
row "sequential, one read spoilt, the same" "" --checker sequential "$folder/log-1m-spoilt.jsonl"
for checker in integrity read-your-writes monotonic-reads writes-follow-reads-across-keys; do
    row "$checker, the same with versions" "" --checker $checker "$folder/versioned-log-1m.jsonl"
done
row "total-queue, 1,000,000 operations" "" --checker total-queue "$folder/queue-1m.jsonl"
row "set-full, 200,000 elements read 50 times" "" --checker set-full "$folder/set-full-200k.jsonl"
