#!/usr/bin/env bash
# The archive that cpack makes, on a machine that has the C library and nothing else: unpacked into an empty root, where the
# program is run by chroot. Takes half a minute; needs root, or user namespaces.
# archive.sh BUILD
set -euo pipefail
build=$(realpath "$1")
program=/bin/true
source "$(dirname "$0")/../program.sh"

cpack --config "$build/CPackConfig.cmake" -G TGZ -B packages >cpack.log 2>&1 || fail "$(cat cpack.log)"
archive=$(ls packages/*.tar.gz)
mkdir -p root/tmp root/lib64 root/lib/x86_64-linux-gnu
tar -xf "$archive" -C root
folder=/$(basename "$archive" .tar.gz)
[[ -x root$folder/bin/deepscaler ]] || fail "$archive has no $folder/bin/deepscaler"

# glibc, by its package; its loader stands where programs look for it.
for file in $(dpkg -L libc6 | grep -E '\.so(\.[0-9]+)*$'); do
  [[ ! -f $file || $file == */gconv/* ]] || cp -L "$file" root/lib/x86_64-linux-gnu/
done
cp root/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 root/lib64/
mkdir root/proc # by which the loader finds the program's folder, as programs and containers everywhere have it
as_root=()
[[ $(id -u) == 0 ]] || as_root=(--map-root-user)
inside() {
  unshare --mount "${as_root[@]}" bash -c 'mount --rbind /proc root/proc && exec env -i "$(command -v chroot)" root "$@"' \
    - "$folder/bin/deepscaler" "$@"
}

inside --version >version || fail "the program does not start"
cat version
inside verify --explain '\sqrt{8}' '\boxed{2\sqrt2}' | grep -q "^verdict    correct$" || fail "verify"
inside problems --kind add --split train --seed 1 --count 3 >problems || fail "problems"
[[ $(wc -l <problems) == 3 ]] || fail "problems: $(cat problems)"
cat >root/tiny.toml <<END2
model.random = "$folder/share/deepscaler/recipes/tiny-model"
prompt.text = "{problem}"
[[stage]]
kind = "grpo"
steps = 2
data.kinds = ["add"]
data.count = 8
sampling.problems_per_step = 2
sampling.samples_per_problem = 2
sampling.max_response_tokens = 8
END2
inside train /tiny.toml --output /run >train.log 2>&1 || fail "$(tail -n 3 train.log)"
[[ -s root/run/report.html ]] || fail "the run has no report"
# What needs more than the archive says so.
status=0
inside fetch no/where >fetch.log 2>&1 || status=$?
[[ $status == 1 && $(tail -n 1 fetch.log) == deepscaler:* ]] || fail "fetch exited $status: $(cat fetch.log)"
find "root$folder/lib/deepscaler/licences" -type f | grep -q flint || fail "the licences of the libraries are missing"
echo "$(basename "$archive"), $(($(stat -c %s "$archive") >> 20)) MiB: all good"
