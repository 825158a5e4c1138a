"""What filters have to do with each other, with photos and with other models: plain numbers of records."""
