#!/usr/bin/env bash
# Runs a peer of one of our parts beside it and prints one table: bench/peers/run.sh PART [...]
# Peers are installed by pip into an environment of their own, outside of this tree
# (DEEPSCALER_PEERS, otherwise a folder in the user's cache).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
part=${1:?usage: bench/peers/run.sh verify [...]}
shift

case "$part" in
  verify) exec "$here/verify.sh" "$@" ;;
  *)
    echo "run.sh: no peer for '$part'; known: verify" >&2
    exit 2
    ;;
esac
