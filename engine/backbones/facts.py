"""What is known of a network before it is loaded, as plain data. Light: importing it loads no framework."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class BackboneInfo:
    """What a person should know before choosing a network, and what the engine needs to build it.

    `image_sizes` is (default, smallest, largest) in pixels. `preprocessing` says which pixel values the network was
    trained on: "symmetric" [-1, 1], "lite" (value - 127) / 128, "caffe" (BGR minus the ImageNet mean), "torch" (mean
    and deviation per channel) or "inside" (the network's own first layers do it). `package` is the Python package that
    brings the weights, where they are not downloaded from `url`. `inner` names layers whose maps are read out beside
    the last one, with their channels; `features` counts them in (see engine.backbones.readout). `origin` says where it
    is from: the "catalogue", an earlier "run" or an "upload" (see engine.backbones.custom), "nothing" where its weights
    are random, or "flattened" where it is another one that ends in the places of its last map. `core_ms` is about how
    many milliseconds an ordinary core takes for a picture of the default size, where that was measured.
    """

    key: str
    title: str
    sentence: str
    image_sizes: tuple[int, int, int]
    features: int
    parameters: int
    top1: float | None
    top1_source: str
    preprocessing: str
    application: str | None = None
    arguments: dict = field(default_factory=dict)
    url: str | None = None
    package: str | None = None
    inner: tuple[tuple[str, int], ...] = ()
    core_ms: float | None = None
    origin: str = "catalogue"

    @property
    def last_features(self) -> int:
        """Features of the last map alone: each inner channel gives two, its mean and its maximum."""
        return self.features - 2 * sum(channels for _layer, channels in self.inner)

    @property
    def download_mb(self) -> float:
        """Megabytes to download: four bytes a parameter, nothing for the embedded network."""
        return round(self.parameters * 4 / 1e6, 1) if self.url else 0.0

    @property
    def weights_file(self) -> str | None:
        """The name Keras gives the weights file, looked for in GRAFT_WEIGHTS_DIR."""
        return self.url.rsplit("/", 1)[-1] if self.url else None
