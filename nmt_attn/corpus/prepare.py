"""``nmt prepare``: from the files that the configuration names to the folder that training reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.gathering import gather
from nmt_attn.corpus.inputs import fetch_inputs, input_paths, is_unchanged
from nmt_attn.corpus.labelled_files import with_labels_of, write_labelled
from nmt_attn.corpus.labelled_gathering import check_class_weights, gather_labelled
from nmt_attn.corpus.manifest import FORMAT, InputFile, Manifest, settings_hash
from nmt_attn.corpus.novelty import remarks
from nmt_attn.corpus.ownership import check_folder, edited_texts, move_aside, refuse_inputs_inside
from nmt_attn.corpus.prepared_files import write_data
from nmt_attn.corpus.shards import even_places
from nmt_attn.corpus.tokenised import tokens_of
from nmt_attn.corpus.workplace import workplace
from nmt_attn.errors import InputError, UserError
from nmt_attn.files import atomic_directory, recover
from nmt_attn.lock import locked
from nmt_attn.progress import note
from nmt_attn.runs.origin import Origin, origin_of
from nmt_attn.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Preparation:
    """Prepared data, and whether anything had to be done for it."""

    data: Dataset
    fresh: bool


def prepare(config: Config, *, force: bool = False, tokenizer: Tokenizer | None = None) -> Preparation:
    """Make the prepared data of a configuration, unless it is there and up to date.

    Args:
        config: its ``data`` section says what goes in and how; the folder is ``config.data_directory``. With
            ``training.from`` the data is made for that run: with its tokenizer and normalisation.
        force: make it anew in any case; a folder in which something has been edited is moved aside.
        tokenizer: cut the text with this one, which ``config`` describes (None: with that of ``training.from``, else
            with one that is learned from the data).

    Raises:
        UserError: the configuration or the input is wrong, or something would be written over that is not ours, or no
            longer as it was written; the folder is then as it was.
        NmtError: a download failed, the disk is full or not writable, or another process is at it.
    """
    origin = origin_of(config) if tokenizer is None else None
    if origin is None:
        return _prepare(config, tokenizer, force=force)
    config = origin.inherited_by(config)
    _refuse_data_of(origin, config)
    preparation = _prepare(config, origin.tokenizer, force=force)
    for line in remarks(preparation.data, origin):
        note(line)
    return preparation


def _prepare(config: Config, tokenizer: Tokenizer | None, *, force: bool) -> Preparation:
    if not force and (current := _current(config, tokenizer)) is not None:
        return Preparation(current, fresh=False)
    refuse_inputs_inside(config)
    place = _place(config)
    with locked(config.data_directory):
        recover(place.parent, place.name)
        if not force and (current := _current(config, tokenizer)) is not None:  # somebody has been faster
            return Preparation(current, fresh=False)
        return _make(config, tokenizer, force=force)


def _make(config: Config, given: Tokenizer | None, *, force: bool) -> Preparation:
    directory = config.data_directory
    edited = check_folder(directory)
    if edited and not force:
        raise UserError(
            f"{edited[0]}: not as nmt prepare wrote it, and would be written anew; put it back, give another "
            "data.directory or name, or move it aside with: nmt prepare --force"
        )
    if (old := _format_of(directory)) not in (None, FORMAT):
        note(f"{directory}: prepared by an earlier version of nmt (format {old}, now {FORMAT}); it is made anew")
    inputs, settings = fetch_inputs(config), settings_hash(config, given)
    with workplace(_place(config), inputs, settings, config.data.processes) as work:
        if config.task == "classification":
            write = _writer_of_texts(config, inputs, given)
        else:
            material = gather(config.data, work)
            tokens = tokens_of(material.train, config, given, work)
            write = partial(
                write_data, config=config, inputs=inputs, material=material, tokens=tokens, settings=settings
            )
        if edited:
            note(f"{edited[0]}: not as nmt prepare wrote it; the old data is now {move_aside(_place(config))}")
        with atomic_directory(_place(config)) as folder:
            write(folder)
    return Preparation(Dataset.open(directory), fresh=True)


def _writer_of_texts(config: Config, inputs: list[InputFile], given: Tokenizer | None) -> Callable[[Path], None]:
    """Gather labelled texts and learn their vocabulary; return what writes them into a folder."""
    material = gather_labelled(config.data)
    check_class_weights(config, material.labels)
    train = material.parts.train
    if given is None:
        sample = [train[place] for place in even_places(len(train), config.data.tokenizer.sample).tolist()]
        note(f"training the tokenizer on {len(sample):,} texts")
        tokenizer = Tokenizer.train_for_labels(config.data, [text.normalised for text in sample], material.labels)
    else:
        tokenizer = with_labels_of(given, material.labels)
    settings = settings_hash(config, given)
    return lambda folder: write_labelled(folder, config, inputs, material, tokenizer, settings)


def _refuse_data_of(origin: Origin, config: Config) -> None:
    """Refuse to put data in the place of that which the old run is evaluated on."""
    directory = config.data_directory
    try:
        there = Manifest.load(directory)
        is_of_origin = there.same_data_as(Manifest.load(origin.found.run.path))
    except InputError:  # no prepared data, or of an older version
        return
    if is_of_origin and not expected_data(config, origin.tokenizer).matches(there):
        raise UserError(
            f"{directory} holds the data that {origin.name} was trained on, and nmt eval needs it; set data.directory, "
            "or name, to another one"
        )


@dataclass(frozen=True)
class ExpectedData:
    """Settings and input files of the data that a configuration gives, known without making it."""

    settings: str
    """The hash of the configuration keys that change the outcome."""
    inputs: dict[str, Path]
    """The input files by role. They are read only where a manifest records another place or another date."""
    labelled: bool
    """Whether they are labelled texts."""

    def differences(self, manifest: Manifest) -> list[str]:
        """Name what is not as ``manifest`` records it, a few words each; nothing where the data would be the same.

        An input file that is gone, but lay in the same place, counts as unchanged.
        """
        recorded = {entry.role: entry for entry in manifest.inputs}
        found = []
        if manifest.format != FORMAT:
            found.append("it was prepared by another version of nmt")
        elif manifest.settings != self.settings:
            found.append("the configuration of the data has changed")
        if recorded.keys() != self.inputs.keys():
            found.append("it was made of other files")
        else:
            changed = [
                path
                for role, path in self.inputs.items()
                if not is_unchanged(recorded[role], path, labelled=self.labelled)
            ]
            found += [f"{path} has changed" for path in changed]
        return found

    def matches(self, manifest: Manifest) -> bool:
        """Say whether data with this manifest is what would be made now."""
        return not self.differences(manifest)


def expected_data(config: Config, tokenizer: Tokenizer | None = None) -> ExpectedData:
    """Describe the data that ``config`` gives, without writing, downloading or preparing anything.

    Args:
        config: the experiment; what it takes over from ``training.from`` is in it.
        tokenizer: as for :func:`prepare`; None: one that is learned from the data.

    Raises:
        ConfigError: the configuration names no input files.
    """
    labelled = config.task == "classification"
    return ExpectedData(settings_hash(config, tokenizer), input_paths(config), labelled)


def is_current(config: Config) -> bool:
    """Say whether prepared data is there and is what ``config`` and its input files would give.

    Raises:
        ConfigError: the configuration names no input files.
    """
    origin = origin_of(config)
    if origin is None:
        return _current(config, None) is not None
    return _current(origin.inherited_by(config), origin.tokenizer) is not None


def _current(config: Config, tokenizer: Tokenizer | None) -> Dataset | None:
    expected = expected_data(config, tokenizer)
    try:
        data = Dataset.open(config.data_directory)
    except InputError:
        return None
    if not expected.matches(data.manifest):
        return None
    if config.task == "classification":
        check_class_weights(config, data.tokenizer.labels)
    return data if not edited_texts(config.data_directory, data.manifest) else None


def _place(config: Config) -> Path:
    """Return the folder that is replaced: where it is a link, what that leads to and not the link."""
    directory = config.data_directory
    return directory.resolve() if directory.is_symlink() else directory


def _format_of(directory: Path) -> int | None:
    """Return the format of prepared data; None where there is none."""
    try:
        return Manifest.load(directory).format
    except InputError:
        return None
