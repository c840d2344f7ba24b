# What Railway, Render, Fly.io and compose.yaml run (Heroku reads the Procfile). No port is opened: the bot only calls out.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

WORKDIR /app

# The user may write nothing but the folder of the default DATABASE_URL.
RUN useradd --system --user-group --no-create-home --shell /usr/sbin/nologin mjbot \
    && install --directory --owner=mjbot --group=mjbot data

COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY bot/ bot/
COPY cogs/ cogs/

USER mjbot

# In exec form: a shell in between would keep the signal to itself.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "bot"]
