"""The networks of keras.applications by name, known without importing Keras; a test compares them with Keras's own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Application:
    """One network: the module of keras.applications it is in, and the files that Keras caches its weights as."""

    module: str
    weights: str
    weights_with_top: str


def weights_folder() -> Path:
    """Return the folder in which Keras looks for downloaded weights (``KERAS_HOME`` moves it)."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".keras") / "models"


APPLICATIONS = {
    "ConvNeXtBase": Application(
        "convnext",
        "convnext_base_notop.h5",
        "convnext_base.h5",
    ),
    "ConvNeXtLarge": Application(
        "convnext",
        "convnext_large_notop.h5",
        "convnext_large.h5",
    ),
    "ConvNeXtSmall": Application(
        "convnext",
        "convnext_small_notop.h5",
        "convnext_small.h5",
    ),
    "ConvNeXtTiny": Application(
        "convnext",
        "convnext_tiny_notop.h5",
        "convnext_tiny.h5",
    ),
    "ConvNeXtXLarge": Application(
        "convnext",
        "convnext_xlarge_notop.h5",
        "convnext_xlarge.h5",
    ),
    "DenseNet121": Application(
        "densenet",
        "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "densenet121_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "DenseNet169": Application(
        "densenet",
        "densenet169_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "densenet169_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "DenseNet201": Application(
        "densenet",
        "densenet201_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "densenet201_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "EfficientNetB0": Application(
        "efficientnet",
        "efficientnetb0_notop.h5",
        "efficientnetb0.h5",
    ),
    "EfficientNetB1": Application(
        "efficientnet",
        "efficientnetb1_notop.h5",
        "efficientnetb1.h5",
    ),
    "EfficientNetB2": Application(
        "efficientnet",
        "efficientnetb2_notop.h5",
        "efficientnetb2.h5",
    ),
    "EfficientNetB3": Application(
        "efficientnet",
        "efficientnetb3_notop.h5",
        "efficientnetb3.h5",
    ),
    "EfficientNetB4": Application(
        "efficientnet",
        "efficientnetb4_notop.h5",
        "efficientnetb4.h5",
    ),
    "EfficientNetB5": Application(
        "efficientnet",
        "efficientnetb5_notop.h5",
        "efficientnetb5.h5",
    ),
    "EfficientNetB6": Application(
        "efficientnet",
        "efficientnetb6_notop.h5",
        "efficientnetb6.h5",
    ),
    "EfficientNetB7": Application(
        "efficientnet",
        "efficientnetb7_notop.h5",
        "efficientnetb7.h5",
    ),
    "EfficientNetV2B0": Application(
        "efficientnet_v2",
        "efficientnetv2-b0_notop.h5",
        "efficientnetv2-b0.h5",
    ),
    "EfficientNetV2B1": Application(
        "efficientnet_v2",
        "efficientnetv2-b1_notop.h5",
        "efficientnetv2-b1.h5",
    ),
    "EfficientNetV2B2": Application(
        "efficientnet_v2",
        "efficientnetv2-b2_notop.h5",
        "efficientnetv2-b2.h5",
    ),
    "EfficientNetV2B3": Application(
        "efficientnet_v2",
        "efficientnetv2-b3_notop.h5",
        "efficientnetv2-b3.h5",
    ),
    "EfficientNetV2L": Application(
        "efficientnet_v2",
        "efficientnetv2-l_notop.h5",
        "efficientnetv2-l.h5",
    ),
    "EfficientNetV2M": Application(
        "efficientnet_v2",
        "efficientnetv2-m_notop.h5",
        "efficientnetv2-m.h5",
    ),
    "EfficientNetV2S": Application(
        "efficientnet_v2",
        "efficientnetv2-s_notop.h5",
        "efficientnetv2-s.h5",
    ),
    "InceptionResNetV2": Application(
        "inception_resnet_v2",
        "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "InceptionV3": Application(
        "inception_v3",
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "MobileNet": Application(
        "mobilenet",
        "mobilenet_1_0_224_tf_no_top.h5",
        "mobilenet_1_0_224_tf.h5",
    ),
    "MobileNetV2": Application(
        "mobilenet_v2",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
    ),
    "MobileNetV3Large": Application(
        "mobilenet_v3",
        "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
        "weights_mobilenet_v3_large_224_1.0_float.h5",
    ),
    "MobileNetV3Small": Application(
        "mobilenet_v3",
        "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
        "weights_mobilenet_v3_small_224_1.0_float.h5",
    ),
    "NASNetLarge": Application(
        "nasnet",
        "nasnet_large_no_top.h5",
        "nasnet_large.h5",
    ),
    "NASNetMobile": Application(
        "nasnet",
        "nasnet_mobile_no_top.h5",
        "nasnet_mobile.h5",
    ),
    "ResNet101": Application(
        "resnet",
        "resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "resnet101_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "ResNet101V2": Application(
        "resnet_v2",
        "resnet101v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "resnet101v2_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "ResNet152": Application(
        "resnet",
        "resnet152_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "resnet152_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "ResNet152V2": Application(
        "resnet_v2",
        "resnet152v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "resnet152v2_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "ResNet50": Application(
        "resnet",
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "ResNet50V2": Application(
        "resnet_v2",
        "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "resnet50v2_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "VGG16": Application(
        "vgg16",
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "vgg16_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "VGG19": Application(
        "vgg19",
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "vgg19_weights_tf_dim_ordering_tf_kernels.h5",
    ),
    "Xception": Application(
        "xception",
        "xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "xception_weights_tf_dim_ordering_tf_kernels.h5",
    ),
}


def weights_path(name: str, include_top: bool = False) -> Path:
    """Return the file that Keras caches a network's ImageNet weights as."""
    application = APPLICATIONS[name]
    return weights_folder() / (application.weights_with_top if include_top else application.weights)
