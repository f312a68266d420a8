"""`rangli`: what a person types. Each command imports what it needs when it runs."""
