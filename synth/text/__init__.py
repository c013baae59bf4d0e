"""Rendered digits, words and scenes."""
