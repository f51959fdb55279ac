#!/usr/bin/env bash
# Builds the solution in Release, unless nothing it is made of has changed since the last build that succeeded.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Without Bun, which prerequisites.sh installs, there is nothing to make it with; drivers then start from their sources.
bun=$root/Grains/drivers/typescript/node_modules/bun/bin/bun.exe
if [ -x "$bun" ]; then /usr/bin/python3 -I Grains/drivers/launcher/bundle.py --bun "$bun"; fi
# For the program that helps with checkpoints, which starts anew for each; known by what the sources hold, not by their time.
/usr/bin/python3 -I -m compileall -q --invalidation-mode checked-hash Grains/drivers/launcher

stamp=.state/built
inputs=$(find . \( -name bin -o -name obj -o -name node_modules -o -name .git -o -name .state \) -prune -o \
  -type f \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.sln' -o -name 'appsettings*.json' -o -name '*.html' \
  -o -name global.json -o -name .editorconfig \) -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" = "$inputs" ] && [ -f Api/bin/Release/net10.0/Sandbox.Cluster.Api.dll ] \
  && [ -f Silo/bin/Release/net10.0/Sandbox.Cluster.Silo.dll ] \
  && [ -f Tests/bin/Release/net10.0/Sandbox.Cluster.Tests.dll ]; then exit 0; fi

printf '==> Building\n' >&2
dotnet build Sandbox.Cluster.sln -c Release -v quiet -nologo -clp:NoSummary >&2
mkdir -p .state
printf '%s' "$inputs" >"$stamp"
