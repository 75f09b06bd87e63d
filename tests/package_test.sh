#!/usr/bin/env bash
# The Debian packages: made by cpack, unpacked, and used where they lie.
# package_test.sh BUILD SOURCES CC
set -euo pipefail
build=$(realpath "$1") sources=$(realpath "$2") cc=$3
program=/bin/true
source "$(dirname "$0")/program.sh"

if ! command -v dpkg-shlibdeps >/dev/null; then
  echo "skipped: no dpkg-shlibdeps here"
  exit 77
fi
cpack --config "$build/CPackConfig.cmake" -G DEB -B packages >cpack.log 2>&1 || fail "$(cat cpack.log)"
for package in packages/*.deb; do
  dpkg-deb -f "$package" Package Depends >>fields
  dpkg-deb -x "$package" root
done
for name in deepscaler libdeepscaler-verify0 libdeepscaler-verify-dev; do
  grep -qx "Package: $name" fields || fail "no package $name: $(cat fields)"
done
grep -A1 -x "Package: deepscaler" fields | grep -q "Depends:.*libcurl4.*libflint" || fail "deepscaler depends on: $(cat fields)"
grep -A1 -x "Package: libdeepscaler-verify0" fields | grep "libflint" | grep -q -v "libcurl" || fail "the library depends on: $(cat fields)"
grep -A1 -x "Package: libdeepscaler-verify-dev" fields | grep -q "libdeepscaler-verify0 (= " || fail "the header depends on: $(cat fields)"

root/usr/bin/deepscaler verify --explain 1/2 '\boxed{0.5}' | grep -q "^verdict    correct$" || fail "the program does not run"
for file in share/man/man1/deepscaler.1 share/bash-completion/completions/deepscaler share/zsh/site-functions/_deepscaler \
  share/fish/vendor_completions.d/deepscaler.fish share/deepscaler/recipes/demo.toml share/deepscaler/machines/h200.toml share/doc/deepscaler/LICENSE; do
  [[ -s root/usr/$file ]] || fail "no $file"
done
root/usr/bin/deepscaler manual | cmp - root/usr/share/man/man1/deepscaler.1 || fail "another manual page than the program's"
(cd root/usr/share/deepscaler && ../../bin/deepscaler plan recipes/tiny.toml >/dev/null) || fail "the recipes can't be read where they lie"
(cd root/usr && recipes=share/deepscaler/recipes && bin/deepscaler plan $recipes/tiny.toml --config $recipes/tiny-model --hours \
  --lengths $recipes/lengths/tiny.toml --machine h200 >/dev/null) || fail "machines are not found by name where they are installed"

sed -n '/^```c$/,/^```$/{/^```/d;p}' "$sources/docs/library/c.md" >example.c
"$cc" example.c -o example -Iroot/usr/include -Lroot/usr/lib -ldeepscaler_verify "-Wl,-rpath,$PWD/root/usr/lib"
./example | grep -q '"correct":true' || fail "the example does not run with the package's library"
echo "all good"
