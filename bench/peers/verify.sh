#!/usr/bin/env bash
# The verifier beside Math-Verify: agreement with the labels of our labelled pairs, and checks per second
# on one core over the answers of a problem set.
#
#   bench/peers/run.sh verify [--disagreements OUT.jsonl] [answers.json]
#   bench/peers/run.sh verify --sets-disagreements OUT.jsonl FILE...
#                                                where the two differ on whole problem sets
#   bench/peers/run.sh verify --sets FILE...     our verdicts alone: each answer with itself, with its common
#                                                rewritings and with another problem's
#
# answers.json: a list of objects (or JSON lines) with an "answer", MATH's training set for instance; without it only
# the labelled pairs are graded. DEEPSCALER names the program (build/deepscaler otherwise).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
peers=${DEEPSCALER_CACHE:-$HOME/.cache/deepscaler}/peers/math-verify
program=${DEEPSCALER:-$root/build/deepscaler}

if [[ ! -x "$peers/bin/python" ]]; then
  python3 -m venv "$peers"
  "$peers/bin/pip" install --quiet "math-verify==0.9.0"
fi
exec "$peers/bin/python" "$here/verify.py" "$program" "$root/src/verify/labelled_pairs.txt" "$@"
