"""The four services (`intake`, `router`, `escalator`, `notifier`) and the `tierline` command line."""
