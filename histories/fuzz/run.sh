#!/bin/sh
# Runs fuzz targets, all of them or those that are named, each for so many seconds, one after the other:
#
#   histories/fuzz/run.sh [SECONDS=600] [TARGET…]
#
# and prints for each how often it was executed. What a target found is in artifacts/TARGET. Seeds are the
# histories of ../shared/corpus beside the repository, where it is present; they are copied below the target
# folder only. Wants cargo-fuzz and a nightly toolchain.
set -eu
seconds=${1:-600}
[ $# -eq 0 ] || shift
fuzz=$(cd "$(dirname "$0")" && pwd)
shared=$fuzz/../../../shared/corpus
work=${CARGO_TARGET_DIR:-$fuzz/target}/fuzz-seeds
cd "$fuzz/.."
# What is short is not read faster by several threads.
export RAYON_NUM_THREADS=1

# Fills a folder with the seeds of a target: what is short enough to be worth a mutation.
seed() {
    mkdir -p "$work/$1"
    find corpus -name '*.jsonl' -size -5k -exec cp {} "$work/$1" \; 2>/dev/null || true
    [ -f "$shared/index.jsonl" ] || { echo "no seeds: there is no $shared" >&2; return; }
    case $1 in
        jsonl) pattern='' field=plain ;;
        detect) pattern='' field=file ;;
        edn) pattern='"format":"\(jepsen-edn\|jepsen-edn-vec\)"' field=file ;;
        *) pattern="\"format\":\"$1\"" field=file ;;
    esac
    count=0
    grep "$pattern" "$shared/index.jsonl" | sed "s/.*\"$field\":\"\([^\"]*\)\".*/\1/" | while read -r file; do
        count=$((count + 1))
        # A folder of logs: one of them.
        [ ! -d "$shared/$file" ] || file=$file/$(ls "$shared/$file" | head -n 1)
        # Whole where it is short; the beginning alone is mostly an error.
        [ -n "$(find "$shared/$file" -size -5k)" ] && bytes=4096 || bytes=2048
        head -c "$bytes" "$shared/$file" >"$work/$1/seed-$count"
    done
}

targets=${*:-$(cargo +nightly fuzz list)}
for target in $targets; do
    seed "$target"
    log=$work/$target.log
    status=passed
    cargo +nightly fuzz run "$target" "$work/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=20 -print_final_stats=1 >"$log" 2>&1 || status=FAILED
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    echo "$target: $status, ${executions:-no} executions, log $log"
done
