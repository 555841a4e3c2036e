# Tierline. `make` alone lists the targets; `make demo` and `make test` do all their own set-up.
