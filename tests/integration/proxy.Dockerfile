# The proxy: it alone reaches AWS and the credential broker. Built in the repository's root:
#   docker build -f tests/integration/proxy.Dockerfile -t iap-proxy .
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN CI=true node scripts/build.mjs build --filter=iam-agent-proxy... \
 && npx --no-install pnpm --filter iam-agent-proxy deploy --legacy --prod /app

FROM node:24-bookworm-slim
# elhaz is the credential broker's client, asked by the profile's credential_process.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3-pip \
 && pip install --break-system-packages --no-cache-dir elhaz \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o node -g node -m 0700 /var/lib/iam-agent-proxy /run/iam-agent-proxy
COPY --from=build /app /app
COPY --chmod=0755 tests/integration/proxy-entrypoint.sh /usr/local/bin/proxy-entrypoint
COPY tests/integration/proxy-aws-config /etc/iam-agent-proxy/aws-config
ENV AWS_CONFIG_FILE=/run/iam-agent-proxy/proxy-aws-config \
    AWS_PROFILE=broker \
    PROXY_DIR=/var/lib/iam-agent-proxy \
    PROXY_SOCK_PATH=/run/iam-agent-proxy/creds.sock \
    PROXY_HOST=0.0.0.0 \
    PROXY_TUNNEL=deny
USER node
EXPOSE 8080
ENTRYPOINT ["proxy-entrypoint"]
