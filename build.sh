#!/usr/bin/env bash
# build.sh [TARGET...]: installs what the build needs, configures, and builds in release. Without a
# target only the program, build/deepscaler; `build.sh all` builds the tests and benchmarks too.
set -euo pipefail
cd "$(dirname "$0")"

mapfile -t packages < <(grep -v '^#' scripts/debian-packages.txt)
scripts/install-packages.sh "${packages[@]}"

if [[ ! -f build/CMakeCache.txt ]]; then
  echo "== configuring in build/"
  generator=()
  command -v ninja >/dev/null && generator=(-G Ninja)
  cmake --preset release "${generator[@]}"
fi

echo "== building ${*:-deepscaler}"
cmake --build build --parallel "${JOBS:-$(nproc)}" --target "${@:-deepscaler}"
