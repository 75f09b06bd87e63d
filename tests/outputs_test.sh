#!/usr/bin/env bash
# Every command that writes, against everything that may be at its --output: what is there is gone on with or
# refused, never replaced; nothing is written over an input or among a run's files. outputs_test.sh PROGRAM RECIPES
set -euo pipefail
program=$1
recipes=$2
source "$(dirname "$0")/program.sh"

make_tiny_model
printf '%s\n' '{"prompt": "1+1="}' >prompts.jsonl
printf '%s\n' '{"problem": "1+1=", "answer": "2"}' >problems.jsonl
printf '%s\n' '{"prompt": "1+1=", "completion": "2"}' >examples.jsonl
"$program" generate --model $model --input prompts.jsonl --output generated.jsonl --max-response-tokens 4 2>/dev/null
printf '%s, ' {1..60} >text.txt
printf '%s\n' '{"answer": "5", "response": "\\boxed{5}"}' >graded.jsonl

# The commands that write a file, without --output; what the refusal of one that is there says to do.
declare -A command=(
  [generate]="generate --model $model --input prompts.jsonl --max-response-tokens 4"
  [score]="score --model $model --input generated.jsonl"
  [verify]="verify --input graded.jsonl"
  [problems]="problems --kind add --count 5"
  [report]="report run"
  [quantize]="quantize --model $model --type Q8_0"
  [imatrix]="imatrix --model $model --text text.txt --context 64"
  [eval]="eval --model $model --data problems.jsonl --max-response-tokens 4"
)
remove="remove it, or choose another --output"
declare -A remedy=(
  [generate]="give --resume to go on with it, or choose another --output" [score]=$remove [verify]=$remove
  [problems]=$remove [quantize]=$remove [imatrix]=$remove [eval]="name another --output"
  [report]="remove it, if it is no more than an earlier report, or choose another --output"
)
# Whether a file of this name is what the command writes.
declare -A ending=([quantize]=gguf [imatrix]=gguf)
declare -A input=([generate]=prompts.jsonl [score]=generated.jsonl [verify]=graded.jsonl [imatrix]=text.txt)

# stays FILE MESSAGE ARGUMENT...: refused with the message, and the file is as it was.
stays() {
  local file=$1 message=$2 before
  before=$(sha256sum <"$file")
  shift 2
  refuses 1 "deepscaler: $message" "$@"
  [[ $(sha256sum <"$file") == "$before" ]] || fail "'$*' changed $file"
}

mkdir -p folder.json sub locked
"$program" init --config "$recipes/tiny-model/config.json" --output mind 2>/dev/null
mkdir mind/inner
chmod a-w locked
echo "years of work" >thesis.json
ln -s thesis.json link.json
for name in "${!command[@]}"; do
  read -ra run <<<"${command[$name]}"
  stays thesis.json "thesis.json: is there already; ${remedy[$name]}" "${run[@]}" --output thesis.json
  stays thesis.json "link.json: is there already; ${remedy[$name]}" "${run[@]}" --output link.json
  stays thesis.json "sub/../thesis.json: is there already; ${remedy[$name]}" "${run[@]}" --output sub/../thesis.json
  refuses 1 "deepscaler: folder.json: is a folder, not a file; name a file in it" "${run[@]}" --output folder.json
  [[ $name == eval ]] || stays run/metrics.jsonl \
    "run/metrics.jsonl: is a place for the files of the run $folder/run alone; choose another --output" \
    "${run[@]}" --output run/metrics.jsonl
  [[ $name == eval ]] && first=new.samples.jsonl || first=new.json
  ln -sfn nowhere/else to-nothing.json
  refuses 1 "deepscaler: to-nothing.json: is a link to nowhere/else, which is not there; remove the link, or choose another --output" \
    "${run[@]}" --output to-nothing.json
  refuses 1 "deepscaler: mind/inner/$first: lies in the folder of the model $folder/mind; choose another --output" \
    "${run[@]}" --output mind/inner/new.json
  [[ $name == report ]] || refuses 1 "deepscaler: run/$first: lies in the folder of the run $folder/run; choose another --output" \
    "${run[@]}" --output run/new.json
  refuses 1 "deepscaler: run/checkpoints/$first: is a place for the files of the run $folder/run alone; choose another --output" \
    "${run[@]}" --output run/checkpoints/new.json
  refuses 1 "deepscaler: none/$first: can't open for writing: No such file or directory; check that the folder exists and is writable" \
    "${run[@]}" --output none/new.json
  touch "$first.tmp"
  refuses 1 "deepscaler: $first.tmp: is in the way: the file is written under this name first; remove it, if it is what a run that was cut off left, or choose another --output" \
    "${run[@]}" --output new.json
  rm "$first.tmp"
  program=./held refuses 1 "deepscaler: locked/$first: can't open for writing: Permission denied; check that the folder exists and is writable" \
    "${run[@]}" --output locked/new.json
  file=empty.${ending[$name]-json}
  : >$file # nothing is lost with it
  "$program" "${run[@]}" --output $file >/dev/null 2>err || fail "$name refuses an empty file: $(cat err)"
  rm -f empty.*
  [[ ! -v input[$name] ]] && continue
  file=${input[$name]}
  ln -sf "$file" sub/link && ln -sf "../$file" sub/link
  for output in "$file" "./sub/../$file" sub/link; do
    stays "$file" "$output: is the input too, which is read while this is written; choose another --output" \
      "${run[@]}" --output "$output"
  done
