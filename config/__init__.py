"""How much, and to whom: settings and knowledge as data.  A leaf: it knows no other package."""
