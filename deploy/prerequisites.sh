#!/usr/bin/env bash
# What the programs need on a machine: Debian's Python packages, and Bun from npm. Installs what is missing and says so;
# says nothing when nothing is.   deploy/prerequisites.sh [--tests | --cluster]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

mapfile -t packages < <("$root/deploy/debian.sh" list)
case "${1:-}" in
  --tests) packages+=(python3-pytest redis-server) ;;
  --cluster) packages+=(redis-server) ;;
esac

step() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'prerequisites: %s\n' "$*" >&2; exit 1; }

# Programs that come with the machine or not at all.
command -v dotnet >/dev/null || fail 'the .NET SDK is missing: install .NET 10 (https://dotnet.microsoft.com/download).'
case "$(dotnet --version 2>/dev/null)" in
  10.* | [1-9][1-9].*) ;;
  *) fail 'the .NET SDK is too old, or does not fit global.json: install .NET 10 (https://dotnet.microsoft.com/download).' ;;
esac
command -v npm >/dev/null || fail 'npm is missing: install Node.js 20 or newer with npm.'
command -v dpkg-query >/dev/null || fail "this script knows Debian only; install by other means: ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] || fail "missing packages. As root: apt-get install -y --no-install-recommends ${missing[*]}"
  step "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  if ! "$root/deploy/debian.sh" install "${missing[@]}" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail 'apt-get failed; its last words are above.'
  fi
fi

# Packages from npm, as a folder's lock file has them.
npm_packages() {
  local folder=$1 what=$2 lock
  lock=$(sha256sum "$folder/package-lock.json" | cut -d' ' -f1)
  if [ "$(cat "$folder/node_modules/.installed" 2>/dev/null)" = "$lock" ]; then return; fi
  step "Installing $what from npm"
  (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error) >&2 || fail 'npm ci failed; its last words are above.'
  printf '%s' "$lock" >"$folder/node_modules/.installed"
}

npm_packages "$root/Grains/drivers/typescript" "Bun and the TypeScript driver's packages"
if [ "${1:-}" = --tests ]; then npm_packages "$root/Tests/Support/azurite" 'an emulator of Azure Storage'; fi
