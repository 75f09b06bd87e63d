#!/usr/bin/env bash
# Runs a peer and us in turn on the same work, prints one table and, last, `ratio N.NN` (but for the checks
# `convert`, `parquet`, `verify` and `library`).
#
#   bench/peers/run.sh NAME [options of that benchmark]      NAME is a file NAME.sh beside this one
#
# Peers live in an environment outside the tree (${DEEPSCALER_CACHE:-~/.cache/deepscaler}/peers), made
# on first use. Nothing of it is needed to build or run deepscaler itself.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

name=${1:-}
if [[ ! -f $here/$name.sh || $name == run || $name == environment ]]; then
  known=$(cd "$here" && ls ./*.sh | sed 's|^\./||; s|\.sh$||' | grep -vx -e run -e environment | paste -sd' ')
  echo "usage: bench/peers/run.sh NAME [options]; NAME is one of: $known" >&2
  exit 2
fi
shift
source "$here/environment.sh"
source "$here/$name.sh"
