"""Messages and stubs generated from `protos/rangli/v1` by `make proto`. Never edited by hand."""
