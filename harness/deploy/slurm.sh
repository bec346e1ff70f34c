#!/usr/bin/env bash
# A chaos sweep as a Slurm job array: one shard a task, and a page of all of them once the last has ended.
#
#   harness/deploy/slurm.sh TASKS OUT [OPTIONS OF chaos…]
#   harness/deploy/slurm.sh 16 /shared/night --seeds 0..16000
#   harness/deploy/slurm.sh 16 /shared/night --seeds 0..1000000000 --duration 8h --store raft
#
# OUT is a folder that all machines see: it gets a journal a shard, run folders, and summary.md. A task that was
# killed goes on where it was when it is submitted again, with the same line. --seeds is needed, so that all shards
# share one first seed.
#
# PERJURY is the program (default: perjury on the PATH), CPUS the cores of a task (default: 2).
set -euo pipefail

usage() {
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 254
}

[[ $# -ge 2 && $1 =~ ^[1-9][0-9]*$ ]] || usage
tasks=$1 out=$2
shift 2
[[ " $* " == *" --seeds"* ]] || { echo "slurm.sh: --seeds A..B is needed: shards share their first seed" >&2; exit 254; }

perjury=${PERJURY:-perjury}
cpus=${CPUS:-2}
mkdir -p "$out/log"
options=$(printf ' %q' "$@")

array=$(sbatch --parsable --job-name=perjury-chaos --array="0-$((tasks - 1))" --cpus-per-task="$cpus" \
    --output="$out/log/shard-%a.log" \
    --wrap="exec $(printf '%q' "$perjury") chaos --shards $tasks --jobs $cpus --out $(printf '%q' "$out")$options")
merge=$(sbatch --parsable --job-name=perjury-merge --dependency="afterany:$array" --cpus-per-task=1 \
    --output="$out/log/merge.log" \
    --wrap="exec $(printf '%q' "$perjury") merge $(printf '%q' "$out")")
echo "shards: job $array; page: job $merge, $out/summary.md"
