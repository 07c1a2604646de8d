"""What training aims at where boxes say where objects are: pictures are encoded by the classes that they show.

The head, its targets and its loss stand in engine.training.detection: they are about places, not about pictures.
"""

from engine.training.objectives.multi_label import MultiLabel


class Detection(MultiLabel):
    """y holds 1.0 for every class of which a picture shows an object, (N, num_classes)."""
