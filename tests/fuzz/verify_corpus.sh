#!/usr/bin/env bash
# verify_corpus.sh FOLDER: writes the labelled pairs as inputs of verify_fuzz, the reference in the first line.
set -euo pipefail
pairs=$(dirname "$0")/../../src/verify/labelled_pairs.txt
mkdir -p "$1"
awk -v folder="$1" '
  /^#/ || !/ (==|!=) / { next }
  {
    at = match($0, / (==|!=) /)
    file = sprintf("%s/line-%05d", folder, NR)
    printf "%s\n%s", substr($0, 1, at - 1), substr($0, at + 4) > file
    close(file)
  }' "$pairs"
