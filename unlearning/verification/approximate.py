"""Whether an approximate method was worth it: it must take at most a fifth of a retrain."""

from unlearning.verification import Finding

#: The bound of the NeurIPS 2023 unlearning challenge.
ALLOWED_RATIO = 0.2


def time_finding(*, seconds: float, retrain_seconds: float) -> Finding:
    """Compare the method's time with the reference's, both measured on this machine.

    Args:
        seconds: Wall time of the method, reading the data included.
        retrain_seconds: Wall time of the retrained reference, likewise.
    """
    ratio = seconds / retrain_seconds
    return Finding(
        kind="time_ratio",
        outcome="passed" if ratio <= ALLOWED_RATIO else "failed",
        summary=(
            f"The method took {seconds:.1f} s, a retrain {retrain_seconds:.1f} s: {ratio:.0%}."
        ),
        payload={
            "seconds": round(seconds, 3),
            "retrain_seconds": round(retrain_seconds, 3),
            "ratio": round(ratio, 4),
            "allowed": ALLOWED_RATIO,
        },
    )
