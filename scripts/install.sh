# Installs the dependencies when they are missing or stale. Usage: sh scripts/install.sh prod|dev
set -eu
kind=$1
stamp="node_modules/.installed-$(cksum < package-lock.json | tr -d ' ')"
[ -e "$stamp-dev" ] && exit 0
[ "$kind" = prod ] && [ -e "$stamp-prod" ] && exit 0
if [ "$kind" = prod ]; then npm ci --omit=dev --no-fund --no-audit --loglevel=error; else npm ci --no-fund --no-audit --loglevel=error; fi
touch "$stamp-$kind"
