# The image of agents and controller, for amd64 and arm64, without emulation: everything runs on the machine that builds, and
# only files are of the target. `npm run image` makes the same root file system, by the same scripts, without Docker.
#
#   docker buildx build --platform linux/amd64,linux/arm64 .

# The version that bin/image/node.mjs names too.
ARG NODE=24.21.0

# Nothing of it is run: it has Node.js for the target.
FROM node:${NODE}-bookworm-slim AS node

FROM --platform=$BUILDPLATFORM node:${NODE}-bookworm-slim AS build
WORKDIR /src
# Compilers for both, whichever this machine is.
RUN apt-get update -qq \
  && apt-get install --yes --no-install-recommends -qq gcc make libc6-dev \
    "$([ "$(dpkg --print-architecture)" = arm64 ] && echo gcc-x86-64-linux-gnu || echo gcc-aarch64-linux-gnu)" \
    "$([ "$(dpkg --print-architecture)" = arm64 ] && echo libc6-dev-amd64-cross || echo libc6-dev-arm64-cross)"
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
COPY --from=node /usr/local/bin/node /node/bin/node
COPY --from=node /usr/local/LICENSE /node/LICENSE
ARG TARGETARCH
RUN node bin/image/bundle.mjs --arch "$TARGETARCH" --out /bundle
RUN bash bin/image/rootfs.sh --arch "$TARGETARCH" --node /node/bin/node --bundle /bundle /rootfs

FROM scratch
COPY --from=build /rootfs /
LABEL org.opencontainers.image.title="innermap-operator" \
  org.opencontainers.image.description="Declares eBPF inner maps as Kubernetes objects and keeps each node's outer maps so" \
  org.opencontainers.image.licenses="Apache-2.0"
# Memory: measured in docs/performance.md. A young generation of 3 MB; one malloc arena for all threads, and
# what it has free goes back (a threshold that is set stays, else it grows with what was freed). V8's compilers take their
# memory in pieces of 32 KB: as mappings of their own they go back too, instead of leaving holes between what stays.
ENV PATH="/usr/local/bin:/usr/bin" \
  NODE_OPTIONS="--max-semi-space-size=1" \
  MALLOC_ARENA_MAX="1" \
  MALLOC_TRIM_THRESHOLD_="131072" \
  MALLOC_MMAP_THRESHOLD_="32768"
WORKDIR /
# The controller's. Agents need 0, which the chart says: any other has no effective capabilities in a pod.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/innermap"]
