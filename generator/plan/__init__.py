"""What there is to render: an ordered list of tasks, each a plain value with a key of its own."""

from generator.plan.choose import EVERYTHING, Choice, check_layers, chosen_layers
from generator.plan.tasks import FEATURE_MAP, KERNEL, PICTURE, PhotoIdentity, Task, plan_model
from generator.plan.tuning import Tuning

__all__ = [
    "EVERYTHING",
    "FEATURE_MAP",
    "KERNEL",
    "PICTURE",
    "Choice",
    "PhotoIdentity",
    "Task",
    "Tuning",
    "check_layers",
    "chosen_layers",
    "plan_model",
]
