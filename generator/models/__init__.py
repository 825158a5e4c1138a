"""From a model entry to a ``LoadedModel`` (needs Keras) and its ``ModelSummary`` (plain data).

Importing this package, ``models.summary`` imports no TensorFlow; ``models.load`` does.
"""
