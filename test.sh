#!/usr/bin/env bash
# test.sh [CTEST OPTION...]: builds everything, runs all tests and checks the format of the sources.
# `test.sh -R Config` runs the tests whose names contain "Config".
set -euo pipefail
cd "$(dirname "$0")"

# A browser, an MPI, ...: without them some tests are skipped.
mapfile -t packages < <(grep -v '^#' scripts/debian-packages-test.txt)
scripts/install-packages.sh "${packages[@]}" || echo "== not installed: ${packages[*]}"

./build.sh all

echo "== testing"
ctest --test-dir build --output-on-failure --parallel "${JOBS:-$(nproc)}" "$@"

# Versions of clang-format differ in details; this is the one that the sources are kept in.
format_version=14
formatter=$(command -v "clang-format-$format_version" || command -v clang-format || true)
if [[ -n $formatter ]] && "$formatter" --version | grep -q "version $format_version\."; then
  echo "== checking the format"
  git ls-files '*.h' '*.cc' | xargs "$formatter" --dry-run --Werror
else
  echo "== format not checked: clang-format $format_version is not installed"
fi
echo "== all good"
