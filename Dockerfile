# The image for Railway, Render, Fly.io and compose.yaml (Heroku reads the Procfile).
FROM python:3.13-slim

# PORT is for health checks alone: the bot serves people through Discord and needs no public address.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PORT=8080

WORKDIR /app

# The user can write only to the folder of the default DATABASE_URL.
RUN useradd --system --user-group --no-create-home --shell /usr/sbin/nologin mjbot \
    && install --directory --owner=mjbot --group=mjbot data

COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY bot/ bot/
COPY cogs/ cogs/

USER mjbot

# Healthy while the event loop runs, even if Discord or the database is down: a restart would not bring those back.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os; from http.client import HTTPConnection as H; c = H('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]

# In exec form, because a shell in between would not pass the signal on.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "bot"]
