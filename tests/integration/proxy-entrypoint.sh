#!/bin/sh
# Starts the proxy and, once it vends, puts the certificates where the agent's container sees them.
set -eu
share=$(dirname "$PROXY_SOCK_PATH")
# A volume's own directory is root's in Kubernetes; the socket has to be in one that is this user's alone.
mkdir -p -m 0700 "$share"
# The proxy adds a profile to this file, and the image is read-only.
cp /etc/iam-agent-proxy/aws-config "$AWS_CONFIG_FILE"
node /app/dist/main.js start "$@" &
proxy=$!
trap 'kill -TERM "$proxy"' INT TERM
until [ -S "$PROXY_SOCK_PATH" ]; do
  kill -0 "$proxy" || exit 1
  sleep 0.1
done
node /app/dist/main.js env --format json >"$share/environment.json"
cp "$PROXY_DIR/agent/ca-bundle.pem" "$PROXY_DIR/agent/ca.pem" "$PROXY_DIR/agent/node-proxy.cjs" "$share/"
code=0
wait "$proxy" || code=$?
# A signal ends that wait, not yet the proxy, which lets requests under way finish.
while kill -0 "$proxy" 2>/dev/null; do
  code=0
  wait "$proxy" || code=$?
done
exit "$code"
