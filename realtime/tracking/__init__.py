"""Which object is which over time, and what each says from when to when."""