done

# What goes on with an earlier output goes on with its own alone.
read -ra run <<<"${command[generate]}"
stays prompts.jsonl "prompts.jsonl: is the input too, which is read while this is written; choose another --output" \
  "${run[@]}" --output prompts.jsonl --resume
stays thesis.json "thesis.json:1: is not JSON: it begins with 'years of work'; give JSON, or JSON Lines: an object {\"key\": value} a line" \
  "${run[@]}" --output thesis.json --resume
printf 'no line break' >draft.json
stays draft.json "draft.json: ends in a line that is no line of \`generate\`; use the same input and settings, or another --output" \
  "${run[@]}" --output draft.json --resume
cp draft.json notes.samples.jsonl
read -ra run <<<"${command[eval]}"
stays notes.samples.jsonl \
  "notes.samples.jsonl: ends in a line that is no line of an evaluation's samples; name another --output, or remove the file to begin anew" \
  "${run[@]}" --output notes.json
cp draft.json minutes.md
stays minutes.md "minutes.md: is there already; name another --output" "${run[@]}" --output minutes.json
"$program" "${run[@]}" --output again.json >/dev/null 2>&1
cp draft.json again.md
stays again.md "again.md: is there already; name another --output" "${run[@]}" --output again.json
cp problems.jsonl data.json
read -ra run <<<"eval --model $model --max-response-tokens 4 --data data.json"
stays data.json "data.json: is the input too, which is read while this is written; choose another --output" \
  "${run[@]}" --output data.json
for command in "quantize $model --type Q8_0" "imatrix --model $model --text text.txt --context 64"; do
  refuses 1 "deepscaler: model.bin: does not end in .gguf; name it FILE.gguf" $command --output model.bin
  refuses 1 "deepscaler: model: does not end in .gguf; name it FILE.gguf" $command --output model
done
refuses 1 "deepscaler: /dev/null: does not end in .json; name the report X.json; X.md and X.samples.jsonl are written beside it" \
  "${run[@]}" --output /dev/null
refuses 1 "deepscaler: again.txt: does not end in .json; name the report X.json; X.md and X.samples.jsonl are written beside it" \
  "${run[@]}" --output again.txt
"$program" report run --output page.html >/dev/null
"$program" report run --output page.html >/dev/null || fail "a report does not replace an earlier one"
"$program" report run --picture run/run.svg >/dev/null && "$program" export-run run --csv --output run/run.csv ||
  fail "what is about a run may lie in its folder"
