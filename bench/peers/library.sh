#!/usr/bin/env bash
# The Python package beside Math-Verify, from one script: the labelled pairs by the same calls, checks a second on one core and
# by eight threads, how long the interpreter is held, and a tower of powers.
#
#   bench/peers/run.sh library [answers.jsonl]
#
# answers.jsonl: lines with an "answer" each, for the rates; without it the labelled pairs are taken for them. The wheel is built
# from the library in build/ (./build.sh all).
environment library
"$here/../../python/build_wheel.sh" "$peers/wheels" "$(dirname "$deepscaler")/libdeepscaler_verify.so"
"$peers/library/bin/pip" install --quiet --no-index --no-deps --force-reinstall "$peers"/wheels/deepscaler_verify-*.whl
exec "$peers/library/bin/python" "$here/library.py" "$here/../../src/verify/labelled_pairs.txt" "$@"
