"""Where masks may come: Keras's operators drop them, and the language's operators pass them on."""

from __future__ import annotations

from nndsl import layers
from nndsl.importing.recorded import CallRecord, LayerRecord, ModelRecord, TensorRecord
from nndsl.importing.values import tensors_in
from nndsl.layers.base import Layer


def masked_tensors(record: ModelRecord, masked_inputs: bool = False) -> frozenset[TensorRecord]:
    """Return the tensors that may have a mask; where it is not certain, they are among them."""
    by_key = {layer.key: layer for layer in record.layers}
    found: set[TensorRecord] = set()
    if masked_inputs:
        found |= {TensorRecord(None, place) for place in range(len(record.inputs))}
    for number, call in enumerate(record.calls):
        if _gives_mask(by_key[call.layer], call, found):
            found |= {TensorRecord(number, output) for output in range(call.outputs)}
    return frozenset(found)


def _gives_mask(layer: LayerRecord, call: CallRecord, found: set[TensorRecord]) -> bool:
    if layer.kind.startswith("ops."):
        return False
    if layer.kind == "Masking" or layer.arguments.get("mask_zero"):
        return True
    comes = any(tensor in found for tensor in tensors_in(call.positional))
    if layer.model is not None:
        inside = masked_tensors(layer.model, comes)
        return any(tensor in inside for _, tensor in layer.model.outputs)
    cls = layers.find(layer.kind)
    return comes and (cls is None or cls.masks == "passes" or cls.mask is not Layer.mask)
