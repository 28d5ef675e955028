"""More kinds of artifact and more relations; no row changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lineage', '0007_keep_choices_of_data_subjects'),
    ]

    operations = [
        migrations.AlterField(
            model_name='artifact',
            name='kind',
            field=models.CharField(choices=[('source', 'source'), ('segment', 'segment'), ('dataset_version', 'dataset_version'), ('evaluation_set', 'evaluation_set'), ('log', 'log'), ('cache', 'cache'), ('synthetic_dataset', 'synthetic_dataset'), ('retrieval_corpus', 'retrieval_corpus'), ('model', 'model'), ('fine_tune', 'fine_tune'), ('adapter', 'adapter'), ('distilled', 'distilled'), ('merged', 'merged'), ('quantized', 'quantized'), ('reward_model', 'reward_model'), ('checkpoint', 'checkpoint'), ('embedding_index', 'embedding_index'), ('product', 'product'), ('recipient', 'recipient')], max_length=30),
        ),
        migrations.AlterField(
            model_name='derivation',
            name='relation',
            field=models.CharField(choices=[('part_of', 'part_of'), ('derived_from', 'derived_from'), ('extracted_from', 'extracted_from'), ('trained_on', 'trained_on'), ('fine_tuned_from', 'fine_tuned_from'), ('adapter_of', 'adapter_of'), ('distilled_from', 'distilled_from'), ('merged_from', 'merged_from'), ('quantized_from', 'quantized_from'), ('evaluated_on', 'evaluated_on'), ('embedded_by', 'embedded_by'), ('indexes', 'indexes'), ('synthesized_by', 'synthesized_by'), ('logged_in', 'logged_in'), ('cached_in', 'cached_in'), ('copied_to', 'copied_to'), ('deployed_as', 'deployed_as'), ('retrieves_from', 'retrieves_from'), ('retrained_from', 'retrained_from'), ('unlearned_from', 'unlearned_from'), ('redacted_from', 'redacted_from'), ('regenerated_from', 'regenerated_from')], max_length=20),
        ),
    ]
