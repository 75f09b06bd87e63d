#!/usr/bin/env bash
# The Python package from its wheel, in an environment that has nothing else: its own tests, all labelled pairs beside the
# command, and no library of the machine but those that every Linux has.
# wheel_test.sh PROGRAM LIBRARY SOURCES
set -euo pipefail
program=$1 library=$(realpath "$2") sources=$(realpath "$3")
source "$(dirname "$0")/program.sh"

status=0
"$sources/python/build_wheel.sh" wheels "$library" 2>build.err || status=$?
if [[ $status == 3 ]]; then
  echo "skipped: $(tail -n 1 build.err)"
  exit 77
fi
[[ $status == 0 ]] || fail "$(cat build.err)"
wheel=$(ls wheels/*.whl)
[[ $wheel == wheels/deepscaler_verify-*-py3-none-manylinux_*_x86_64.whl ]] || fail "the wheel is $wheel"
python3 -m venv clean
clean/bin/pip install --quiet --no-index "$wheel"

# Nothing of the trainer is in it, and all that it needs.
python3 -m zipfile -l "$wheel" | awk '{ print $1 }' | grep -v -E '^(File$|[^ ]*/$|deepscaler_verify/(__init__|_grade|_library|_math_verify)\.py|deepscaler_verify/(py\.typed|libdeepscaler_verify\.so)|deepscaler_verify-[0-9.]*\.dist-info/.*|deepscaler_verify\.libs/lib(antic|calcium|flint|flint-arb|fmt|gf2x|gmp|mpfr|ntl)-[^/]*)$' >others || true
[[ ! -s others ]] || fail "the wheel has $(cat others)"
installed=$(echo "$PWD"/clean/lib/python3*/site-packages/deepscaler_verify/libdeepscaler_verify.so)
env -i "$(command -v ldd)" "$installed" | sed 's/ (0x.*//' | grep -v -E "$PWD/clean/|^[[:space:]]*(linux-vdso|/lib64/ld-linux|lib(c|m|gcc_s|stdc\+\+|pthread)\.so)" >foreign || true
[[ ! -s foreign ]] || fail "it takes from the machine: $(cat foreign)"

export PYTHONDONTWRITEBYTECODE=1
(cd "$sources/python/tests" && env -u PYTHONPATH "$folder/clean/bin/python" -m unittest test_grade test_math_verify 2>&1) >tests.log ||
  fail "$(cat tests.log)"
clean/bin/python "$sources/python/tests/labelled.py" "$program" "$sources/src/verify/labelled_pairs.txt"
echo "all good"
