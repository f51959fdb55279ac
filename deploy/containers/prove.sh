#!/usr/bin/env bash
# Proves what can be proved of the silo's image without a container engine: unpacks Debian, installs into it with the image's own script,
# enters it by pivot_root as a container is entered (namespaces of its own, a read-only root, uid 1000, no capability, the shipped seccomp
# profile), and has twenty cases of the contract answered there. As root, with debootstrap; takes minutes. Leaves nothing behind.
#   deploy/containers/prove.sh [KEEP]     KEEP: a folder for the unpacked Debian, used again if it is there
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
fail() { printf 'prove: %s\n' "$*" >&2; exit 1; }
step() { printf '==> %s\n' "$*" >&2; }

[ "$(id -u)" = 0 ] || fail 'run it as root: it mounts.'
command -v debootstrap >/dev/null || fail 'debootstrap is missing: apt-get install debootstrap'
[ -x "$root/Grains/drivers/typescript/node_modules/bun/bin/bun.exe" ] || fail 'Bun is missing: deploy/prerequisites.sh'

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
debian=${1:-$work/debian}

# --- the image, layer by layer as silo.Dockerfile has them

if [ ! -x "$debian/usr/bin/apt-get" ]; then
  step "Unpacking Debian into $debian"
  debootstrap --variant=minbase bookworm "$debian" >"$work/debootstrap.log" 2>&1 || { tail -n 5 "$work/debootstrap.log" >&2; fail 'debootstrap failed.'; }
fi
# Where this machine's own packages come from.
cp /etc/resolv.conf "$debian/etc/resolv.conf"
mkdir -p "$debian/etc/apt/apt.conf.d" "$debian/etc/apt/sources.list.d"
if [ -f /etc/apt/sources.list.d/debian.sources ]; then
  rm -f "$debian/etc/apt/sources.list"
  cp /etc/apt/sources.list.d/debian.sources "$debian/etc/apt/sources.list.d/"
fi
cp /etc/apt/apt.conf.d/99* "$debian/etc/apt/apt.conf.d/" 2>/dev/null || true

# Enters it by pivot_root; what a container's runtime mounts is there.   enter ro|rw COMMAND...
enter() {
  local mode=$1
  shift
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child --uts --ipc bash -euc '
    debian=$1 mode=$2; shift 2
    mount --make-rprivate /
    mount --bind "$debian" "$debian"
    mount -t proc proc "$debian/proc"
    mount -t tmpfs -o mode=755 tmpfs "$debian/dev"
    for device in null zero full random urandom tty; do touch "$debian/dev/$device"; mount --bind "/dev/$device" "$debian/dev/$device"; done
    ln -s /proc/self/fd "$debian/dev/fd"; mkdir "$debian/dev/shm"; mount -t tmpfs -o mode=1777 tmpfs "$debian/dev/shm"
    if [ "$mode" = ro ]; then
      mount -t tmpfs -o mode=1777 tmpfs "$debian/tmp"
      mount -t tmpfs -o mode=700,uid=1000,gid=1000 tmpfs "$debian/data"
      mount -o remount,bind,ro "$debian"
    fi
    mkdir -p "$debian/mnt" 2>/dev/null || true
    cd "$debian"
    pivot_root . mnt
    umount -l /mnt
    exec "$@"' enter "$debian" "$mode" "$@"
}

step 'Installing with deploy/debian.sh, as the image does'
install -m 0755 "$root/deploy/debian.sh" "$debian/tmp/debian.sh"
# shellcheck disable=SC2016
enter rw bash -euc 'export PATH=/usr/sbin:/usr/bin:/sbin:/bin
  . /etc/os-release && [ "$VERSION_CODENAME" = bookworm ]
  bash /tmp/debian.sh install $(bash /tmp/debian.sh list) ca-certificates libssl3 libstdc++6 zlib1g tzdata' >"$work/install.log" 2>&1 \
  || { tail -n 5 "$work/install.log" >&2; fail 'the install script failed.'; }

step 'Publishing the program with its own .NET'
# The Api, which embeds the very silo, so that HTTP asks it.
dotnet publish "$root/Api/Api.csproj" -c Release -r linux-x64 --self-contained -v quiet -nologo -p:ArtifactsPath="$work/artifacts" \
  -o "$work/app" >"$work/publish.log" 2>&1 || { tail -n 5 "$work/publish.log" >&2; fail 'the program was not published.'; }
rm -rf "${debian:?}/app"
cp -r "$work/app" "$debian/app"
cp -r "$root/Grains/drivers" "$debian/app/drivers"
cp "$root/Tests/deploy/confined.py" "$root/deploy/kubernetes/seccomp/sandbox-silo.json" "$root/Tests/deploy/contract_cases.py" "$debian/app/"
grep -q '^silo:' "$debian/etc/passwd" || enter rw /usr/sbin/useradd --uid 1000 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin silo
install -d -o 1000 -g 1000 -m 0700 "$debian/data"
chmod -R a+rX "$debian/app"

step 'Preparing the drivers, as the image does'
rm -rf "$debian/app/drivers/typescript/bundle"
enter rw bash -euc '/usr/bin/python3 -I /app/drivers/launcher/bundle.py --bun /app/drivers/typescript/node_modules/bun/bin/bun.exe
  /usr/bin/python3 -I -m compileall -q --invalidation-mode checked-hash /app/drivers/launcher'

step 'Looking for working interpreters, as the image does'
enter ro bash -euc 'python3 -I -c "import ctypes, IPython, numpy, pandas, matplotlib, cloudpickle, seccomp; ctypes.CDLL(\"libpython3.11.so.1.0\")"
  bwrap --version; /app/drivers/typescript/node_modules/bun/bin/bun.exe --version' >&2

step 'Running it confined, and asking it'
enter ro /usr/bin/env -i PATH=/usr/bin:/bin HOME=/data ASPNETCORE_URLS=http://127.0.0.1:18080 Sandbox__DataDirectory=/data \
  /usr/bin/python3 /app/confined.py /app/sandbox-silo.json /usr/bin/python3 /app/contract_cases.py http://127.0.0.1:18080 /app/Sandbox.Cluster.Api
