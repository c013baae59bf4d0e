"""The shipped models scored on held-out pictures and films, through the code of realtime."""
