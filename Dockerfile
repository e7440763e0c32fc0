# boxwatch itself: build, check and publish without a Python on the host. Build from the root of the repository:
#
#   docker build -t boxwatch:0.1.0 .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" boxwatch:0.1.0 build --out generated
FROM python:3.13-slim AS wheel
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --disable-pip-version-check --wheel-dir /wheels --constraint constraints.txt .

FROM python:3.13-slim
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="boxwatch" \
      org.opencontainers.image.description="Monitoring as code for a server that Coolify runs" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --no-cache-dir --disable-pip-version-check --no-index --no-compile /wheels/*.whl
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /work
# nobody
USER 65534:65534
# It runs one command and ends; the check concerns a container that is kept for several.
HEALTHCHECK --interval=1m --timeout=10s CMD ["boxwatch", "--version"]
ENTRYPOINT ["boxwatch"]
CMD ["--help"]
