"""What operators see and set: settings files, diagnostics, logs, health, HTTP probes, shutdown."""
