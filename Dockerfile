# One image for the API and the workers; what a container does is its command: `socials api` or `socials worker`.
FROM python:3.12-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1

# Chromium with the libraries it needs, `tini` to reap what browsers leave, and nothing else.
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium-headless-shell tini fonts-liberation \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 socials

WORKDIR /app

# The dependencies change seldom: a layer of their own.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY api api
COPY crawler crawler
COPY worker worker
COPY fixtures/sites fixtures/sites
RUN pip install --no-deps --no-build-isolation .

# Not root: Chromium has a sandbox only for ordinary users.
USER socials

ENV SOCIALS_HOST=0.0.0.0 \
    SOCIALS_PORT=8000
EXPOSE 8000

ENTRYPOINT ["tini", "--", "socials"]
CMD ["api"]
