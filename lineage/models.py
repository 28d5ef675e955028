"""The provenance graph as rows: PostgreSQL is the truth that every trace reads."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from lineage.fields import DigestField
from lineage.graph import ArtifactKind, Relation
from lineage.permission import Choice

#: Attribute of artifacts that others name, but that their own source never showed.
MENTIONED = "mentioned"
#: Attribute of artifacts with the digests of other content than the recorded one that was seen
#: under the same identity; it is gone once the rows were read anew.
OTHER_DIGESTS = "other_digests"
#: Attribute of destroyed artifacts with the first use after that: ``at`` (ISO 8601, UTC) and
#: ``run`` (its name, or empty); it is gone once the artifact was made again.
USED_AFTER_DESTRUCTION = "used_after_destruction"


class ActivityKind(models.TextChoices):
    """Where an activity was seen."""

    OPENLINEAGE_RUN = "openlineage_run", "OpenLineage run"
    MLFLOW_RUN = "mlflow_run", "MLflow run"


class ArtifactState(models.TextChoices):
    """Whether an artifact is in use."""

    CURRENT = "current", "current"
    SUPERSEDED = "superseded", "superseded"
    DESTROYED = "destroyed", "destroyed"


class Activity(models.Model):
    """A run that used artifacts and made others."""

    kind = models.CharField(max_length=20, choices=ActivityKind.choices)
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=300)
    #: ``module:callable`` that repeats this training (tag ``vestige.recipe``), or empty.
    recipe = models.CharField(max_length=300, blank=True)
    #: Parameters of the recipe as recorded, values as strings.
    params = models.JSONField(default=dict)
    tags = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: Recorded wall time in seconds (metric ``train_seconds`` when logged, else end minus start).
    seconds = models.FloatField(null=True)
    status = models.CharField(max_length=20, blank=True)
    #: Ids of the artifacts it read, known even while nothing it made is known.
    used = ArrayField(models.BigIntegerField(), default=list)
    #: Per field, when the value was observed: the newest observation wins in any order of arrival.
    stamps = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "external_id"], name="activity_once")
        ]
        indexes = [
            models.Index(
                fields=["id"], name="activity_unended", condition=models.Q(ended_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.name


class Artifact(models.Model):
    """A node: something that may hold or have inherited a person's data."""

    kind = models.CharField(max_length=30, choices=[(k.value, k.value) for k in ArtifactKind])
    name = models.CharField(max_length=300)
    #: The one name under which every capture source finds this node again, e.g.
    #: ``mlflow-model:m-3f…``, ``dataset:<namespace>/<name>@<version>``, ``segment:sha256:…``.
    identity = models.CharField(max_length=500, unique=True)
    #: ``sha256:…`` of the content where it is known.
    digest = models.CharField(max_length=80, blank=True)
    #: URI of the content (``file://…``, ``models:/m-…``, ``http://…`` of a product).
    location = models.CharField(max_length=1000, blank=True)
    state = models.CharField(
        max_length=12, choices=ArtifactState.choices, default=ArtifactState.CURRENT
    )
    made_by = models.ForeignKey(
        Activity, null=True, blank=True, on_delete=models.PROTECT, related_name="made"
    )
    attributes = models.JSONField(default=dict)
    #: Per field, when the value was observed: the newest observation wins in any order of arrival.
    stamps = models.JSONField(default=dict)
    #: When it came to be in the world, and when we wrote it down.
    occurred_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    #: Holders of rows: when every row was last read into the record index.
    indexed_at = models.DateTimeField(null=True)
    #: When a source that shows all it has (MLflow) last showed it, to the hour; None where no such
    #: source did. Not part of the history.
    seen_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "state"]),
            models.Index(fields=["location"]),
            models.Index(
                fields=["seen_at"], name="artifact_seen", condition=models.Q(seen_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DueReading(models.Model):
    """A dataset whose rows wait to be read: made when it is announced, gone when they are read."""

    artifact = models.OneToOneField(Artifact, on_delete=models.CASCADE, related_name="due_reading")
    announced_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    #: Why the last attempt failed, in words that quote no row; empty before the first one.
    trouble = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"reading of {self.artifact_id}"


class Derivation(models.Model):
    """An edge: ``downstream`` came from ``upstream`` by ``relation``."""

    upstream = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="derivations_out")
    downstream = models.ForeignKey(
        Artifact, on_delete=models.PROTECT, related_name="derivations_in"
    )
    relation = models.CharField(max_length=20, choices=[(r.value, r.value) for r in Relation])
    activity = models.ForeignKey(Activity, null=True, blank=True, on_delete=models.PROTECT)
    occurred_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    #: Set when the edge ceased to hold (a product that serves another model now).
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["upstream", "downstream", "relation"],
                condition=models.Q(ended_at__isnull=True),
                name="derivation_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(upstream=models.F("downstream")), name="derivation_no_self_loop"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.downstream_id} {self.relation} {self.upstream_id}"


class Posting(models.Model):
    """One row a data subject: which segments hold which of their records (parallel arrays).

    When rows are redacted, their record ids are forgotten, and of their segments only the numbers
    stay, in ``past_segments``. That is all a later trace needs to show what may still carry an
    influence (an approximately unlearned model, say); it holds no clear identifier.

    Rows are small, because there is one for everybody: no number of their own, segments in four
    bytes each (:data:`lineage.membership.grouping.LAST_SEGMENT`), and NULL where there is nothing.
    The table lies in hash partitions by the digest (docs/decisions/0035).
    """

    #: HMAC-SHA-256 of the normalised identifier, first 16 bytes. Digests under two versions of the
    #: key are never alike, so it is the whole key of a row.
    subject_digest = DigestField(primary_key=True)
    key_version = models.PositiveSmallIntegerField()
    segments = ArrayField(models.IntegerField())
    #: None: none of the records has an id. An empty string: this one has none.
    record_ids = ArrayField(models.CharField(max_length=200), null=True)
    #: Segments that held a record until it was redacted; None as none.
    past_segments = ArrayField(models.IntegerField(), null=True)

    def __str__(self) -> str:
        return bytes(self.subject_digest).hex()


class RecordFingerprint(models.Model):
    """What one record says, as far as it tells duplicates: keyed, so that nobody can test a guess.

    It goes with its segment.
    """

    pk = models.CompositePrimaryKey("segment_id", "record_id")
    #: No constraint: rows come in by COPY, and go with their segment in one statement.
    segment = models.ForeignKey(
        Artifact, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    record_id = models.CharField(max_length=200)
    key_version = models.PositiveSmallIntegerField()
    #: First 16 bytes of HMAC-SHA-256 over the normalised content.
    content = models.BinaryField(max_length=16)
    #: Whether the row names a data subject.
    named = models.BooleanField()
    #: Low byte of each MinHash; empty where near duplicates are not looked for.
    sketch = models.BinaryField(default=b"")
    #: Near duplicates share at least one of these numbers.
    bands = ArrayField(models.IntegerField(), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["content"], name="fingerprint_by_content"),
            models.Index(fields=["key_version"], name="fingerprint_by_key"),
            models.Index(
                fields=["content"],
                condition=models.Q(named=False),
                name="fingerprint_of_nobody",
            ),
            GinIndex(fields=["bands"], condition=~models.Q(sketch=b""), name="fingerprint_by_band"),
        ]

    def __str__(self) -> str:
        return bytes(self.content).hex()


class DuplicateDecision(models.Model):
    """What an officer decided of a row that says the same as a record of a data subject."""

    class Decision(models.TextChoices):
        """Whose row it is."""

        SAME_PERSON = "same_person", "of the same person"
        OTHER_PERSON = "other_person", "of another person"

    subject_digest = DigestField()
    key_version = models.PositiveSmallIntegerField()
    #: The duplicate, wherever a record of this id says this.
    record_id = models.CharField(max_length=200)
    content = models.BinaryField(max_length=16)
    decision = models.CharField(max_length=12, choices=Decision.choices)
    #: Who decided, as the ledger names people.
    decided_by = models.CharField(max_length=160)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_digest", "key_version", "record_id", "content"],
                name="duplicate_decided_once",
            )
        ]

    def __str__(self) -> str:
        return f"{bytes(self.subject_digest).hex()} {self.decision}"


