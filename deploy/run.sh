#!/usr/bin/env bash
# One command from a clone to a working service: http://127.0.0.1:8080, the silo inside the Api's process.
#   ASPNETCORE_URLS          where to listen
#   Sandbox__DataDirectory   where the contexts' records are kept; a restart finds them again
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

"$root/deploy/prerequisites.sh"
"$root/deploy/build.sh"

export ASPNETCORE_URLS=${ASPNETCORE_URLS:-http://127.0.0.1:8080}
export Sandbox__DataDirectory=${Sandbox__DataDirectory:-$root/.state/data}
export Sandbox__Interpreters__DriversDirectory=${Sandbox__Interpreters__DriversDirectory:-$root/Grains/drivers}
printf '==> Serving %s (Ctrl-C ends it)\n' "$ASPNETCORE_URLS" >&2
# In this shell's place, so that signals reach it and its exit code is this script's.
exec dotnet "$root/Api/bin/Release/net10.0/Sandbox.Cluster.Api.dll" "$@"
