#!/usr/bin/env bash
# install-packages.sh PACKAGE...: installs the Debian packages that are missing, as root or by sudo.
set -euo pipefail

if ! command -v dpkg-query >/dev/null; then
  echo "This is no Debian system; make sure that it has what these packages hold: $*"
  exit 0
fi

installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n 's/ installed$//p' || true)
missing=()
for package in "$@"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

echo "== installing ${missing[*]}"
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || { echo "become root and run: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
