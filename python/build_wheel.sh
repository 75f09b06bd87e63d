#!/usr/bin/env bash
# Builds the wheel of deepscaler-verify with the libraries that it needs in it, for any Python 3 and every Linux
# whose glibc is at least as new as this machine's.
#   python/build_wheel.sh FOLDER [LIBRARY]
# The wheel goes into FOLDER. LIBRARY is a libdeepscaler_verify.so that is built already; without it, it is built here.
# The tools of build_tools.txt go into build-wheel/tools on first use. Where they can't be had, this exits with 3.
set -euo pipefail
output=$(realpath -m "$1")
library=${2:+$(realpath "$2")}
cd "$(dirname "$0")"

tools=../build-wheel/tools
if ! cmp -s build_tools.txt "$tools/installed.txt"; then
  if ! { python3 -m venv --clear "$tools" && "$tools/bin/pip" install --quiet --no-cache-dir -r build_tools.txt; }; then
    echo "python/build_tools.txt: these tools can't be installed; see pip's message above" >&2
    exit 3
  fi
  cp build_tools.txt "$tools/installed.txt"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
settings=()
[[ -z $library ]] || settings=(-C "cmake.define.DEEPSCALER_VERIFY_LIBRARY=$library" -C "build-dir=$work/build")
PATH="$(realpath "$tools")/bin:$PATH"
pip wheel --quiet --no-build-isolation --no-deps --wheel-dir "$work" "${settings[@]}" .
auditwheel repair --wheel-dir "$output" "$work"/*.whl >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
