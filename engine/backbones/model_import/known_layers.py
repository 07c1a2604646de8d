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
# Classes that only describe how a layer begins and is held: nothing in them reads files or runs code.
PARTS = {
    "initializers": """
Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal LecunUniform Ones
Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
""",
    "regularizers": "L1 L1L2 L2 OrthogonalRegularizer",
    "constraints": "MaxNorm MinMaxNorm NonNeg UnitNorm",
}
# Arithmetic between layers. What makes tensors out of nothing (Full, Linspace, Array), or calls a function of the file
# (keras.src.ops.core), is not there.
_OPERATIONS = {
    "numpy": """
Abs Absolute Add Amax Amin Average BroadcastTo Ceil Clip Concatenate Copy Cos Divide DivideNoNan Dot Einsum Equal Exp
Exp2 ExpandDims Expm1 Fabs Flip Fliplr Flipud Floor FloorDivide GetItem Greater GreaterEqual Less LessEqual Log Log10
Log1p Log2 Logaddexp LogicalAnd LogicalNot LogicalOr Matmul Max Maximum Mean Min Minimum Mod Moveaxis Multiply NanToNum
Negative NotEqual OnesLike Pad Power Prod Ravel Reciprocal Repeat Reshape Roll Round Sign Sin Split Sqrt Square Squeeze
Stack Std Subtract Sum Swapaxes Take Tanh Tensordot Tile Transpose TrueDivide Trunc Var Where ZerosLike
""",
    "nn": """
AveragePool BatchNorm Celu Conv ConvTranspose DepthToSpace DepthwiseConv DotProductAttention Elu Gelu Glu HardShrink
HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid LogSoftmax MaxPool Moments Normalize OneHot RMSNorm Relu
Relu6 Selu SeparableConv Sigmoid Silu SoftShrink Softmax Softplus Softsign SpaceToDepth SparsePlus SparseSigmoid
Sparsemax Squareplus TanhShrink Threshold
""",
    "image": "CropImages ExtractPatches PadImages RGBToGrayscale Resize",
}
# {module: names of its classes}
KNOWN_PARTS = {
    **{f"keras.{module}": frozenset(names.split()) for module, names in PARTS.items()},
    **{f"keras.src.{module}": frozenset(names.split()) for module, names in PARTS.items()},
    **{f"keras.src.ops.{module}": frozenset(names.split()) for module, names in _OPERATIONS.items()},
}
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