class SubjectChoice(models.Model):
    """What one data subject decided about one purpose at one moment.

    Rows are only ever added, the database refuses the rest: which choice holds is worked out from
    all of them (:func:`lineage.permission.stance`), and what held at an earlier moment stays known.
    """

    #: HMAC-SHA-256 of the normalised identifier, first 16 bytes; the identifier is not kept.
    subject_digest = DigestField()
    key_version = models.PositiveSmallIntegerField()
    choice = models.CharField(max_length=10, choices=[(c.value, c.value) for c in Choice])
    #: Empty: every purpose.
    purpose = models.CharField(max_length=100, blank=True)
    #: When the person decided, as they or their form said.
    chosen_at = models.DateTimeField()
    #: Who told us, e.g. ``client:consent-form`` or ``command``.
    told_by = models.CharField(max_length=160)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_digest", "key_version", "purpose", "chosen_at", "choice"],
                name="choice_once",
            )
        ]

    def __str__(self) -> str:
        return f"{bytes(self.subject_digest).hex()} {self.choice} {self.purpose}".strip()


class FileIndexBuild(models.Model):
    """A file index of all memberships, built or being built; see ``lineage.membership``."""

    #: On the machine that built it.
    folder = models.CharField(max_length=1000)
    #: Changes with a larger id have come since.
    after_change = models.BigIntegerField()
    memberships = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    #: None: it is being built, or that was cut off.
    ready_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.folder


