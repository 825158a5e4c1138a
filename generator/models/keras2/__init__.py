"""Networks as Keras 2 (tf.keras 2.4 to 2.15, tf_keras) saved them, made anew in Keras 3 from their configuration."""
