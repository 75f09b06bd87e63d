#!/usr/bin/env bash
# The C library as others get it: installed, found by pkg-config, used by the example of docs/library/c.md from C and
# C++, with the functions of its header to be seen and nothing else.
# library_test.sh BUILD SOURCES CC CXX
set -euo pipefail
build=$(realpath "$1") sources=$(realpath "$2") cc=$3 cxx=$4
program=/bin/true
source "$(dirname "$0")/program.sh"

for component in library development; do
  cmake --install "$build" --component $component --prefix installed >install.log || fail "$(cat install.log)"
done
(cd installed && find . -type f -o -type l | sort) >files
version=$(sed -n 's/^Version: //p' installed/lib/pkgconfig/deepscaler_verify.pc)
cat >expected <<END2
./include/deepscaler_verify.h
./lib/libdeepscaler_verify.so
./lib/libdeepscaler_verify.so.${version%%.*}
./lib/libdeepscaler_verify.so.$version
./lib/pkgconfig/deepscaler_verify.pc
END2
diff expected files >&2 || fail "other files are installed"

# What can be seen of it, and what it needs: nothing of the trainer.
nm -D --defined-only installed/lib/libdeepscaler_verify.so | awk '{ print $3 }' | sort >symbols
grep -o '^DEEPSCALER_API .*' installed/include/deepscaler_verify.h | grep -o 'deepscaler_[a-z_]*(' | tr -d '(' | sort >functions
diff functions symbols >&2 || fail "other symbols are exported than the header has functions"
readelf -d installed/lib/libdeepscaler_verify.so >dynamic
grep -q "SONAME.*\[libdeepscaler_verify.so.${version%%.*}\]" dynamic || fail "the soname: $(grep SONAME dynamic)"
needed=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' dynamic | grep -v -E '^(ld-linux|lib(gmp|flint|flint-arb|calcium|fmt|stdc\+\+|m|gcc_s|c|asan|ubsan)\.so)' || true)
[[ -z $needed ]] || fail "it needs $needed"

# The tree may be moved. The example prints what the page says.
mv installed moved
export PKG_CONFIG_PATH=$PWD/moved/lib/pkgconfig
read -ra flags <<<"$(pkg-config --cflags --libs deepscaler_verify)"
sed -n '/^```c$/,/^```$/{/^```/d;p}' "$sources/docs/library/c.md" >example.c
sed -n 's/^    \([[{]"correct.*\|\[{.*\)/\1/p' "$sources/docs/library/c.md" >expected
"$cc" -std=c99 -Wall -Wextra -pedantic -Werror example.c -o example "${flags[@]}" "-Wl,-rpath,$PWD/moved/lib"
./example >printed
diff expected printed >&2 || fail "the example prints other lines than its page"
cp example.c example.cc
"$cxx" -std=c++11 -Wall -Wextra -pedantic -Werror example.cc -o example_cc "${flags[@]}" "-Wl,-rpath,$PWD/moved/lib"
./example_cc | diff expected - >&2 || fail "the example says something else from C++"
echo "all good"
