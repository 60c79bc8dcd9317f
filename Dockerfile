# Two stages: the first one installs, the second one holds what was installed and nothing else.
# 3.11 is the Python that all the tests run on.
FROM python:3.11-slim AS build

RUN python -m venv /opt/cercle && mkdir /data
WORKDIR /src
COPY requirements.lock ./
RUN /opt/cercle/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
COPY handlers ./handlers
COPY scheduler ./scheduler
COPY storage ./storage
RUN /opt/cercle/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .


FROM python:3.11-slim

COPY --from=build /opt/cercle /opt/cercle
COPY --from=build --chown=10001:10001 /data /data
ENV PATH=/opt/cercle/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    CERCLE_HOST=0.0.0.0 \
    CERCLE_PORT=8000 \
    CERCLE_DATABASE_URL=sqlite:////data/cercle.sqlite3
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['CERCLE_PORT'] + '/healthz', timeout=4)"]
CMD ["cercle", "serve"]
