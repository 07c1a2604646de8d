"""Why a model answers as it does: four ways to ask, each drawn as heat over the picture."""
