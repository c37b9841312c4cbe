"""Tables of pairs, such as flows and ways: their two ends, matched with the ids of layers."""

import numpy as np

from .units import ids_of


def unique_ids(layer, field, what):
    """Give the id of each feature, after checking that none stands twice."""
    from spatialhealth.errors import DuplicateError, some

    ids = ids_of(layer, field)
    found, counts = np.unique(ids.astype(str), return_counts=True)
    if (counts > 1).any():
        raise DuplicateError(
            f"The field {field!r} of the {what} has these ids more than once: {some(found[counts > 1].tolist())}. "
            "Choose a field that tells the features apart."
        )
    return ids


def ends_of(table, field, ids, table_name, what):
    """Give the labels of one end of the pairs and their places among the ids of a layer, which must have them all."""
    from spatialhealth.errors import AlignmentError, some
    from spatialhealth.weights.ids import id_array, places

    labels, known = id_array(ids_of(table, field)), id_array(ids)
    place = places(known, labels)
    if (place < 0).any():
        kinds = [f"{name} holds {kind_of(one)}" for name, one in ((repr(field), labels), ("the id", known))]
        why = f" {kinds[0]}, {kinds[1]}." if kind_of(labels) != kind_of(known) else ""
        unknown = list(dict.fromkeys(labels[place < 0].tolist()))
        raise AlignmentError(
            f"The table of {table_name} names {what} that the layer does not have: {some(unknown)}.{why} Add them to "
            "the layer, leave their rows out, or choose another field of ids."
        )
    return labels, place


def kind_of(labels):
    """Say whether labels are text or numbers."""
    return "numbers" if labels.dtype.kind in "iuf" else "text"
