"""What one record says, keyed, so that duplicates are found; and what officers decided of them."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

import lineage.fields


class Migration(migrations.Migration):

    dependencies = [
        ('lineage', '0010_stamp_when_artifacts_were_seen'),
    ]

    operations = [
        migrations.CreateModel(
            name='DuplicateDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject_digest', lineage.fields.DigestField()),
                ('key_version', models.PositiveSmallIntegerField()),
                ('record_id', models.CharField(max_length=200)),
                ('content', models.BinaryField(max_length=16)),
                ('decision', models.CharField(choices=[('same_person', 'of the same person'), ('other_person', 'of another person')], max_length=12)),
                ('decided_by', models.CharField(max_length=160)),
                ('decided_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('subject_digest', 'key_version', 'record_id', 'content'), name='duplicate_decided_once')],
            },
        ),
        migrations.CreateModel(
            name='RecordFingerprint',
            fields=[
                ('pk', models.CompositePrimaryKey('segment_id', 'record_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('record_id', models.CharField(max_length=200)),
                ('key_version', models.PositiveSmallIntegerField()),
                ('content', models.BinaryField(max_length=16)),
                ('named', models.BooleanField()),
                ('sketch', models.BinaryField(default=b'')),
                ('bands', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list, size=None)),
                ('segment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='lineage.artifact')),
            ],
            options={
                'indexes': [models.Index(fields=['content'], name='fingerprint_by_content'), models.Index(fields=['key_version'], name='fingerprint_by_key'), models.Index(condition=models.Q(('named', False)), fields=['content'], name='fingerprint_of_nobody'), django.contrib.postgres.indexes.GinIndex(condition=models.Q(('sketch', b''), _negated=True), fields=['bands'], name='fingerprint_by_band')],
            },
        ),
    ]
