"""Arrays and picture files: encoding, decoding, colours, thumbnails and contact sheets."""
