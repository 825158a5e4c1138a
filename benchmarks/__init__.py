"""Side-by-side measurements. Each is a ratio, or a share, within one run: machines are shared and noisy."""
