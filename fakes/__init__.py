"""Small servers that speak a paid service's real protocol, for tests and for trying. They import nothing of ours."""
