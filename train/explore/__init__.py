"""Looking inside networks and data sets."""
