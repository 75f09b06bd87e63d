#!/usr/bin/env bash
# update-recipe-docs.sh: writes the list of keys in docs/recipes.md anew, from build/deepscaler.
set -euo pipefail
cd "$(dirname "$0")/.."

page=$(sed '/^```$/,$d' docs/recipes.md)
keys=$(build/deepscaler train --help-recipe)
printf '%s\n\n```\n%s\n```\n' "$page" "$keys" >docs/recipes.md
