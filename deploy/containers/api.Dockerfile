# syntax=docker/dockerfile:1
# An Api of a cluster; it has no interpreters. From the repository's root:   docker build -f deploy/containers/api.Dockerfile -t sandbox-cluster-api:dev .
#
# The tags are for development; a release hands over what it has tested, by digest:
#   --build-arg SDK=mcr.microsoft.com/dotnet/sdk@sha256:…  --build-arg DEBIAN=debian@sha256:…
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0
ARG DEBIAN=debian:bookworm-slim

FROM ${SDK} AS program
ARG TARGETARCH
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props global.json ./
COPY Grains.Interfaces Grains.Interfaces
COPY Grains Grains
COPY Silo Silo
COPY Api Api
RUN dotnet publish Api/Api.csproj -c Release --arch "${TARGETARCH}" --self-contained -o /app

FROM ${DEBIAN}
COPY --chmod=0755 deploy/debian.sh /tmp/debian.sh
RUN . /etc/os-release && [ "$VERSION_CODENAME" = bookworm ] \
  && bash /tmp/debian.sh install ca-certificates libssl3 libstdc++6 zlib1g tzdata \
  && rm -rf /var/lib/apt/lists/* /tmp/debian.sh
COPY --from=program /app /app
RUN groupadd --gid 1000 api && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin api
USER 1000:1000
ENV ASPNETCORE_URLS=http://+:8080
# Only /tmp is written to: the root may be mounted read-only.
VOLUME ["/tmp"]
# Clients, metrics.
EXPOSE 8080 9464
ENTRYPOINT ["/app/Sandbox.Cluster.Api"]
