# The service as a small image: docker build -t steer .
# The page of /console is bundled in a stage of its own, because the bundler is no part of the image. Its native part is
# an optional package.
FROM node:24-slim AS console
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts
COPY tsconfig.json ./
COPY gen/es ./gen/es
COPY console ./console
COPY tools/build-console.mjs ./tools/
RUN node tools/build-console.mjs

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app

# Node comes with the image, so the optional packages that bring it are left out.
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --omit=optional --ignore-scripts

COPY gen/service ./gen/service
COPY gen/steer.binpb ./gen/
COPY src ./src
COPY --from=console /app/console/dist ./console/dist

# A container is reached from outside, so both listeners take every address.
# With them the service does not start until it knows its callers (`callers` in
# the file of STEER_CONFIG, or STEER_CALLERS) or is told that it needs none
# (STEER_ALLOW_UNAUTHENTICATED=true).
ENV STEER_GRPC_ADDRESS=0.0.0.0:50051 \
    STEER_HTTP_ADDRESS=0.0.0.0:8080 \
    NODE_COMPILE_CACHE=/var/tmp/steer-compile-cache
# As `npm start`: all threads share one heap of malloc. What the compiler's threads have freed is then used by the others,
# instead of being kept by each.
ENV MALLOC_ARENA_MAX=1
EXPOSE 50051 8080

USER node
# The code of a start, with all vendors, the metrics and either kind of store, and of the health command is compiled once,
# here. Each container would compile it again otherwise, at twice the processor time of a start. Node has a cache for each
# user. The service writes its first line when it serves; its process identifier precedes that line here. No store and no
# service is there, so the health command fails.
RUN for store in memory redis://127.0.0.1:1; do \
      STEER_STREAM_STORE=$store STEER_ALLOW_UNAUTHENTICATED=true STEER_TELEMETRY_METRICS_ADDRESS=127.0.0.1:0 \
      STEER_GRPC_ADDRESS=127.0.0.1:0 STEER_HTTP_ADDRESS=127.0.0.1:0 \
      OPENAI_API_KEY=none ANTHROPIC_API_KEY=none XAI_API_KEY=none \
      sh -c 'echo $$ && exec node --max-semi-space-size=16 src/main.js' | \
      { read -r process && read -r first && kill "$process" && cat > /dev/null; } || exit 1; \
    done && \
    if node src/cli/steer.js health; then exit 1; fi
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["node", "src/cli/steer.js", "health"]
# As `npm start`: the objects of calls get 16 MiB twice. Node's own bound is higher by 90 MiB and saves no time.
CMD ["node", "--max-semi-space-size=16", "src/main.js"]
