#!/usr/bin/env bash
# The code of docs/library/*.md with the packages it is for: TRL, lm-eval, lighteval, verifiers and verl in the versions that the pages name,
# beside the wheel. The environments take 4 GB and some minutes of downloads on first use.
# library.sh BUILD [ENVIRONMENTS]     the latter is a folder to keep them in (build-wheel/trainers otherwise)
set -euo pipefail
build=$(realpath "$1")
sources=$(realpath "$(dirname "$0")/../..")
environments=$(realpath -m "${2:-$sources/build-wheel/trainers}")
program=$build/deepscaler
source "$sources/tests/program.sh"

# environment NAME PIP-ARGUMENT...: makes it unless it is there with just these packages, and puts the wheel of now into it.
environment() {
  local place=$environments/$1
  if [[ $(cat "$place/installed.txt" 2>/dev/null) != "${*:2}" ]]; then
    echo "installing ${*:2} into $place"
    python3 -m venv --clear "$place"
    "$place/bin/pip" install --quiet --no-cache-dir "${@:2}" 2>"$place/log" || fail "$(tail -n 3 "$place/log")"
    echo "${*:2}" >"$place/installed.txt"
  fi
  "$place/bin/pip" install --quiet --no-index --no-deps --force-reinstall wheels/*.whl
  python=$place/bin/python
}
# run SCRIPT ARGUMENT...: with the environment's Python, in this folder, whose files it may import.
run() { PYTHONPATH=$folder "$python" "$@" 2>err || fail "$(tail -n 5 err)"; }
# code LANGUAGE PAGE: the code in a page.
code() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" "$sources/docs/library/$2.md"; }

"$sources/python/build_wheel.sh" wheels "$build/libdeepscaler_verify.so"
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false CUDA_VISIBLE_DEVICES= PYTHONWARNINGS=ignore

environment trl torch trl==1.16.0 lm-eval==0.4.13
code python python >package.py
"$python" package.py >printed
diff printed - <<'END2' || fail "the code of python.md prints other lines"
Verdict(correct=True, undecided=False, reason='equal', extracted='0.5')
right same_text
wrong different
nobody can tell unparsable_reference
END2

code python trl >trl_reward.py
"$program" init --config "$sources/recipes/tiny-model/config.json" --output model --seed 3 2>/dev/null
run "$sources/tests/long/library/try_trl.py" model

code python lm-eval >checked.py
code yaml lm-eval >checked_math.yaml
run "$sources/tests/long/library/try_lm_eval.py"

environment lighteval torch lighteval==0.13.0
code python lighteval >checked_tasks.py
run "$sources/tests/long/library/try_lighteval.py"

environment verifiers verifiers==0.4.0
code python verifiers >math_taskset.py
run "$sources/tests/long/library/try_verifiers.py"

environment verl torch verl==0.9.1
code python verl >reward.py
run "$sources/tests/long/library/try_verl.py"
echo "all good"
