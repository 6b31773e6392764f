#!/usr/bin/env bash
# clang-format on the lines that changed since the work in hand started; --check only says whether
# there is something to do.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/changed.sh

base=$(base_commit)
if [[ ${1:-} == --check ]]; then
  found=$(git clang-format --diff --extensions cpp,hpp "$base")
  [[ $found == *"no modified files"* || $found == *"did not modify"* || -z $found ]] && exit
  printf '%s\n' "$found"
  exit 1
fi
git clang-format --force --extensions cpp,hpp "$base" || true
