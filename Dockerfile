# One image, two processes: `serve` (the default) and `worker`. How to use it: docs/deploy.md.
FROM python:3.13-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.txt /
# Wheels only: nothing is compiled, so no compiler is needed. pip goes when it has done its work.
RUN python -m venv /venv \
    && /venv/bin/pip install --require-hashes --only-binary :all: -r /requirements.txt \
    && /venv/bin/pip uninstall --yes pip

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# A user without rights, a home or a shell. Nothing in the image belongs to it, and it writes nothing.
RUN groupadd --gid 10001 guildhall \
    && useradd --uid 10001 --gid guildhall --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin guildhall
WORKDIR /srv/guildhall
COPY --from=packages /venv /venv
COPY LICENSE alembic.ini ./
COPY alembic alembic
COPY templates templates
COPY quotas quotas
COPY bbb_client bbb_client
COPY app app
USER 10001:10001
EXPOSE 8000
# For `serve`. A worker listens on nothing: run it with --no-healthcheck.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve", "--host", "0.0.0.0"]
