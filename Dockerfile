# One image for the API and the workers; what a container does is its command: `socials api` or `socials worker`.
# `make image-check` runs these steps in an empty Debian root and starts the service in it, without Docker.
FROM debian:bookworm-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PATH=/opt/socials/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Python, Chromium, the library that the Node.js of Playwright's driver needs beyond a slim Debian, `tini` to reap what
# browsers leave, and nothing else.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates python3 python3-venv chromium-headless-shell libatomic1 tini fonts-liberation \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 socials \
    && python3 -m venv /opt/socials

WORKDIR /app

# The dependencies change seldom: a layer of their own.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY api api
COPY crawler crawler
COPY worker worker
COPY fixtures/sites fixtures/sites
# The build tool is fetched for this step alone; the wheel brings no dependency of its own.
RUN pip wheel --no-deps --wheel-dir /tmp/wheel . && pip install --no-deps /tmp/wheel/*.whl && rm -r /tmp/wheel

# Not root: Chromium has a sandbox only for ordinary users.
USER socials

ENV SOCIALS_HOST=0.0.0.0 \
    SOCIALS_PORT=8000
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --retries=6 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]

ENTRYPOINT ["tini", "--", "socials"]
CMD ["api"]
