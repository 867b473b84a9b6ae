# One image for every process: `frontier up`, `api`, `worker`, `migrate`. Needs BuildKit, as Docker has by default.
FROM python:3.12-slim-bookworm

# FalkorDB links it. The distribution keeps one version of it, and drops those before.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgomp1 \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
ENV PYTHONPATH=/app PYTHONUNBUFFERED=1 DATA_DIR=/data

# Only what runs: the lock holds what is for development too, so here it constrains what pyproject.toml asks for.
COPY pyproject.toml requirements.lock ./
RUN pip install --no-cache-dir uv==0.13.9 \
 && uv pip install --system --no-cache --compile-bytecode --constraints requirements.lock --requirements pyproject.toml

COPY . .
RUN printf '#!/bin/sh\nexec python -m app.cli "$@"\n' > /usr/local/bin/frontier \
 && chmod 755 /usr/local/bin/frontier \
 && python -m compileall -q . \
 && useradd --system --create-home --uid 10001 frontier \
 && install -d -o frontier -g frontier /data

USER 10001
VOLUME /data
ENTRYPOINT ["frontier"]
CMD ["up"]
