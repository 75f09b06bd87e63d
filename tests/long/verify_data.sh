#!/usr/bin/env bash
# Every answer of a folder of problem sets, written in some thirty ways that people and models write it, must
# be right, and some twenty near misses of it must be wrong. Prints a line for each way and exits with 1 where
# the exceptions of either kind reach 0.5 %.
# verify_data.sh PROGRAM FOLDER [EXCEPTIONS.jsonl]
# FOLDER holds *.json (a list of {"answer": ...}) and *.jsonl (GSM8K's form too), at any depth. Needs python3.
set -euo pipefail
exec python3 "$(dirname "$0")/verify_data.py" "$@"
