"""The recipes of the language, one file per kind; a file loads on first use, by an index of names."""

from __future__ import annotations

from importlib import import_module

from nndsl.arguments import ArgumentError
from nndsl.recipes.base import KINDS, PendingRecipe, Recipe, RecipeKind

FILES: dict[str, tuple[str, ...]] = {
    "initializer": ("initializers", "more_initializers"),
    "regularizer": ("regularizers",),
    "constraint": ("constraints",),
    "optimizer": ("optimizers",),
    "schedule": ("schedules",),
    "loss": ("losses",),
    "metric": ("metrics", "counting_metrics"),
    "callback": ("callbacks",),
    "data": ("data",),
}
"""The files of this folder that declare the recipes of a kind."""

NAMES: dict[str, tuple[str, ...]] = {
    "initializer": (
        *("Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "LecunNormal"),
        *("LecunUniform", "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "STFT", "TruncatedNormal"),
        *("VarianceScaling", "Zeros"),
    ),
    "regularizer": ("L1", "L1L2", "L2", "OrthogonalRegularizer"),
    "constraint": ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"),
    "optimizer": (
        *("Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "Muon", "Nadam"),
        *("RMSprop", "SGD", "ScheduleFreeAdamW"),
    ),
    "schedule": (
        *("CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "PiecewiseConstantDecay"),
        "PolynomialDecay",
    ),
    "loss": (
        *("BinaryCrossentropy", "BinaryFocalCrossentropy", "CTC", "CategoricalCrossentropy"),
        *("CategoricalFocalCrossentropy", "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "Circle"),
        *("CosineSimilarity", "Dice", "Hinge", "Huber", "KLDivergence", "LogCosh", "MeanAbsoluteError"),
        *("MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson"),
        *("SparseCategoricalCrossentropy", "SquaredHinge", "Tversky", "Value"),
    ),
    "metric": (
        *("AUC", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU", "CategoricalAccuracy"),
        *("CategoricalCrossentropy", "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "F1Score"),
        *("FBetaScore", "FalseNegatives", "FalsePositives", "Hinge", "IoU", "KLDivergence", "LogCoshError", "Mean"),
        *("MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanIoU", "MeanSquaredError"),
        *("MeanSquaredLogarithmicError", "OneHotIoU", "OneHotMeanIoU", "PearsonCorrelation", "Poisson", "Precision"),
        *("PrecisionAtRecall", "R2Score", "Recall", "RecallAtPrecision", "RootMeanSquaredError"),
        *("SensitivityAtSpecificity", "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy"),
        *("SparseTopKCategoricalAccuracy", "SpecificityAtSensitivity", "SquaredHinge", "Sum"),
        *("TopKCategoricalAccuracy", "TrueNegatives", "TruePositives"),
    ),
    "callback": (
        *("BackupAndRestore", "CSVLogger", "EarlyStopping", "LearningRateScheduler", "ModelCheckpoint"),
        *("ReduceLROnPlateau", "SwapEMAWeights", "TensorBoard", "TerminateOnNaN"),
    ),
    "data": ("Csv", "ImageFolder", "Npy", "Npz", "Parquet"),
}
"""The names of each kind, in the order of the alphabet."""


def kinds_of(name: str) -> tuple[str, ...]:
    """Return the kinds that have a recipe of the name (13 names are both a loss and a metric)."""
    return tuple(kind for kind, names in NAMES.items() if name in names)


def find(kind: str, name: str) -> type[Recipe] | None:
    """Return the recipe of a kind and a name, or None; its file is imported now."""
    if name not in NAMES[kind]:
        return None
    modules = (import_module(f"nndsl.recipes.{file}") for file in FILES[kind])
    found: type[Recipe] = next(getattr(module, name) for module in modules if hasattr(module, name))
    return found


def resolve(kind: str, value: object) -> Recipe:
    """Return the recipe of a kind that a value of the language stands for: a recipe as written, or Keras's string.

    Raises BindingError (``nndsl.binding``) for arguments that do not fit, and ArgumentError for a value that is no
    recipe of the kind: E0302 of another kind or type, E0304 an unknown string, E0201 an unknown name.
    """
    if isinstance(value, Recipe) and value.kind == kind:
        return value
    if isinstance(value, str):
        from nndsl.recipes.strings import recipe_of

        return recipe_of(kind, value)
    if not isinstance(value, PendingRecipe):
        raise RecipeKind(kind).refuse(value)
    declared = find(kind, value.name)
    if declared is None:
        raise _unknown(kind, value)
    from nndsl.binding import BindingError, bind

    made = bind(declared, value.arguments)
    try:
        made.check()
    except ArgumentError as error:
        raise BindingError(error.code, error.message, error.help) from error
    return made


def _unknown(kind: str, value: PendingRecipe) -> Exception:
    from nndsl.suggestions import suggest

    kinds = kinds_of(value.name)
    if kinds:
        there = f"`{value.name}` is {KINDS[kinds[0]].split(' such as ')[0]}"
        return RecipeKind(kind).refuse(value, help=there)
    return ArgumentError(
        "E0201", f"cannot be `{value.name}`: there is no {kind} of that name", suggest(value.name, NAMES[kind], "value")
    )
