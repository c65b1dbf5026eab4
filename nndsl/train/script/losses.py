"""The function of a script that gives the loss of a batch, and logs it with the metrics."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from nndsl.compiler import Compiled
from nndsl.emit.printer import docstring, statement
from nndsl.graph import Graph
from nndsl.recipes.base import Recipe
from nndsl.recipes.losses import CrossentropyByShape, LogCosh, Value
from nndsl.train.errors import TrainingError
from nndsl.train.losses import COMMON as NO_ARGUMENTS
from nndsl.train.losses import FUSED, SIGNED, WHOLE, dtype_of, function_of
from nndsl.train.metrics import named
from nndsl.train.metrics.made import AT, CLASSES, VALUES, arguments
from nndsl.train.script.facts import Facts
from nndsl.train.script.loading import Loaded
from nndsl.train.script.names import names_of
from nndsl.train.script.pasting import Sheet

LOSSES = "nndsl.train.losses"
METRICS = "nndsl.train.metrics"
PLAIN = {
    ("SparseCategoricalCrossentropy", True): "cross_entropy",
    ("CategoricalCrossentropy", True): "cross_entropy",
    ("BinaryCrossentropy", True): "binary_cross_entropy_with_logits",
    ("MeanSquaredError", False): "mse_loss",
    ("MeanAbsoluteError", False): "l1_loss",
}
"""The functions of PyTorch that losses without arguments are, the means of all; True: of logits, (N, C)."""
MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")


@dataclass(frozen=True, slots=True)
class Output:
    """An output, as the function sees it: names of the target and of what is predicted, and what is known of both.

    ``weight`` and ``mask`` are expressions, or nothing.
    """

    name: str
    target: str
    predicted: str
    logits: str
    target_axes: int | None
    axes: int
    classes: bool
    dtype: str
    last: object
    weight: str
    mask: str


def write_step(sheet: Sheet, compiled: Compiled, graph: Graph, loaded: Loaded, facts: Facts) -> bool:
    """Put the function ``step`` into a script, and what it uses; return whether there are metrics with a state.

    ``graph`` is the one that is trained; ``facts`` say what its module has.
    """
    assert compiled.compile is not None
    outputs = list(_outputs(compiled, graph, loaded))
    inputs, _, predicted = names_of(compiled)
    called = f"model{'.forward_with_extras' if facts.extras else ''}({', '.join(inputs)})"
    body: list[str] = []
    body += _class_weights(compiled, outputs, loaded)
    losses = list(_losses(sheet, compiled, outputs))
    several = len(losses) > 1
    weighed, logged = [], {"loss": "loss"}
    for name, expression, weight in losses:
        variable = f"{name}_" if name in (*loaded.names, *inputs) else name
        body += [*expression[:-1], f"{variable} = {expression[-1]}"]
        weighed.append(variable if weight in (None, 1.0) else f"{variable} * {weight!r}")
        logged[name] = variable
    if several:
        body.append(f"loss = {' + '.join(weighed)}")
    elif weighed[0] != "loss":
        body.append(f"loss = {weighed[0]}")
    if facts.penalty:
        body.append("loss = loss + model.regularization_loss()")
    if facts.activity:
        body.append('loss = loss + extras["activity_loss"]')
    stateful: dict[str, str] = {}
    for name, made in _metrics(sheet, compiled, outputs):
        if isinstance(made, str):
            logged[name] = made
        else:
            stateful[name], update = made
            body.append(f'log.metrics["{name}"].update({update})')
    listed = ", ".join(f'"{name}": {value}' for name, value in logged.items())
    body += [f"log.add({{{listed}}}, len({inputs[0]}))", "return loss"]
    parameters = ", ".join(f"{each}: Tensor" for each in loaded.names)
    sheet.paste("nndsl.train.script.parts.log_with_metrics" if stateful else "nndsl.train.script.parts.log", "Log")
    sheet.need(("torch", "", "torch"), ("torch", "Tensor", "Tensor"))
    if stateful:
        made_of = ", ".join(f'"{name}": {value}' for name, value in stateful.items())
        lines = [*statement("def new_log() -> Log:", 0), '    """Return a log for an epoch."""']
        sheet.add("new_log", [*lines, *statement(f"return Log({{{made_of}}})", 4)])
    head = statement(f"def step(model: {facts.name}, log: Log, {parameters}) -> Tensor:", 0)
    whole = " ".join(body)
    taken = [name if re.search(rf"\b{name}\b", whole) else "_" for name in predicted]
    given = taken[0] if len(taken) == 1 else f"({', '.join(taken)})" if facts.extras else ", ".join(taken)
    first = f"{given}, extras = {called}" if facts.extras else f"{given} = {called}"
    text = [line for each in (first, *body) for line in statement(each, 4)]
    sheet.add("step", [*head, '    """Return the loss of a batch, and log it."""', *text])
    return bool(stateful)


def _outputs(compiled: Compiled, graph: Graph, loaded: Loaded) -> Iterator[Output]:
    assert compiled.fit is not None
    extras = {name for name, _ in graph.extras}
    _, targets, predicted = names_of(compiled)
    for (name, tensor), target, made, slot in zip(graph.outputs, targets, predicted, loaded.slots, strict=True):
        yield Output(
            name,
            target,
            made,
            f'extras["{name}_logits"]' if f"{name}_logits" in extras else "",
            loaded.axes.get(name),
            tensor.type.rank - 1,
            slot.kind == "classes",
            tensor.type.dtype,
            tensor.type.shape[-1] if tensor.type.rank > 1 else None,
            "weight" if compiled.fit.class_weight else "sample_weight" if loaded.weighted else "",
            f'extras["{name}_mask"]' if f"{name}_mask" in extras else "",
        )


def _class_weights(compiled: Compiled, outputs: list[Output], loaded: Loaded) -> list[str]:
    assert compiled.fit is not None
    if not compiled.fit.class_weight:
        return []
    if loaded.weighted:
        message = "samples are weighed by `class_weight` or by `sample_weight`, not by both"
        raise TrainingError("E1215", message, "leave one of them out")
    output = outputs[0]
    labels = output.target
    if not output.classes:
        labels += ".squeeze(-1).round().long()" if output.last == 1 else ".argmax(-1)"
    return [f"chosen = CLASS_WEIGHTS[{labels}]", "weight = chosen if model.training else None"]


def table_of_weights(compiled: Compiled, loaded: Loaded) -> str:
    """Return the weights of classes as an expression: one for each class."""
    assert compiled.fit is not None
    weights = dict(compiled.fit.class_weight)
    slot = loaded.slots[0]
    last = slot.shape[-1] if slot.shape and slot.kind != "classes" else slot.limit
    count = max(2, last if isinstance(last, int) else 0, max(weights) + 1)
    listed = ", ".join(repr(float(weights.get(number, 1.0))) for number in range(count))
    return f"torch.tensor([{listed}], device=DEVICE)"


def _losses(sheet: Sheet, compiled: Compiled, outputs: list[Output]) -> Iterator[tuple[str, list[str], float | None]]:
    """Yield for each output with a loss the name, the statements whose last one is its value, and its weight."""
    settings = compiled.compile
    assert settings is not None
    count = sum(recipe is not None for recipe in settings.losses)
    weights = settings.loss_weights or (None,) * len(outputs)
    for output, recipe, weight in zip(outputs, settings.losses, weights, strict=True):
        if recipe is not None:
            yield (f"{output.name}_loss" if count > 1 else "loss"), _loss(sheet, recipe, output), weight


def _loss(sheet: Sheet, recipe: Recipe, output: Output) -> list[str]:
    reduction = getattr(recipe, "reduction", "sum_over_batch_size")
    ignored = getattr(recipe, "ignore_class", None)
    exact = bool(output.logits) and getattr(recipe, "from_logits", True) is False
    simple = not (output.weight or output.mask or ignored is not None or type(recipe).__name__ == "Circle")
    if isinstance(recipe, Value) and simple:
        return [f"{_cast(output.predicted, recipe, output)}.{'mean' if reduction in MEANS else 'sum'}()"]
    if simple and reduction in MEANS and type(recipe).__name__ in FUSED:
        return [_call(sheet, recipe, output, exact, mean=True)]
    call = _call(sheet, recipe, output, exact)
    if simple:
        return [f"{call}.{'mean' if reduction in MEANS else 'sum'}()"]
    reduced = sheet.paste(f"{LOSSES}.reduced", "reduced")
    valid = "losses > 0" if type(recipe).__name__ == "Circle" else ""
    valid = f"{output.target} != {ignored!r}" if ignored is not None else valid
    given = {"weight": output.weight, "mask": output.mask, "valid": valid}
    if reduction != "sum_over_batch_size":
        given["reduction"] = repr(reduction).replace("'", '"')
    return [f"losses = {call}", f"{reduced}(losses{''.join(f', {key}={text}' for key, text in given.items() if text)})"]


def _call(sheet: Sheet, recipe: Recipe, output: Output, exact: bool = False, mean: bool = False) -> str:
    """Return the call of a loss of a target and of what is predicted."""
    if isinstance(recipe, CrossentropyByShape):
        message = f'"crossentropy" of `{output.name}` means what the shape of the labels says'
        raise TrainingError("E1215", message, 'write "sparse_categorical_crossentropy", "binary_crossentropy", …')
    function = function_of(recipe)
    given = {key: value for key, value in _given(recipe, NO_ARGUMENTS).items() if _differs(function, key, value)}
    kind = type(recipe).__name__
    steps = kind not in WHOLE and getattr(recipe, "axis", -1) == -1
    target, predicted = _aligned(output, _cast(output.logits if exact else output.predicted, recipe, output), steps)
    plain = PLAIN.get((kind, exact))
    if mean and not given and plain is not None and (output.axes == 1 or plain != "cross_entropy"):
        sheet.need(("torch.nn.functional", "", "F"))
        return f"F.{plain}({predicted}, {target})"
    name = sheet.paste(function.__module__, function.__name__)
    if exact:
        given["from_logits"] = True
    if mean:
        given["mean"] = True
    if isinstance(recipe, Value):
        return f"{name}(None, {_cast(output.predicted, recipe, output)}{_keywords(given)})"
    if kind in SIGNED:
        target = f"{sheet.paste(f'{LOSSES}.signed', 'signed')}({target})"
    return f"{name}({target}, {predicted}{_keywords(given)})"


def _given(recipe: Recipe, without: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in arguments(recipe).items() if key not in without}


def _differs(function: Callable[..., Any], key: str, value: object) -> bool:
    parameter = inspect.signature(function).parameters.get(key)
    return parameter is None or parameter.default != value


def _keywords(given: Mapping[str, Any]) -> str:
    return "".join(f", {key}={value!r}".replace("'", '"') for key, value in given.items())


def _cast(text: str, recipe: Recipe, output: Output) -> str:
    wanted = str(dtype_of(recipe)).removeprefix("torch.")
    return text if wanted == output.dtype else f"{text}.to(torch.{wanted})"


def _aligned(output: Output, predicted: str, steps: bool) -> tuple[str, str]:
    """Return expressions of a target and of what is predicted, with equally many axes."""
    target, axes = output.target, output.target_axes
    if output.classes or axes is None or axes == output.axes:
        return target, predicted
    if axes == output.axes - 1 and output.last == 1:
        return (f"{target}.unsqueeze(-1)", predicted) if steps else (target, f"{predicted}.squeeze(-1)")
    return (f"{target}.squeeze(-1)", predicted) if axes == output.axes + 1 else (target, predicted)


def _metrics(sheet: Sheet, compiled: Compiled, outputs: list[Output]) -> Iterator[tuple[str, str | tuple[str, str]]]:
    """Yield metrics: the mean over a batch, or for those with a state how they are made and what they are given."""
    settings = compiled.compile
    assert settings is not None
    for name, index, recipe, is_weighted in named(
        [output.name for output in outputs], settings.metrics, settings.weighted_metrics
    ):
        output = outputs[index]
        if output.target_axes is None and type(recipe).__name__ not in ("Mean", "Sum"):
            message = f"the data have no targets for the metric `{name}`"
            raise TrainingError("E1215", message, "leave it out")
        kind = type(recipe).__name__
        weight = output.weight if is_weighted else ""
        given = f"{output.target if output.target_axes is not None else 'None'}, {output.predicted}.detach()"
        if kind in AT or (kind in CLASSES and kind != "Sum"):
            yield name, (_constructed(sheet, recipe), f"{given}, {weight}" if weight else given)
            continue
        if output.mask:  # what is masked weighs nothing
            steps = sheet.paste(f"{METRICS}.weighed", "weights_of_steps")
            weight = f"{steps}({output.mask}, {weight or None})"
        if kind == "Sum":
            yield name, (_constructed(sheet, recipe), f"{given}, {weight}" if weight else given)
        elif weight:
            average = sheet.paste(f"{METRICS}.average", "Average")
            values = f"values_of_{re.sub(r'[^0-9A-Za-z_]', '_', name)}"
            head = statement(f"def {values}({output.target}: Tensor, {output.predicted}: Tensor) -> Tensor:", 0)
            summary = docstring(f"Return `{name}` of each sample.", 4)
            body = statement(f"return {_value(sheet, recipe, output)}", 4)
            sheet.add(values, [*head, *summary, *body])
            yield name, (f"{average}({values}, device=DEVICE)", f"{given}, {weight}")
        elif kind in FUSED and getattr(recipe, "ignore_class", None) is None:
            yield name, _call(sheet, recipe, output, mean=True)
        else:
            yield name, f"{_value(sheet, recipe, output)}.mean()"


def _value(sheet: Sheet, recipe: Recipe, output: Output) -> str:
    """Return the values of a metric that is a mean of them."""
    name = type(recipe).__name__
    if name == "AccuracyByShape":
        name = "BinaryAccuracy" if output.last in (1, None) else "CategoricalAccuracy"
        name = "SparseCategoricalAccuracy" if output.classes else name
    if name == "Mean":
        return _cast(output.predicted, recipe, output)
    target, predicted = _aligned(output, output.predicted, False)
    if name == "SparseCategoricalAccuracy":
        return f"({predicted}.argmax(-1) == {output.target}).float()"
    if name == "CategoricalAccuracy":
        return f"({predicted}.argmax(-1) == {target}.argmax(-1)).float()"
    if name == "BinaryAccuracy":
        threshold = getattr(recipe, "threshold", 0.5)
        return f"(({predicted} > {threshold!r}) == {target}).float()"
    if name in VALUES:
        function = VALUES[name]
        pasted = sheet.paste(function.__module__, function.__name__)
        given = {key: value for key, value in arguments(recipe).items() if _differs(function, key, value)}
        return f"{pasted}({target}, {predicted}{_keywords(given)}).float()"
    if name == "LogCoshError":
        return _call(sheet, LogCosh(), output)
    return f"-{_call(sheet, recipe, output)}" if name == "CosineSimilarity" else _call(sheet, recipe, output)


def _constructed(sheet: Sheet, recipe: Recipe) -> str:
    """Return the construction of a metric that has a state."""
    name = type(recipe).__name__
    given = arguments(recipe)
    given.pop("num_labels", None)
    positional: tuple[object, ...] = ()
    if name in AT:
        best, other = AT[name]
        positional = (best, other, given.pop(other))
        module, made = f"{METRICS}.precision_recall", "BestUnder"
        function: Callable[..., Any] = getattr(__import__(module, fromlist=[made]), made)
    else:
        declared = CLASSES[name]
        if isinstance(declared, partial):
            positional, given = declared.args, given | declared.keywords
            declared = declared.func
        if "IoU" in name:
            given["whole"] = getattr(recipe, "dtype", None) is None
        function = declared
    pasted = sheet.paste(function.__module__, function.__name__)
    shown = [repr(value).replace("'", '"') for value in positional]
    shown += [f"{key}={value!r}".replace("'", '"') for key, value in given.items() if _differs(function, key, value)]
    return f"{pasted}({', '.join([*shown, 'device=DEVICE'])})"
