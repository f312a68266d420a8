# Builds the wheel, then an image with nothing but the wheel and what it needs. Runs as a plain user.
# Give it servers with RANGLI_POSTGRES_DSN and RANGLI_REDIS_URL; without them it starts its own in
# /var/lib/rangli, which then wants a volume. It drains before it stops: let `docker stop` wait for
# longer than RANGLI_DRAIN_S.

FROM python:3.12-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY cython_ext cython_ext
COPY src src
RUN python -m venv /opt/rangli && /opt/rangli/bin/pip install --no-cache-dir .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --create-home rangli \
    && install --directory --owner rangli --group rangli /var/lib/rangli
COPY --from=build /opt/rangli /opt/rangli
ENV PATH=/opt/rangli/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RANGLI_DATA_DIR=/var/lib/rangli \
    RANGLI_LOG_FORMAT=json
USER rangli
EXPOSE 7700
VOLUME /var/lib/rangli
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=30s CMD ["rangli", "health", "127.0.0.1:7700"]
# Loopback only, unless the deployment says otherwise (RANGLI_HOST=0.0.0.0 and
# RANGLI_INSECURE_LISTEN=true): calls are neither encrypted nor authenticated.
ENTRYPOINT ["rangli"]
CMD ["serve"]
