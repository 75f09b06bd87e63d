#!/usr/bin/env bash
# What the program says of itself: --version, and every command and option in the manual page and the completions.
# manual_test.sh PROGRAM
set -euo pipefail
program=$1
source "$(dirname "$0")/program.sh"

"$program" --version >version
for line in '^deepscaler [0-9]\+\.[0-9]\+\.[0-9]\+$' '^commit    \([0-9a-f]\{12\}+\?\|unknown\)$' '^verifier  [0-9.]*+[0-9a-f]\{12\}$' \
  '^kernels   .*\<baseline$' '^devices   cpu'; do
  grep -q "$line" version || fail "no line '$line': $(cat version)"
done

# options_of COMMAND...: its options as --help has them, one a line.
options_of() { "$program" "$@" --help | grep -o '^  -[-A-Za-z,]*' | tr -d ' ' | tr ',' '\n'; }
commands_of() { "$program" "$@" --help | sed -n '/^Subcommands:/,$s/^  \([-a-z]\+\) .*/\1/p'; }
commands_of >commands
[[ $(wc -l <commands) -ge 18 ]] || fail "only these commands: $(cat commands)"
{
  echo ""
  while read -r command; do
    echo "$command"
    commands_of "$command" | sed "s/^/$command /"
  done <commands
} >paths

"$program" manual >page
[[ $(grep -c '^\.SS' page) == $(($(wc -l <paths) - 1)) ]] || fail "the manual page has other sections than there are commands: $(grep '^\.SS' page)"
"$program" completion zsh >zsh
"$program" completion fish >fish
"$program" completion bash >bash
while read -r path; do
  read -ra words <<<"$path"
  section=${path:-OPTIONS}
  # The man page has a section for each command, with its options in it.
  awk -v section="$section" '/^\.S[HS] / { name = $0; sub(/^\.S[HS] (\\&)?(deepscaler )?/, "", name); gsub(/\\-/, "-", name); sub(/ [^a-z].*/, "", name); while (sub(/ (recipe|report|run|left|right|repository|model|shell|pipeline|folder|inputs)$/, "", name)); inside = name == section } inside' page >section
  [[ -s section ]] || fail "the manual page has no section '$section'"
  while read -r option; do
    grep -qF -- "\\fB\\&${option//-/\\-}\\fR" section || fail "the manual page has no $option for '$path'"
    grep -q -- "'$option\[" zsh || fail "zsh completes no $option of '$path'"
    if [[ $option == --* ]]; then
      grep -q -- " -l ${option#--} " fish || fail "fish completes no $option of '$path'"
    fi
  done < <(options_of "${words[@]}")
done <paths
bash -n bash
! man --version >/dev/null 2>&1 || [[ -z $(man --warnings -l page 2>&1 >/dev/null) ]] || fail "$(man --warnings -l page 2>&1 >/dev/null | head -n 3)"
[[ $(commands_of | tr '\n' ' ') == "$(bash -c 'source ./bash; COMP_WORDS=(deepscaler ""); COMP_CWORD=1; _deepscaler; printf "%s " "${COMPREPLY[@]}"' | sed 's/ -.*/ /')" ]] ||
  fail "bash completes other commands"

# complete WORD...: what bash offers for the last word.
complete() {
  bash -c 'source ./bash; COMP_WORDS=(deepscaler "$@"); COMP_CWORD=$#; _deepscaler; echo "${COMPREPLY[*]}"' - "$@"
}
[[ $(complete ver) == verify ]] || fail "ver: $(complete ver)"
[[ $(complete verify --ser) == --serve ]] || fail "verify --ser: $(complete verify --ser)"
[[ $(complete verify --extract "") == "boxed any" ]] || fail "verify --extract: $(complete verify --extract "")"
[[ $(complete bench d) == decode ]] || fail "bench d: $(complete bench d)"
[[ $(complete bench decode --mod) == --model ]] || fail "bench decode --mod: $(complete bench decode --mod)"
[[ -z $(complete verify --input "") ]] || fail "files are the shell's to complete: $(complete verify --input "")"
if command -v zsh >/dev/null; then zsh -n zsh || fail "zsh can't read its completions"; fi
if command -v fish >/dev/null; then
  fish -n fish || fail "fish can't read its completions"
  [[ $(fish -c 'source fish; complete -C "deepscaler verify --extract "' | tr '\n' ' ') == "any boxed " ]] || fail "fish: verify --extract"
fi
refuses 2 "Run with --help for more information." completion tcsh
echo "all good"
