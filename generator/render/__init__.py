"""Pictures from a network: pure functions from a loaded model and plain settings to arrays and scores.

Its modules need Keras, and ``render.backend`` TensorFlow; importing the package itself imports neither.
"""
