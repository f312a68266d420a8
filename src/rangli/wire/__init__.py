"""What knows protobuf but no domain and no transport: refusals as messages, shared conversions."""
