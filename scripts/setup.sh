#!/usr/bin/env bash
# Installs what EXAI needs on Debian 12 and is missing; quick and silent when nothing is.
# The only place that names Debian packages.
#
#   scripts/setup.sh run      to build the programs and run the shipped stack (make up)
#   scripts/setup.sh test     the above, and what the tests drive (make test)
#   scripts/setup.sh bench    the above, and what the measurements use (make bench)
#   scripts/setup.sh lint     the above, and the static checkers (make lint, make format)
set -euo pipefail
cd "$(dirname "$0")/.."

run=(
  g++ cmake ninja-build ccache lld pkg-config make git
  libboost1.81-dev libboost-json1.81-dev libexpected-dev
  libcli11-dev libtomlplusplus-dev libyaml-cpp-dev libcurl4-openssl-dev libhiredis-dev
  libspdlog-dev libfmt-dev libsodium-dev libssl-dev libzstd-dev
  redis-server
)
test=(catch2 docker-compose json-schema-test-suite prometheus curl jq openssl procps age
  python3-dotenv fish zsh systemd e2fsprogs)
bench=(hyperfine runit s6 supervisor yamllint)
lint=(clang clang-tidy clang-format)

tier=${1:-run}
case $tier in
  run)   packages=("${run[@]}") ;;
  test)  packages=("${run[@]}" "${test[@]}") ;;
  bench) packages=("${run[@]}" "${test[@]}" "${bench[@]}") ;;
  lint)  packages=("${run[@]}" "${test[@]}" "${lint[@]}") ;;
  *) echo "usage: scripts/setup.sh [run|test|bench|lint]" >&2; exit 2 ;;
esac

# npm may come from anywhere; Debian's is asked for only when there is none. The tests' Node is one
# of its packages.
if [[ $tier != run ]]; then
  command -v node >/dev/null || packages+=(nodejs)
  command -v npm >/dev/null || packages+=(npm)
fi

missing=()
# dpkg-query fails when it has never heard of one of them, and still tells of the others.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
for package in "${packages[@]}"; do
  grep -qx -- "installed $package" <<<"$installed" || missing+=("$package")
done

if ((${#missing[@]})); then
  as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || {
      echo "setup: these packages are missing, and neither root nor sudo is at hand: ${missing[*]}" >&2
      exit 1
    }
    as_root=(sudo)
  fi
  # A package that brings a service must not start it: the stack starts its own.
  guard=/usr/sbin/policy-rc.d
  if [[ ! -e $guard ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$guard" >/dev/null
    "${as_root[@]}" chmod +x "$guard"
    trap '"${as_root[@]}" rm -f "$guard"' EXIT
  fi
  echo "setup: installing ${missing[*]}"
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "setup: apt-get failed; its output is above" >&2
    exit 1
  fi
  rm -f "$log"
fi

# npm_packages FOLDER WHAT: what its lock file lists, when it is not there yet.
npm_packages() {
  local folder=$1 stamp=$1/node_modules/.package-lock.json
  [[ -e $folder/package.json && (! -e $stamp || $folder/package-lock.json -nt $stamp) ]] || return 0
  echo "setup: installing $2"
  log=$(mktemp)
  # npm 11 refuses a lock file without the packages of platforms that the registry does not have.
  if ! (cd "$folder" && { npm ci --no-audit --no-fund ||
    npm install --no-save --no-audit --no-fund; }) >"$log" 2>&1; then
    cat "$log" >&2
    echo "setup: npm could not install $folder; its output is above" >&2
    exit 1
  fi
  rm -f "$log"
  touch "$stamp"
}

# The MCP clients that the tests and the measurements drive, and what exai validate is measured
# beside.
if [[ $tier == test || $tier == bench ]]; then
  npm_packages tests/e2e/clients "the npm clients of the tests"
fi
if [[ $tier == bench ]]; then
  npm_packages tests/bench/peers "what exai validate is measured beside"
fi
