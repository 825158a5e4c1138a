"""The types of config.yaml's keys, each with its validation, its message, its JSON Schema and examples."""
