"""Real Postgres, Redis and Neo4j on loopback, for tests, CI and trying: `python -m evals.engines --help`.

with private(Postgres) as server:      # its own data, gone at the end
    server.url; server.kill(); server.restart()
"""
