#!/usr/bin/env bash
# A chaos sweep as a Slurm job array: one shard a task, and a page of all of them once the last has ended.
#
#   harness/deploy/slurm.sh TASKS OUT --seeds A..B [OPTIONS OF chaos…]
#   harness/deploy/slurm.sh 16 /shared/night --seeds 0..16000
#   harness/deploy/slurm.sh 16 /shared/night --seeds 0..1000000000 --duration 8h --store raft
#
# OUT is a folder that all machines see: it gets a journal a shard, run folders, summary.md, and what the tasks say in
# log/. A task whose machine was lost goes on where it was. So do tasks that were killed, once the same line is
# submitted again: it waits for those that still run. --seeds is needed, so that all shards share one first seed.
#
#   PERJURY   the program, where all machines see it [default: perjury on the PATH]
#   CPUS      the cores of a task [default: 2]
#   WAIT=1    waits for the page, and ends as it does: 0 valid, 1 a promise was broken, 2 nothing was decided
#
# Partition, account, memory and time limit go to sbatch by its own variables: SBATCH_PARTITION, SBATCH_ACCOUNT,
# SBATCH_MEM_PER_CPU, SBATCH_TIMELIMIT.
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; }
# 254 and 255, as perjury has them: what to mend is on the command line, or elsewhere.
refuse() { printf 'slurm.sh: %s\n' "$1" >&2; exit 254; }
fail() { printf 'slurm.sh: %s\n' "$1" >&2; exit 255; }

# Hands a command to sbatch: OPTIONS OF sbatch -- COMMAND. Its words reach the machine as they are.
submit() {
    local options=()
    while [[ $1 != -- ]]; do options+=("$1"); shift; done
    shift
    sbatch "${options[@]}" /dev/stdin "$@" <<<$'#!/bin/sh\nexec "$@"'
}

case ${1-} in -h | --help) usage; exit 0 ;; esac
[[ $# -ge 2 ]] || { usage >&2; exit 254; }
tasks=$1 out=$2 cpus=${CPUS:-2}
shift 2
[[ $tasks =~ ^[1-9][0-9]*$ ]] || refuse "TASKS is '$tasks': say how many shards there are, such as 16"
[[ $cpus =~ ^[1-9][0-9]*$ ]] || refuse "CPUS is '$cpus': say how many cores a task has, such as 2"
[[ " $*" == *" --seeds"[\ =]* ]] || refuse "--seeds A..B is needed: all shards share their first seed"
perjury=$(command -v "${PERJURY:-perjury}") ||
    refuse "there is no program ${PERJURY:-perjury}: cargo build --release, then PERJURY=target/release/perjury"
command -v sbatch >/dev/null ||
    refuse "there is no sbatch: run this where jobs are submitted (Debian: apt install slurm-client)"
mkdir -p "$out/log" || refuse "cannot make $out/log: take a folder that can be written, and that all machines see"
out=$(cd "$out" && pwd)
log=${out//%/%%}/log # In names of logs % is special.

# singleton: never two tasks of one shard, for the job is named by its folder.
shards=$(submit --parsable --job-name="perjury-chaos $out" --dependency=singleton --array="0-$((tasks - 1))" \
    --cpus-per-task="$cpus" --requeue --open-mode=append --output="$log/shard-%a.log" \
    -- "$perjury" chaos --shards "$tasks" --jobs "$cpus" --out "$out" "$@") ||
    fail "sbatch took no job: it says why above"
shards=${shards%%;*} # Where there are several clusters, theirs follows.
echo "shards: job $shards; the page of all: $out/summary.md"

code=0
page=$(submit --parsable ${WAIT:+--wait} --job-name="perjury-merge $out" --dependency="afterany:$shards" \
    --cpus-per-task=1 --requeue --output="$log/merge.log" -- "$perjury" merge "$out") || code=$?
[[ -n $page ]] || fail "sbatch took the shards, and not the page: once they have ended, $perjury merge $out"
exit "$code"
