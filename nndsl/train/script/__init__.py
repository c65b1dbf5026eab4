"""A training script for a model: it depends on torch and numpy alone, and gives the losses of ``nndsl train``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import floor
from pathlib import Path

from nndsl.compiler import Compiled
from nndsl.emit.printer import docstring, statement
from nndsl.recipes.strings import snake_case
from nndsl.train.data import Place
from nndsl.train.errors import TrainingError
from nndsl.train.objective import training_graph
from nndsl.train.script.callbacks import Callbacks, callbacks_of
from nndsl.train.script.facts import Facts, facts_of
from nndsl.train.script.loading import Loaded, write_load
from nndsl.train.script.losses import table_of_weights, write_step
from nndsl.train.script.optimizing import Optimizing, optimizing
from nndsl.train.script.pasting import Sheet

PARTS = "nndsl.train.script.parts"
_LIBRARIES = (
    ("pathlib", "Path", "Path"),
    ("torch", "", "torch"),
    ("torch", "Tensor", "Tensor"),
    ("torch", "nn", "nn"),
    ("collections.abc", "Sequence", "Sequence"),
)


def script(compiled: Compiled, place: Place, folder: Path) -> str:
    """Return the script of a model with ``compile`` and ``fit`` blocks, which is to lie in ``folder``.

    ``place`` is where the paths of the data begin; the files are read. Raises TrainingError: E1207 and E1208 without
    losses or data, E1215 for what a script does not do, and what is wrong with the data.
    """
    settings, fit = compiled.compile, compiled.fit
    if settings is None or not any(settings.losses):
        message = f"`{compiled.name}` has no loss, so nothing says how it is trained"
        raise TrainingError("E1207", message, "write `compile { optimizer = …, loss = … }` into the model")
    if fit is None or fit.data is None:
        message = f"`{compiled.name}` has no data in a `fit` block, which the script would load"
        raise TrainingError("E1208", message, 'write `fit { data = Npz("…") }` into the model')
    graph = training_graph(compiled)
    facts = facts_of(compiled, graph)
    sheet = Sheet()
    sheet.take(facts.source)
    sheet.need(*_LIBRARIES)
    optimizer = optimizing(sheet, settings.optimizer, facts)
    loaded = write_load(sheet, compiled, fit.data, place, "load")
    validation = _validation(sheet, compiled, place, loaded)
    stateful = write_step(sheet, compiled, graph, loaded, facts)
    callbacks = callbacks_of(sheet, compiled, has_validation=bool(validation))
    _write_epochs(sheet, compiled, facts, loaded, optimizer, stateful, bool(validation))
    _write_train(sheet, compiled, facts, loaded, optimizer, callbacks, validation)
    where = os.path.relpath(place.folder.absolute(), folder.absolute())
    text = sheet.text(_constants(compiled, loaded, "" if where == "." else Path(where).as_posix()))
    head = docstring(f"Trains {compiled.name}, written by nndsl.", 0)
    return "\n".join([*head, "", text + _main(compiled, facts)])


def _constants(compiled: Compiled, loaded: Loaded, where: str) -> list[str]:
    fit = compiled.fit
    assert fit is not None
    lines = statement("FOLDER = Path(__file__).parent" + (f' / "{where}"' if where else ""), 0)
    lines.append('DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")')
    lines += [f"SEED = {fit.seed or 0}", f"EPOCHS = {fit.epochs}", f"BATCH_SIZE = {fit.batch_size}"]
    if fit.class_weight:
        lines += statement(f"CLASS_WEIGHTS = {table_of_weights(compiled, loaded)}", 0)
    return lines


def _validation(sheet: Sheet, compiled: Compiled, place: Place, loaded: Loaded) -> list[str]:
    """Return the statements that make ``data`` and ``validation``; nothing is returned without validation."""
    fit = compiled.fit
    assert fit is not None
    if fit.validation_data is not None:
        if loaded.texts:
            message = "a training script does not take texts of two files, whose numbers would differ"
            raise TrainingError("E1215", message, "give `validation_split`, or train with `nndsl train`")
        other = write_load(sheet, compiled, fit.validation_data, place, "load_validation")
        if other.names != loaded.names:
            message = f"the data give {', '.join(loaded.names)}, those to validate on {', '.join(other.names)}"
            raise TrainingError("E1215", message, "give both the same, or train with `nndsl train`")
        return ["validation = [each.to(DEVICE) for each in load_validation()]"]
    training = floor(loaded.count * (1 - fit.validation_split))
    if training == loaded.count:
        return []
    if not training:
        message = f"`validation_split={fit.validation_split:g}` leaves no samples to train on"
        raise TrainingError("E1007", message, "lower it, or give `validation_data`")
    count = f"count = int(len(data[0]) * {1 - fit.validation_split!r})"
    return [count, "data, validation = [each[:count] for each in data], [each[count:] for each in data]"]


def _write_epochs(
    sheet: Sheet,
    compiled: Compiled,
    facts: Facts,
    loaded: Loaded,
    optimizer: Optimizing,
    stateful: bool,
    validates: bool,
) -> None:
    """Put the functions that train and validate for an epoch into a script."""
    fit = compiled.fit
    assert fit is not None
    sheet.paste(f"{PARTS}.batches", "batches")
    sheet.paste(f"{PARTS}.shuffled", "seed_of")
    order, lines = "", []
    if fit.shuffle:
        sheet.paste(f"{PARTS}.shuffled", "shuffled")
        name, sizes = "shuffled", ""
        if loaded.pools is not None:
            name = sheet.paste(f"{PARTS}.shuffled_in_pools", "shuffled_in_pools")
            sizes = f", {loaded.pools[0]}, {loaded.pools[1]}"
        lines = [f"order = {name}(len(data[0]), seed_of(SEED, epoch){sizes})"]
        order = ", order"
    made = "new_log()" if stateful else "Log()"
    parameters = f"model: {facts.name}, optimizer: torch.optim.Optimizer, data: Sequence[Tensor], epoch: int"
    head = f"def train_epoch({parameters}) -> dict[str, float]:"
    body = [f"log = {made}", *lines, "model.train()"]
    given = f"batches(data, BATCH_SIZE{order})"
    if optimizer.counted:
        body.append("first = epoch * -(-len(data[0]) // BATCH_SIZE)")
        body.append(f"for number, batch in enumerate({given}, first):")
    else:
        body.append(f"for batch in {given}:")
    text = [line for each in body for line in statement(each, 4)]
    text += [line for each in (*optimizer.before, "step(model, log, *batch).backward()") for line in statement(each, 8)]
    if optimizer.every > 1:
        text.append(f"        if (number + 1) % {optimizer.every} == 0:")
    text += [line for each in optimizer.update for line in statement(each, 12 if optimizer.every > 1 else 8)]
    text += ["        model.constrain()"] if facts.constrain else []
    summary = docstring("Update the model with each batch, and return what is logged.", 4)
    sheet.add("train_epoch", [*statement(head, 0), *summary, *text, "    return log.results()"])
    if validates:
        head = f"def evaluate(model: {facts.name}, data: Sequence[Tensor]) -> dict[str, float]:"
        body = [f"log = {made}", "model.eval()", "for batch in batches(data, BATCH_SIZE):"]
        text = [line for each in body for line in statement(each, 4)]
        summary = docstring("Return the losses and metrics of data.", 4)
        ending = ["        step(model, log, *batch)", "    return log.results()"]
        sheet.add("evaluate", ["@torch.no_grad()", *statement(head, 0), *summary, *text, *ending])


def _write_train(
    sheet: Sheet,
    compiled: Compiled,
    facts: Facts,
    loaded: Loaded,
    optimizer: Optimizing,
    callbacks: Callbacks,
    validation: Sequence[str],
) -> None:
    """Put the function that trains into a script."""
    head = f"def train() -> tuple[{facts.name}, list[dict[str, float]]]:"
    body = ["data = [each.to(DEVICE) for each in load()]", *validation]
    body += [f"model = {facts.name}().to(DEVICE)", "torch.manual_seed(SEED)"]
    lines = [line for each in body for line in statement(each, 4)]
    if facts.drawn == (facts.name,):
        lines.append("    model.reset_parameters()")
    elif facts.drawn:
        listed = ", ".join(facts.drawn)
        kinds = facts.drawn[0] if len(facts.drawn) == 1 else f"({listed})"
        lines.append("    for part in model.modules():")
        lines += statement(f"if isinstance(part, {kinds}):", 8)
        lines.append("            part.reset_parameters()")
    after = [f"model.{key}.adapt(torch.split(data[{place}], 1024))" for key, place in facts.adapted]
    after = [*(["model.eval()"] if after else []), *after]
    after += optimizer.made
    after += [*callbacks.made, "torch.manual_seed(seed_of(SEED, -1))", "history = []"]
    lines += [line for each in after for line in statement(each, 4)]
    lines += [f"    # {each}" for each in callbacks.remarks]
    lines.append("    for epoch in range(EPOCHS):")
    inner = [*callbacks.before, "logs = train_epoch(model, optimizer, data, epoch)"]
    if validation:
        inner.append("validated = evaluate(model, validation)")
        inner.append('logs |= {f"val_{name}": value for name, value in validated.items()}')
    inner.append("history.append(logs)")
    inner.append('shown = "  ".join(f"{name} {np.round(value, 4)}" for name, value in logs.items())')
    inner.append('print(f"epoch {epoch + 1}/{EPOCHS}  {shown}")')
    lines += [line for each in inner for line in statement(each, 8)]
    lines += [line for each in callbacks.after for line in statement(each, 8)]
    for condition in callbacks.stops:
        lines += [*statement(f"if {condition}:", 8), "            break"]
    lines += [line for each in callbacks.ending for line in statement(each, 4)]
    lines += ["    model.eval()", "    return model, history"]
    sheet.need(("numpy", "", "np"))
    summary = docstring("Return the trained model, and the losses and metrics of each epoch.", 4)
    sheet.add("train", [*statement(head, 0), *summary, *lines])


def _main(compiled: Compiled, facts: Facts) -> str:
    saved = statement(f'torch.save(trained.state_dict(), FOLDER / "{snake_case(compiled.name)}.pt")', 4)
    return "\n".join(["", "", 'if __name__ == "__main__":', "    trained, _ = train()", *saved, ""])
