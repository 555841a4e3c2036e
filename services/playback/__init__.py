"""Playing tickets through intake's public API: for `tierline replay`, the demo and measurements."""
