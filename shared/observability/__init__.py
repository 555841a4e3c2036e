"""What a running service lets others see: metrics, logs, traces."""
