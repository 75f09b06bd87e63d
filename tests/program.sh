# Sourced by the tests of the program from outside, with $program set: a folder of their own to work in, and what
# they check by.
program=$(realpath "$program")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# refuses EXIT_CODE "MESSAGE" ARGUMENT...: the program's exit code, and its last line on standard error.
refuses() {
  local code=$1 message=$2 status=0
  shift 2
  "$program" "$@" >out 2>err || status=$?
  [[ $status == "$code" ]] || fail "'$*' exited $status, not $code: $(cat err)"
  [[ $(tail -n 1 err) == "$message" ]] || fail "'$*' said '$(tail -n 1 err)', not '$message'"
}

# ./held is the program without root's right to pass over permissions: what is read-only is so for root too.
cat >held <<END
#!/bin/sh
[ "\$(id -u)" != 0 ] || exec setpriv --bounding-set=-dac_override,-dac_read_search "$program" "\$@"
exec "$program" "\$@"
END
chmod +x held

# Sets $model to the checkpoint of one step on the tiny model of the folder $recipes.
make_tiny_model() {
  cat >tiny.toml <<END
model.random = "$recipes/tiny-model"
prompt.text = "{problem}"
[[stage]]
kind = "sft"
steps = 1
data.kinds = ["sub"]
data.count = 8
END
  "$program" train tiny.toml --output run >train.log 2>&1 || fail "$(cat train.log)"
  model=$(dirname "$(find run/checkpoints -name config.json | head -n 1)")
}
