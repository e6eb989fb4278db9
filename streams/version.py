"""Which version of the product is this?  The one that is installed, as pyproject.toml names it."""

import importlib.metadata

PRODUCT = "sanzao"


def version() -> str:
    """Return the version of the product."""
    return importlib.metadata.version(PRODUCT)
