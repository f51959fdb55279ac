# syntax=docker/dockerfile:1
# A silo with its interpreters. From the repository's root:   docker build -f deploy/containers/silo.Dockerfile -t sandbox-cluster-silo:dev .
#
# The tags are for development; a release hands over what it has tested, by digest, and any other image does not pass the checks below:
#   --build-arg SDK=mcr.microsoft.com/dotnet/sdk@sha256:…  --build-arg NODE=node@sha256:…  --build-arg DEBIAN=debian@sha256:…
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0
ARG NODE=node:20-bookworm-slim
ARG DEBIAN=debian:bookworm-slim

FROM ${SDK} AS program
ARG TARGETARCH
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props global.json ./
COPY Grains.Interfaces Grains.Interfaces
COPY Grains Grains
COPY Silo Silo
# With its own .NET, because Microsoft's images of .NET 10 are no Debian, and Debian is where the interpreters' packages come from.
RUN dotnet publish Silo/Silo.csproj -c Release --arch "${TARGETARCH}" --self-contained -o /app

# For the image's own processor: the packages bring native programs.
FROM ${NODE} AS drivers
WORKDIR /drivers
COPY Grains/drivers/typescript/package.json Grains/drivers/typescript/package-lock.json typescript/
RUN cd typescript && npm ci --no-audit --no-fund
COPY Grains/drivers ./

FROM ${DEBIAN}
COPY --chmod=0755 deploy/debian.sh /tmp/debian.sh
# The interpreters' packages, and what .NET wants of a system: TLS, certificates, its C++ library.
RUN . /etc/os-release && [ "$VERSION_CODENAME" = bookworm ] \
  && bash /tmp/debian.sh install $(bash /tmp/debian.sh list) ca-certificates libssl3 libstdc++6 zlib1g tzdata \
  && rm -rf /var/lib/apt/lists/* /tmp/debian.sh
COPY --from=program /app /app
COPY --from=drivers /drivers /app/drivers
# What lets interpreters start sooner; deploy/build.sh says why.
RUN /usr/bin/python3 -I /app/drivers/launcher/bundle.py --bun /app/drivers/typescript/node_modules/bun/bin/bun.exe \
  && /usr/bin/python3 -I -m compileall -q --invalidation-mode checked-hash /app/drivers/launcher
# A number, so that Kubernetes can see that it is not root. /data is for a silo alone; a cluster's keeps nothing here.
RUN groupadd --gid 1000 silo && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /data --shell /usr/sbin/nologin silo \
  && install -d -o 1000 -g 1000 -m 0700 /data
USER 1000:1000
# An image without a working interpreter must not come to be.
RUN /usr/bin/python3 -I -c 'import ctypes, IPython, numpy, pandas, matplotlib, cloudpickle, seccomp; ctypes.CDLL("libpython3.11.so.1.0")' \
  && bwrap --version && /app/drivers/typescript/node_modules/bun/bin/bun.exe --version
ENV Sandbox__DataDirectory=/data
# Only /tmp and /data are written to: the root may be mounted read-only.
VOLUME ["/tmp", "/data"]
# Silos, Apis, metrics.
EXPOSE 11111 30000 9464
# It is process 1: SIGTERM drains it.
ENTRYPOINT ["/app/Sandbox.Cluster.Silo"]
