# The agent: no network but the proxy, no credentials but the fake ones that proxy-creds fetches. Built in the
# repository's root:
#   docker build -f tests/integration/agent.Dockerfile -t iap-agent .
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN CI=true node scripts/build.mjs build --filter=proxy-creds... \
 && npx --no-install pnpm --filter proxy-creds deploy --legacy --prod /app

FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends awscli ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /app /opt/proxy-creds
COPY tests/integration/agent-aws-config /etc/agent/aws-config
RUN install -m 0444 /dev/null /etc/agent/aws-credentials
ENV HTTPS_PROXY=http://proxy:8080 \
    https_proxy=http://proxy:8080 \
    http_proxy=http://proxy:8080 \
    NODE_USE_ENV_PROXY=1 \
    NODE_OPTIONS="--require /run/iam-agent-proxy/node-proxy.cjs" \
    NODE_EXTRA_CA_CERTS=/run/iam-agent-proxy/ca.pem \
    SSL_CERT_FILE=/run/iam-agent-proxy/ca-bundle.pem \
    REQUESTS_CA_BUNDLE=/run/iam-agent-proxy/ca-bundle.pem \
    AWS_CA_BUNDLE=/run/iam-agent-proxy/ca-bundle.pem \
    AWS_CONFIG_FILE=/etc/agent/aws-config \
    AWS_SHARED_CREDENTIALS_FILE=/etc/agent/aws-credentials \
    AWS_PROFILE=iam-agent-proxy \
    AWS_SDK_LOAD_CONFIG=1 \
    AWS_EC2_METADATA_DISABLED=true \
    AWS_STS_REGIONAL_ENDPOINTS=regional
USER node
WORKDIR /home/node
CMD ["aws", "sts", "get-caller-identity"]
