"""The only places that name an outside program."""
