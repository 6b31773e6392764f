#!/usr/bin/env bash
# The project's own rules over the whole tree (tests/lint), then clang-tidy (.clang-tidy) over the
# product files that changed; with --all over every one of them.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/changed.sh

build=build/clang
[[ -e $build/build.ninja ]] || cmake --preset clang >"$(mktemp)"
ninja -C "$build" --quiet exai_lint
"$build/bin/exai_lint" .

if [[ ${1:-} == --all ]]; then
  mapfile -t files < <(git ls-files -co --exclude-standard '*.cpp')
else
  mapfile -t files < <({ git diff --name-only "$(base_commit)" -- '*.cpp'
                         git ls-files -o --exclude-standard '*.cpp'; } | sort -u)
fi
mapfile -t files < <(printf '%s\n' "${files[@]}" | grep -E '^(core|supervisor|daemon|cli)/' || true)
existing=()
for file in "${files[@]}"; do [[ -e $file ]] && existing+=("$file"); done
if ((${#existing[@]} == 0)); then
  echo "clang-tidy: no product file changed"
  exit
fi
echo "clang-tidy: ${#existing[@]} files"
printf '%s\0' "${existing[@]}" |
  xargs -0 -n1 -P"$(nproc)" clang-tidy -p "$build" --quiet 2> >(grep -v ' warnings\? generated' >&2)
