"""What does compose make of several files?  As much of its merging as ours need."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
_DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")  # ${NAME:-what holds where nobody sets it}


def composed(*names):
    """Return the files as one, as ``docker compose -f A -f B`` reads them."""
    whole = {}
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8")
        whole = merged(whole, yaml.safe_load(_DEFAULT.sub(r"\1", text)))
    return whole


def merged(under, over):
    """Lay one mapping over another: mappings merge, ports add up, a volume replaces its target's.

    >>> merged({"a": {"b": 1}, "ports": ["1"]}, {"a": {"c": 2}, "ports": ["2"]})
    {'a': {'b': 1, 'c': 2}, 'ports': ['1', '2']}
    """
    whole = dict(under)
    for key, value in over.items():
        below = whole.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            whole[key] = merged(below, value)
        elif key == "ports" and below:
            whole[key] = [*below, *value]
        elif key == "volumes" and below:
            whole[key] = list(({target(one): one for one in below + value}).values())
        else:
            whole[key] = value
    return whole


def target(volume):
    """Return where a volume is seen inside.

    >>> target("./config:/etc/sanzao:ro")
    '/etc/sanzao'
    """
    return volume.split(":")[1]
