# One image for web, worker and beat; docker-compose.yml says which command each runs.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/app/.venv/bin:$PATH
WORKDIR /app

COPY requirements.txt ./
RUN python -m venv .venv \
    && pip install --no-cache-dir --require-hashes --no-deps -r requirements.txt

COPY . .
RUN python -m compileall -q -x '^\./\.venv' .
# The system keeps nothing in the image: what it must write lies under DATA_DIR.
RUN useradd --system --uid 10001 billing && mkdir -p /data/static && chown -R billing /data
USER billing
ENV DATA_DIR=/data
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "4", "--blocking-threads-idle-timeout", "600", \
     "--respawn-failed-workers", "--log-level", "warning", "billing.wsgi:application"]
