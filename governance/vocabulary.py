"""The words for keys that pages and the report show: one literal table a sort of key.

A tone is a CSS class; the name always stands beside it, so colour never carries meaning alone.
"""

from collections.abc import Mapping

KINDS: Mapping[str, str] = {
    "source": "Source",
    "segment": "Segment",
    "dataset_version": "Dataset version",
    "evaluation_set": "Evaluation set",
    "log": "Log",
    "cache": "Cache",
    "synthetic_dataset": "Synthetic dataset",
    "retrieval_corpus": "Retrieval corpus",
    "model": "Model",
    "fine_tune": "Fine-tune",
    "adapter": "Adapter",
    "distilled": "Distilled model",
    "merged": "Merged model",
    "quantized": "Quantised model",
    "reward_model": "Reward model",
    "checkpoint": "Checkpoint",
    "embedding_index": "Embedding index",
    "product": "Product",
    "recipient": "Recipient",
}

#: Guarantee class → (name, tone, what it means in one sentence).
GUARANTEES: Mapping[str, tuple[str, str, str]] = {
    "exact": (
        "Exact",
        "green",
        "The model is trained again without the records, so they cannot have shaped it.",
    ),
    "certified": (
        "Certified",
        "green",
        "A proven bound holds under the assumptions that are listed.",
    ),
    "approximate": (
        "Approximate",
        "amber",
        "A procedure against the influence ran and was tested; some may remain.",
    ),
    "storage": (
        "Storage",
        "blue",
        "Rows or vectors leave one store; models trained on them are not changed by this.",
    ),
    "notice": (
        "Notice",
        "grey",
        "The recipient was told to erase its copy; that it did so is its own word.",
    ),
    "suppression": (
        "Suppression",
        "violet",
        "Outputs are held back at the product; nothing is taken out of the model.",
    ),
}

INFLUENCES: Mapping[str, str] = {
    "content": "Holds content",
    "weights": "Weights learned from it",
    "selection": "Chosen by it",
    "exposure": "Exposes it",
}

#: What shows that nothing crossed a link → what it shows.
EVIDENCE: Mapping[str, str] = {
    "record_index": "every row of it was read",
}

#: Where a request stands → tone.
STATE_TONES: Mapping[str, str] = {
    "received": "blue",
    "identity_pending": "amber",
    "verified": "blue",
    "traced": "blue",
    "planned": "amber",
    "approved": "blue",
    "executing": "blue",
    "verifying": "blue",
    "partly_done": "amber",
    "reporting": "blue",
    "closed": "green",
    "needs_human": "red",
    # Steps, jobs and evidence.
    "running": "blue",
    "done": "green",
    "succeeded": "green",
    "passed": "green",
    "failed": "red",
    "inconclusive": "amber",
    # Artifacts.
    "current": "green",
    "superseded": "grey",
    "destroyed": "grey",
}

#: What an edge of the graph says between its downstream and its upstream artifact.
RELATIONS: Mapping[str, str] = {
    "part_of": "is part of",
    "derived_from": "was derived from",
    "extracted_from": "was extracted from",
    "trained_on": "was trained on",
    "fine_tuned_from": "was fine-tuned from",
    "adapter_of": "is an adapter of",
    "distilled_from": "was distilled from",
    "merged_from": "was merged from",
    "quantized_from": "was quantised from",
    "evaluated_on": "was evaluated on",
    "embedded_by": "holds vectors made by",
    "indexes": "is an index of",
    "synthesized_by": "was sampled from",
    "logged_in": "is a log of",
    "cached_in": "is a cache of",
    "copied_to": "is a copy of",
    "deployed_as": "serves",
    "retrieves_from": "answers from",
    "retrained_from": "was retrained in place of",
    "unlearned_from": "was unlearned from",
    "redacted_from": "was redacted from",
    "regenerated_from": "was regenerated in place of",
}

OUTCOMES: Mapping[str, str] = {
    "passed": "Passed",
    "failed": "Failed",
    "inconclusive": "Not established",
}

#: What happened to the statutory clock → as a past event.
CLOCK_EVENTS: Mapping[str, str] = {
    "start": "Started",
    "acknowledge": "Acknowledged",
    "pause": "Paused",
    "resume": "Resumed",
    "extend": "Extended",
    "stop": "Stopped",
}

#: Kinds of actor that a ledger entry names before a colon → how people say them.
ACTORS: Mapping[str, str] = {
    "officer": "{}",
    "client": "the API client “{}”",
    "recipient": "the recipient “{}”",
}

#: Keys that plain rewording would say badly.
PHRASES: Mapping[str, str] = {
    "gdpr": "GDPR",
    "uk_gdpr": "UK GDPR",
    "ccpa": "CCPA",
    "no_match": "No record found",
    "none": "None",
    "needs_human": "Needs a person",
    "sisa_shard_retrain": "SISA shard retrain",
}

#: Tone of a claim's verb: what it allows a reader to believe.
VERB_TONES: Mapping[str, str] = {
    "influence removed": "green",
    "deleted from": "blue",
    "removed from index": "blue",
    "unlearning procedure applied": "amber",
    "unlearning procedure applied, effect not established": "amber",
    "suppressed": "violet",
    "destroyed": "green",
    "regenerated without the records": "green",
    "recipient notified and acknowledged": "blue",
    "recipient notified, not acknowledged": "amber",
    "not established": "red",
}
