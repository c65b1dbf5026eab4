"""Layers of Keras that nndsl has not, and what to do instead."""

from __future__ import annotations

_EXTERN = "write it as an `nn.Module`, and declare that with `extern`"
_BATCH = "it looks at labels too: apply it where batches are made, before the model"
_PIXELS = f"apply it where images are loaded, or {_EXTERN}"
_TEXT = "text is no tensor: apply it where the data are loaded, and give the model `int64` tokens, as `Embedding` takes"
_NUMBERS = "and use `CategoryEncoding` or `Embedding` on the numbers"
_OTHERS = "`RandomFlip`, `RandomRotation`, `RandomZoom`, `RandomTranslation`, `RandomCrop`, `RandomContrast`"

INSTEAD = {
    "Lambda": f"write its expression with operators and `ops.name(…)`, or {_EXTERN}",
    "Layer": f"a layer made of layers is a `block`; for one of your own, {_EXTERN}",
    "Wrapper": "a `block` can take a layer as its parameter: `block Twice(inner) { … }`",
    "JaxLayer": f"its function is JAX, and a model runs on PyTorch: {_EXTERN}",
    "FlaxLayer": f"its module is Flax, and a model runs on PyTorch: {_EXTERN}",
    "TFSMLayer": f"its graph is TensorFlow's, and a model runs on PyTorch: {_EXTERN}",
    "TorchModuleWrapper": "declare the `nn.Module` with `extern`, and call it by its name",
    "InputSpec": "declare the shape and dtype of what comes in: `input name: int64(T)`",
    "Pipeline": "chain the layers: `x -> RandomFlip() -> RandomRotation(0.1)`",
    "SpectralNormalization": "put `torch.nn.utils.parametrizations.spectral_norm` on the layer of the built module",
    "ConvLSTM1D": "give the steps a height of 1, `Reshape((T, 1, steps, channels))`, and use `ConvLSTM2D`",
    "ConvLSTM3D": f"use `ConvLSTM2D` if two axes are enough, or {_EXTERN}",
    "StringLookup": _TEXT,
    "TextVectorization": _TEXT,
    "IntegerLookup": f"number the categories from 0 where the data are loaded, {_NUMBERS}",
    "Hashing": f"hash where the data are loaded, {_NUMBERS}",
    "HashedCrossing": f"cross and hash where the data are loaded, {_NUMBERS}",
    "MelSpectrogram": "compute it where sounds are loaded, with `torchaudio.transforms`, and take it as input",
    "STFTSpectrogram": "compute it where sounds are loaded, with `torch.stft`, and take it as input",
    "MixUp": _BATCH,
    "CutMix": _BATCH,
    "MaxNumBoundingBoxes": "bring boxes to one number where the data are loaded: a model takes tensors of one shape",
    "RandAugment": f"chain layers that are there: {_OTHERS}",
    "AugMix": f"chain layers that are there: {_OTHERS}",
    "RandomColorJitter": f"`RandomBrightness(0.2) -> RandomContrast(0.2)` is half of it; for the colours, {_PIXELS}",
    "RandomShear": f"`RandomRotation` and `RandomTranslation` move pixels too; else {_PIXELS}",
    "RandomPerspective": f"`RandomRotation` and `RandomZoom` move pixels too; else {_PIXELS}",
    "RandomElasticTransform": f"`RandomRotation` and `RandomZoom` move pixels too; else {_PIXELS}",
    "RandomErasing": f"`Dropout` and `SpatialDropout2D` drop values too; else {_PIXELS}",
    "RandomGaussianBlur": f"`GaussianNoise` disturbs pixels too; else {_PIXELS}",
    "RandomSharpness": f"`RandomContrast` changes edges too; else {_PIXELS}",
    "RandomInvert": f"`x -> Rescaling(-1, offset=255)` inverts all images; else {_PIXELS}",
    **dict.fromkeys(
        (
            "Solarization",
            "RandomColorDegeneration",
            "RandomGrayscale",
            "RandomHue",
            "RandomSaturation",
            "RandomPosterization",
        ),
        f"`RandomBrightness` and `RandomContrast` change values too; else {_PIXELS}",
    ),
    **dict.fromkeys(
        ("AutoContrast", "Equalization", "ContrastLimitedAdaptiveHistogramEqualization"),
        f"it draws nothing, so that images can go through it once: {_PIXELS}",
    ),
}
"""What to do, as a line of help, by the name of the layer in Keras."""
