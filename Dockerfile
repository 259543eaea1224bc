# The service as a small image. Build: docker build -t steer .
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app

# Node comes with the image, so the packages that bring it are left out.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

COPY gen ./gen
COPY src ./src

# A container is reached from outside, so both listeners take every address.
# The service refuses to start like this without callers (`callers` in the
# configuration) or STEER_ALLOW_UNAUTHENTICATED=true.
ENV STEER_GRPC_ADDRESS=0.0.0.0:50051 \
    STEER_HTTP_ADDRESS=0.0.0.0:8080 \
    NODE_COMPILE_CACHE=/tmp/steer-compile-cache
EXPOSE 50051 8080

USER node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["node", "src/cli/steer.ts", "health"]
CMD ["node", "src/main.ts"]
