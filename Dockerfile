# docker build -t mylist .
# docker run --rm -e DJANGO_SECRET_KEY=... -e DATABASE_URL=... mylist python manage.py migrate
# docker run -p 8000:8000 -e DJANGO_SECRET_KEY=... -e DATABASE_URL=... mylist
#
# .env.example lists every variable. Without a DATABASE_URL the data is a SQLite file in /app/var.

# Debian 12's Python, the oldest that this runs on and the one that it is tested with.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS builder
RUN python3 -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM ${BASE}
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GUNICORN_HOST=0.0.0.0
WORKDIR /app
COPY --from=builder /venv /venv
COPY manage.py ./
COPY config config
COPY accounts accounts
COPY api api
COPY catalog catalog
COPY mylist mylist
COPY fixtures fixtures
# The code belongs to root and can't be changed by what runs; var/ is what it may write to.
# The key signs nothing: it is only here because the settings refuse to start without one.
RUN DJANGO_SECRET_KEY=only-for-this-command-only-for-this-command \
        python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q . \
    && useradd --uid 10001 --no-create-home app \
    && chown -R app var
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD \
    python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:${PORT:-8000}/health/live/', timeout=4)"
CMD ["gunicorn", "-c", "config/gunicorn.py", "--worker-class", "asgi", "config.asgi"]
