# The application: web, worker and migrations are one image with other arguments.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/alojamientos
WORKDIR /build
# What changes seldom comes first, so that it is built seldom.
COPY requirements/build.txt requirements/production.txt ./requirements/
RUN /opt/alojamientos/bin/pip install --require-hashes -r requirements/production.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN /opt/build/bin/python -m hatchling build -t wheel \
 && /opt/alojamientos/bin/pip install --no-deps dist/*.whl \
 && /opt/alojamientos/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm
ARG VERSION=dev
ENV PATH=/opt/alojamientos/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VERSION=$VERSION
# A number, so that a policy of "no root" can be checked; /config is Alertmanager's volume.
RUN groupadd --gid 10001 alojamientos \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin alojamientos \
 && install -d -o 10001 -g 10001 /config
COPY --from=build /opt/alojamientos /opt/alojamientos
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000 8001
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/api/v1/readyz', timeout=4)"]
ENTRYPOINT ["alojamientos"]
CMD ["serve"]
