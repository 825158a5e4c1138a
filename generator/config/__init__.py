"""From YAML and the command line to a frozen, complete and validated ``Config``."""

from generator.config.load import default_config, load_config
from generator.config.values import (
    Branding,
    Config,
    LayerRule,
    ModelEntry,
    MostActive,
    Photo,
    PreprocessChoice,
    RenderSettings,
)

__all__ = [
    "Branding",
    "Config",
    "LayerRule",
    "ModelEntry",
    "MostActive",
    "Photo",
    "PreprocessChoice",
    "RenderSettings",
    "default_config",
    "load_config",
]
