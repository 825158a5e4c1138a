"""Networks whose ``call`` uses TensorFlow's functions: run once in a graph of TensorFlow, and read from it."""
