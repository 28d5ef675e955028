"""The output of the retraining methods."""

from pathlib import Path

from unlearning.forget_set import keep_forget_set
from unlearning.jobfiles import StepOutput, Training
from unlearning.methods.forget_set_checks import require_forgettable
from unlearning.training import MANIFEST_FILE, Trained
from unlearning.verification.duplicates import check_duplicates

#: File of a fine-tune's directory that lists the records its base was trained on.
BASE_MANIFEST_FILE = "base-manifest.json"


def model_output(
    trained: Trained, out: Path, *, training: Training, base: Trained | None = None
) -> StepOutput:
    """Describe a retrained model.

    A fine-tune's own data may lack the record that its base was trained on, so the forget set is
    looked for in both. A model that was trained on synthetic rows, or over a base that has a base
    itself, may have no forgotten row in either: it inherited, and no forget set is kept then.

    Raises:
        JobInputError: No forgotten record was found, or no other record remains.
    """
    source = trained if trained.view.excluded or base is None else base
    require_forgettable(source.view, inherits=training.inherits_from_afar)
    manifest = trained.view.manifest()
    del manifest["record_digests"]
    manifest |= {"file": MANIFEST_FILE, "seconds": round(trained.seconds, 3)}
    if source.view.excluded:
        manifest["forget_set"] = str(keep_forget_set(source.view, out))
    if base is not None:
        manifest |= {"base_digest": base.digest, "base_file": BASE_MANIFEST_FILE}
    return StepOutput(
        model_dir=trained.model_dir,
        digest=trained.digest,
        seconds=trained.seconds,
        manifest=manifest,
        details=dict(trained.details),
        evidence=(check_duplicates(source.view),),
    )
