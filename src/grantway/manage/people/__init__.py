"""Users of an org and what gives them permissions; below them nothing but the ground."""
