"""The parts that an uploaded network may be made of: Keras' built-in layers that make sense for pictures."""

MODELS = frozenset({"Functional", "Sequential"})
_LAYERS = """
InputLayer Activation ReLU LeakyReLU PReLU ELU Softmax Identity Dense EinsumDense Dropout SpatialDropout2D
AlphaDropout GaussianNoise GaussianDropout ActivityRegularization Conv1D Conv2D DepthwiseConv2D SeparableConv2D
Conv2DTranspose Embedding MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D AdaptiveAveragePooling2D
AdaptiveMaxPooling2D GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D
BatchNormalization LayerNormalization GroupNormalization RMSNormalization UnitNormalization Add Subtract Multiply
Average Maximum Minimum Concatenate Dot Flatten Reshape Permute RepeatVector ZeroPadding1D ZeroPadding2D Cropping1D
Cropping2D UpSampling2D MultiHeadAttention Attention AdditiveAttention GroupedQueryAttention Rescaling Normalization
Resizing CenterCrop RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomElasticTransform
RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom AugMix
AutoContrast Equalization RandAugment Solarization LayerScale StochasticDepth SeedGenerator
"""
LAYERS = frozenset(_LAYERS.split())
# Layers that change pictures at random while a network learns, and must leave them alone when it looks: taken out.
VARYING = frozenset(
    [
        "RandomBrightness",
        "RandomColorDegeneration",
        "RandomColorJitter",
        "RandomContrast",
        "RandomElasticTransform",
        "RandomErasing",
        "RandomFlip",
        "RandomGaussianBlur",
        "RandomGrayscale",
        "RandomHue",
        "RandomInvert",
        "RandomPerspective",
        "RandomPosterization",
        "RandomRotation",
        "RandomSaturation",
        "RandomSharpness",
        "RandomShear",
        "RandomTranslation",
        "RandomZoom",
        "AugMix",
        "RandAugment",
    ]
)
LAYER_MODULES = ("keras.layers", "keras.models", "keras.src.layers", "keras.src.models", "keras.src.applications")
# Modules whose classes only describe how a layer begins and is held: nothing in them reads files or runs code.
PART_MODULES = frozenset(
    {
        "keras.initializers",
        "keras.regularizers",
        "keras.constraints",
        "keras.src.initializers",
        "keras.src.regularizers",
        "keras.src.constraints",
    }
)
# Arithmetic between layers. Not keras.src.ops.core, some of whose operations call a function of the file.
OPERATION_MODULES = ("keras.src.ops.numpy", "keras.src.ops.nn", "keras.src.ops.image")
ACTIVATIONS = frozenset(
    [
        "celu",
        "elu",
        "exponential",
        "gelu",
        "glu",
        "hard_shrink",
        "hard_sigmoid",
        "hard_silu",
        "hard_swish",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "softmax",
        "softplus",
        "softsign",
        "soft_shrink",
        "sparse_plus",
        "sparse_sigmoid",
        "sparsemax",
        "squareplus",
        "swish",
        "tanh",
        "tanh_shrink",
        "threshold",
    ]
)
