"""The owner's logo, colour and words."""
