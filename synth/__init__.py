"""Rendered training data: text, plates and scenes whose truth is known because they were drawn."""
