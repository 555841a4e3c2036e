"""The notifier's rules: pure, without IO and without a clock of their own."""
