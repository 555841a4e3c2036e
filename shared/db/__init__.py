"""PostgreSQL: engine, migrations and the standard tables every service has in its own schema.

Tables are named without a schema: a service's connections have its schema as `search_path`.
"""
