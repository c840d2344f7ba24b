# The image for Railway, Render, Fly.io and compose.yaml (Heroku reads the Procfile). The bot needs no open port.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

WORKDIR /app

# The user can write only to the folder of the default DATABASE_URL.
RUN useradd --system --user-group --no-create-home --shell /usr/sbin/nologin mjbot \
    && install --directory --owner=mjbot --group=mjbot data

COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY bot/ bot/
COPY cogs/ cogs/

USER mjbot

# In exec form, because a shell in between would not pass the signal on.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "bot"]
