# One image for web, worker, beat and (demo) the simulator; docker-compose.yml says which is which.
ARG PYTHON=3.12-slim

FROM python:${PYTHON} AS packages
# Production uses requirements.lock; a demo is built with LOCK=requirements-run.lock.
ARG LOCK=requirements.lock
COPY requirements*.lock /
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes -r /${LOCK}

FROM python:${PYTHON}
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin callbacks
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
# Compiles the translation catalogs and Python, and collects static files under hashed names, because
# the user below may not write here.
RUN python -m callbacks.catalogs compile \
    && python manage.py collectstatic --noinput \
    && python -m compileall -q callbacks leads manage.py
USER callbacks
EXPOSE 8000
# Without a shell, so that signals reach the process, which then finishes its requests.
CMD ["gunicorn", "callbacks.config.wsgi"]
