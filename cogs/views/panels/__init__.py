"""Panels: settings and rules that people read and change in one message. Pure."""
