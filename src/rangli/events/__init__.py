"""What has happened, for whoever wants to know: the outbox, read by cursor."""
