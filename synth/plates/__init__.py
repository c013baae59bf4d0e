"""Rendered number plates and streets."""
