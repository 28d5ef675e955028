"""The words of ``governance.wording`` as filters of the pages' templates."""

from django import template

from governance import wording

register = template.Library()

#: Every filter, by the name of its function.
FILTERS = (
    wording.kind_name,
    wording.relation_name,
    wording.guarantee_name,
    wording.guarantee_tone,
    wording.influence_name,
    wording.evidence_shown,
    wording.state_tone,
    wording.outcome_name,
    wording.verb_tone,
    wording.message_tone,
    wording.phrase,
    wording.lower_first,
    wording.clock_event,
    wording.actor_name,
    wording.measure_name,
    wording.short_digest,
    wording.duration,
    wording.days_left_words,
    wording.days_left_tone,
    wording.percent,
    wording.moment,
    wording.measured,
    wording.cell_text,
)

for said in FILTERS:
    register.filter(said)
register.simple_tag(wording.guarantee_classes)
