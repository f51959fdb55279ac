#!/usr/bin/env bash
# The Debian packages of the interpreters, in one place for machines (prerequisites.sh) and images (containers/silo.Dockerfile).
#   deploy/debian.sh list                 prints their names
#   deploy/debian.sh install PACKAGE...   as root
set -euo pipefail

packages=(python3 python3-ipython python3-numpy python3-pandas python3-matplotlib python3-matplotlib-inline python3-cloudpickle
  python3-seccomp bubblewrap python3-pip)
# Python as a library, which has its version in its name; elsewhere TypeScript contexts start without it, more slowly.
case "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" in
  bookworm) packages+=(libpython3.11) ;;
  trixie) packages+=(libpython3.13) ;;
esac

case "${1:-}" in
  list) printf '%s\n' "${packages[@]}" ;;
  install)
    shift
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends "$@"
    ;;
  *) sed -n '3,4s/^# *//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
