"""What every Tierline service stands on: the published language, the runtime, and the four edges.

May live here: what two or more services need and what has no meaning of one service in it. Must not:
a service's tables or rules, channel or sender adapters, clients of our own services, base classes,
anything called utils. Layers and their order are import contracts in `pyproject.toml`.
"""
