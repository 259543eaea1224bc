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
    NODE_COMPILE_CACHE=/tmp/steer-compile-cache
EXPOSE 50051 8080

USER node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["node", "src/cli/steer.js", "health"]
# As `npm start`: the objects of calls get 16 MiB twice. Node's own bound is higher by 90 MiB and saves no time.
CMD ["node", "--max-semi-space-size=16", "src/main.js"]