class ChangedPosting(models.Model):
    """That a posting was changed; written by triggers while there is a build."""

    subject_digest = DigestField()

    def __str__(self) -> str:
        return bytes(self.subject_digest).hex()


class LineageEvent(models.Model):
    """An OpenLineage event as it was received; the graph can be rebuilt from these."""

    body_digest = models.BinaryField(max_length=32, unique=True)
    body = models.JSONField()
    warnings = models.JSONField(default=list)
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"event {self.pk}"


class Moment(models.Model):
    """One transaction that changed the graph; of any two, the later one has the later time.

    Moments and revisions are written by triggers of the database alone, so that no writer of the
    graph can forget them.
    """

    at = models.DateTimeField(unique=True)

    def __str__(self) -> str:
        return self.at.isoformat()


class Revision(models.Model):
    """What was on record of one thing from one moment until just before another.

    No constraint binds a revision to what it tells of: it stays when that is deleted.
    """

    since = models.ForeignKey(
        Moment, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    #: None: it is on record now.
    until = models.ForeignKey(
        Moment,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )

    class Meta:
        abstract = True


class ArtifactRevision(Revision):
    """What was on record of an artifact."""

    pk = models.CompositePrimaryKey("artifact_id", "since_id")
    artifact = models.ForeignKey(
        Artifact, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=30)
    name = models.CharField(max_length=300)
    digest = models.CharField(max_length=80)
    state = models.CharField(max_length=12)
    indexed = models.BooleanField()
    attributes = models.JSONField()

    class Meta:
        indexes = [
            models.Index(fields=["since"], name="artifact_since"),
            models.Index(fields=["until"], name="artifact_until"),
        ]

    def __str__(self) -> str:
        return self.name


class DerivationRevision(Revision):
    """That an edge held."""

    pk = models.CompositePrimaryKey("derivation_id", "since_id")
    derivation = models.ForeignKey(
        Derivation,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    #: Ids of artifacts.
    upstream_id = models.BigIntegerField()
    downstream_id = models.BigIntegerField()
    relation = models.CharField(max_length=20)

    class Meta:
        indexes = [
            models.Index(fields=["since"], name="derivation_since"),
            models.Index(fields=["until"], name="derivation_until"),
        ]

    def __str__(self) -> str:
        return f"{self.downstream_id} {self.relation} {self.upstream_id}"


class ActivityRevision(Revision):
    """What was on record of a run that has a name."""

    pk = models.CompositePrimaryKey("activity_id", "since_id")
    activity = models.ForeignKey(
        Activity, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    name = models.CharField(max_length=300)
    ended = models.BooleanField()
    used = ArrayField(models.BigIntegerField())

    def __str__(self) -> str:
        return self.name


class TroubleRevision(Revision):
    """Why the rows of a dataset could not be read."""

    pk = models.CompositePrimaryKey("artifact_id", "since_id")
    artifact = models.ForeignKey(
        Artifact, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    trouble = models.TextField()

    def __str__(self) -> str:
        return self.trouble
