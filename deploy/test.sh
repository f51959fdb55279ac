#!/usr/bin/env bash
# Every test of the project: C#, Python and TypeScript. Ends with one line, `N passed, N failed, N skipped`.
#   --quick   leaves out the slow groups
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

quick=
case "${1:-}" in
  '') ;;
  --quick) quick=1 ;;
  *) printf 'usage: deploy/test.sh [--quick]\n' >&2; exit 2 ;;
esac

deploy/prerequisites.sh --tests
deploy/build.sh

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
# What a suite says of itself: its report, and its exit code, in case it broke where no report shows it. The others run all the same.
outcomes=()
suite() {
  local title=$1 report=$2 code=0
  shift 2
  printf '==> %s\n' "$title" >&2
  "$@" || code=$?
  outcomes+=("$report=$code")
}

suite 'Python: launcher, supervisor, driver' "$results/python.xml" \
  /usr/bin/python3 -m pytest -q -p no:cacheprovider --junitxml="$results/python.xml" Tests/drivers/launcher Tests/drivers/python
suite 'TypeScript: driver' "$results/typescript.xml" \
  "$root/Grains/drivers/typescript/node_modules/.bin/bun" test ./Tests/drivers/typescript \
  --timeout 60000 --reporter=junit --reporter-outfile="$results/typescript.xml"
suite 'C#' "$results/csharp.trx" \
  dotnet test Tests/Tests.csproj -c Release --no-build -nologo --logger "trx;LogFileName=$results/csharp.trx" \
  ${quick:+--filter 'Category!=Slow'}

/usr/bin/python3 deploy/tally.py "${outcomes[@]}"
