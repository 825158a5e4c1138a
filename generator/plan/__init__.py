"""What there is to render: an ordered list of tasks, each a plain value with a key of its own."""

from generator.plan.activity import Activity, activity_key, layers_by_activity
from generator.plan.choose import EVERYTHING, Choice, check_layers, chosen_layers, matches, spread
from generator.plan.tasks import (
    FEATURE_MAP,
    KERNEL,
    PICTURE,
    PhotoIdentity,
    Task,
    batches,
    plan_model,
    tasks_from_examples,
)
from generator.plan.tuning import Tuning

__all__ = [
    "EVERYTHING",
    "FEATURE_MAP",
    "KERNEL",
    "PICTURE",
    "Activity",
    "Choice",
    "PhotoIdentity",
    "Task",
    "Tuning",
    "activity_key",
    "batches",
    "check_layers",
    "chosen_layers",
    "layers_by_activity",
    "matches",
    "plan_model",
    "spread",
    "tasks_from_examples",
]
