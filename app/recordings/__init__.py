"""What is left of meetings: recordings, who may see them, their bytes, how long they are kept."""
