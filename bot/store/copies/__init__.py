"""Copies of a database: a backup of SQLite's file, and all rows from one database to another."""