echo "years of work" >run/report.html
stays run/report.html "run/report.html: is there already; ${remedy[report]}" report run
rm run/report.html
"$program" report run --picture run.svg >/dev/null
"$program" report run --picture run.svg >/dev/null || fail "a picture does not replace an earlier one"
echo "<svg>years of work</svg>" >drawing.svg
stays drawing.svg "drawing.svg: is there already; remove it, or choose another --picture" report run --picture drawing.svg
stays thesis.json "thesis.json: does not end in .svg; name the picture FILE.svg" report run --picture thesis.json
refuses 1 "deepscaler: run/eval/run.svg: is a place for the files of the run $folder/run alone; choose another --picture" \
  report run --picture run/eval/run.svg
refuses 2 "Run with --help for more information." report run --picture run.svg --output page.html
grep -qx -- "--output excludes --picture" err || fail "two outputs of a report: $(cat err)"

# Folders.
(echo 'eval.data = {kinds = ["add"], count = 2}' && cat tiny.toml) >evaluated.toml
mkdir full && echo "years of work" >full/thesis.txt
declare -A maker=(
  [init]="init --config $recipes/tiny-model/config.json" [convert]="convert $model" [train]="train tiny.toml"
  [sft]="sft --model $model --data examples.jsonl" [fetch]="fetch some/model"
  [data]="data pipeline.toml"
)
printf '[[step]]\nkind = "%s"\n' ingest write | sed '2a files = ["problems.jsonl"]' >pipeline.toml
export HF_ENDPOINT=http://127.0.0.1:9
declare -A full=(
  [init]="is there already and not empty" [convert]="is there already and not empty"
  [train]="is there already, not empty, and not a run's folder" [sft]="is there already, not empty, and not a run's folder"
  [data]="has files in it that are of no pipeline"
)
write="write: Permission denied; check that the folder is writable and has space left"
create="create: Permission denied; check the path"
declare -A shut=([init]=$write [convert]=$write [train]=$create [sft]=$create)
ln -s nowhere/else to-nothing
for name in "${!maker[@]}"; do
  read -ra run <<<"${maker[$name]}"
  refuses 1 "deepscaler: to-nothing: is a link to nowhere/else, which is not there; remove the link, or choose another --output" \
    "${run[@]}" --output to-nothing
  for file in /dev/null thesis.json; do
    refuses 1 "deepscaler: $file: is no folder, and the command makes one; choose another --output" "${run[@]}" --output $file
  done
  refuses 1 "deepscaler: thesis.json: is no folder, and the command makes one; choose another --output" \
    "${run[@]}" --output thesis.json/inner
  for owner in "run run" "model mind"; do
    refuses 1 "deepscaler: ${owner#* }/inner/mine: lies in the folder of the ${owner% *} $folder/${owner#* }; choose another --output" \
      "${run[@]}" --output ${owner#* }/inner/mine
  done
  refuses 1 "deepscaler: run/checkpoints/mine: is a place for the files of the run $folder/run alone; choose another --output" \
    "${run[@]}" --output run/checkpoints/mine
  [[ -v shut[$name] ]] && program=./held refuses 1 "deepscaler: locked/new: can't ${shut[$name]}" "${run[@]}" --output locked/new
  [[ -v full[$name] ]] && stays full/thesis.txt "full: ${full[$name]}; choose another --output" "${run[@]}" --output full
done

refuses 1 "deepscaler: run/seeds/seed-1: lies in the folder of the run $folder/run; choose another --output" \
  seeds evaluated.toml --seeds 1..2 --output run/seeds
refuses 1 "deepscaler: run/inner: lies in the folder of the run $folder/run; choose another --output" \
  fork run --at 0 --set seed=3 --output run/inner

# A run is never begun anew over records that it could not have lost.
read -ra run <<<"train tiny.toml --output run"
rm -r run/checkpoints/*
stays run/metrics.jsonl "run: all checkpoints of the run are gone, so it can't be gone on with; put one back, or choose another --output to begin a new run" \
  "${run[@]}"
rm run/checkpointed
refuses 1 "deepscaler: run: the run was begun with another recipe: seed = 7 (was 0); change it back, or choose another --output to begin a new run" \
  "${run[@]}" --set seed=7
"$program" "${run[@]}" >/dev/null 2>&1 || fail "a run that was killed before its first checkpoint does not begin anew"
echo "all good"
