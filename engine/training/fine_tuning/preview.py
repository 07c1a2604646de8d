"""Show on a person's own pictures what augmentation does to them, before anything is trained."""

import numpy as np

from engine.storage.workspace import Workspace
from engine.training.fine_tuning.safe_augmentation import FOR_DRAWINGS, FOR_PHOTOS
from engine.training.inputs import augment
from engine.training.inputs.pixels import Pixels, choose_fit, look_like_photos
from engine.training.recipe import Recipe


def preview(workspace: Workspace, recipe: Recipe, keys: list[str], views: int) -> list[list[np.ndarray]]:
    """Return `views` random views (uint8, S x S x 3) of each picture. Raises TrainingError for a senseless recipe.

    For "auto" it shows what is usual for photos or for drawings; the training itself asks the pictures first.
    """
    recipe.validate()
    names = recipe.augmentation
    if names == ("auto",):
        names = FOR_PHOTOS if look_like_photos(workspace, keys) else FOR_DRAWINGS
    pixels = Pixels(workspace, recipe.size, choose_fit(workspace, recipe.fit, keys)).read(keys)
    shown = [augment.view(pixels, keys, names, recipe.seed, number) for number in range(1, views + 1)]
    return [[view[position] for view in shown] for position in range(len(keys))]
