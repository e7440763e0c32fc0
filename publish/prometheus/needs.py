"""Comparison of a user's own Prometheus configuration with what our rules need: jobs, relabelling, labels, intervals.

For users who merge our scrape jobs into a configuration of their own and publish only rules. A rule that needs a
relabelling that is not live pages falsely: ServiceDown fires for a service whose containers no relabelling names.
Only settings that the rules depend on are compared: a job counts if a rule names it, or selects a metric that only its
exporter exposes. Target addresses and service discovery are the user's.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Iterator, Mapping

import re2
import yaml

from boxwatch.checks.rules import scraped
from boxwatch.exporters.catalogue import metrics
from boxwatch.promql import nodes
from boxwatch.promql.parse import tree_of
from boxwatch.promql.selectors import Selector, selectors
from boxwatch.publish import rule_set
from boxwatch.publish.compare import milliseconds, parsed
from boxwatch.publish.rule_set import MARK_GROUP, Rule, RuleSet

# As Prometheus completes them.
_RELABELLING = {"separator": ";", "regex": "(.*)", "replacement": "$1", "action": "replace"}
_JOB: Mapping[str, object] = {
    "metrics_path": "/metrics", "honor_labels": False, "honor_timestamps": True, "params": {},
}  # fmt: skip
_LISTS = ("relabel_configs", "metric_relabel_configs")
_DEFAULT_INTERVAL = "1m"
_Config = Mapping[str, object]


def missing(config: bytes, rules: RuleSet, live: _Config) -> tuple[str, ...]:
    """Lines that the running configuration lacks, as YAML under the place where they belong; empty if it lacks none.

    Args:
        config: our generated prometheus.yml.
        rules: the rules to publish.
        live: the running configuration.
    """
    lines = [line for of_job in by_job(config, rules, live).values() for line in of_job]
    return (*lines, *evaluation(config, rules, live))


def by_job(config: bytes, rules: RuleSet, live: _Config) -> dict[str, tuple[str, ...]]:
    """The lines that each of our jobs lacks, by its name; jobs that lack none, or that no rule needs, are left out."""
    ours = parsed(config)
    needed, text = _needed(config, rules.content)
    jobs = {str(job.get("job_name")): job for job in _maps(live.get("scrape_configs"))}
    found: dict[str, tuple[str, ...]] = {}
    for job in _maps(ours.get("scrape_configs")):
        name = str(job.get("job_name"))
        if name not in needed:
            continue
        if name not in jobs:
            found[name] = tuple(_lines("scrape_configs lacks the job", [job]))
        elif lines := tuple(_of_job(name, job, jobs[name], (_interval(ours), _interval(live)), text)):
            found[name] = lines
    return found


def evaluation(config: bytes, rules: RuleSet, live: _Config) -> tuple[str, ...]:
    """The interval of evaluation that the running configuration lacks; empty if it is short enough."""
    return tuple(_evaluation(parsed(config), live, rules))


@functools.lru_cache(maxsize=4)
def _needed(config: bytes, rules: bytes) -> tuple[frozenset[str], str]:
    """The names of our jobs that a rule needs, and the text of the rules; from files, because they are hashable."""
    found = [rule for group in rule_set.read("rules", rules).groups for rule in group.rules]
    selected = [one for rule in found if (tree := _tree(rule)) is not None for one in selectors(tree)]
    sources = scraped.read("prometheus.yml", config)
    needed = frozenset(
        str(job.get("job_name"))
        for job in _maps(parsed(config).get("scrape_configs"))
        if any(_uses(one, label, sources.get(label) or frozenset()) for one in selected for label in _job_labels(job))
    )
    return needed, "\n".join(str(rule.fields) for rule in found)


def _job_labels(job: _Config) -> frozenset[str]:
    """The values of the label `job` on a job's targets, which in a shared Prometheus is not the job's name."""
    labels = [group.get("labels") for group in _maps(job.get("static_configs"))]
    name = str(job.get("job_name"))
    return frozenset(str(own.get("job", name)) if isinstance(own, dict) else name for own in labels) or frozenset(
        {name}
    )


def _uses(selector: Selector, job: str, sources: Iterable[scraped.Source]) -> bool:
    matchers = [one for one in selector.matchers if one.name == "job"]
    if matchers:
        return all(_matches(one, job) for one in matchers) and any(_is_positive(one) for one in matchers)
    exposed = {metric.exporter for metric in metrics.exposed_by(selector.name)}
    return metrics.SCRAPE not in exposed and any(source.exporter in exposed for source in sources)


def _is_positive(matcher: nodes.Matcher) -> bool:
    return matcher.op in (nodes.MatchOp.Equal, nodes.MatchOp.Re)


def _matches(matcher: nodes.Matcher, value: str) -> bool:
    """Whether a matcher accepts a value; its pattern is valid, or the query would not parse."""
    match matcher.op:
        case nodes.MatchOp.Equal:
            return matcher.value == value
        case nodes.MatchOp.NotEqual:
            return matcher.value != value
        case nodes.MatchOp.Re:
            return re2.fullmatch(matcher.value, value) is not None
        case _:
            return re2.fullmatch(matcher.value, value) is None


def _of_job(name: str, ours: _Config, live: _Config, intervals: tuple[str, str], text: str) -> Iterator[str]:
    """What a live job lacks; the intervals are the global ones, ours and the live one."""
    for key, default in _JOB.items():
        if (wanted := ours.get(key, default)) != live.get(key, default):
            yield from _lines(f"job {name} lacks", {key: wanted})
    wanted, there = str(ours.get("scrape_interval", intervals[0])), str(live.get("scrape_interval", intervals[1]))
    if (milliseconds(there) or 0) > (milliseconds(wanted) or 0):
        yield f"job {name} is scraped every {there}, which is too rarely:"
        yield f"  scrape_interval: {wanted}"
    for key in _LISTS:
        lacking = list(_lacking(_maps(ours.get(key)), _maps(live.get(key)), text))
        if lacking:
            yield from _lines(f"job {name} lacks in {key}, in this order", lacking)
    if not _is_discovered(live):
        labels = _labels(live)
        for group in _maps(ours.get("static_configs")):
            own = group.get("labels")
            pairs = own.items() if isinstance(own, dict) else ()
            lacks = {key: value for key, value in pairs if value not in labels.get(key, set())}
            if lacks:
                yield from _lines(f"job {name} lacks labels on its targets", {"labels": lacks})


def _lacking(ours: Iterable[_Config], live: Iterable[_Config], text: str) -> Iterator[_Config]:
    """Our entries that are not in the live list, in our order; the live list may have others between them."""
    entries = list(ours)
    wanted, there = ([_complete(one) for one in each] for each in (entries, live))
    matcher = difflib.SequenceMatcher(None, wanted, there, autojunk=False)
    found = {block.a + at for block in matcher.get_matching_blocks() for at in range(block.size)}
    yield from (one for at, one in enumerate(entries) if at not in found and _is_needed(one, text))


def _complete(entry: _Config) -> tuple[tuple[str, str], ...]:
    made: dict[str, object] = {
        **_RELABELLING,
        **{key: value for key, value in entry.items() if value not in (None, [])},
    }
    if "replacement" not in entry and {"separator", "regex", "action"} <= set(entry):
        # Prometheus shows every default, and leaves out an empty replacement.
        made["replacement"] = ""
    return tuple(sorted((key, str(value)) for key, value in made.items()))


def _is_needed(entry: _Config, text: str) -> bool:
    """Whether the rules depend on it: not if it only sets a label to a value that no rule mentions."""
    value = str(entry.get("replacement", "$1"))
    return "target_label" not in entry or "$" in value or not value or value in text


def _labels(job: _Config) -> dict[str, set[object]]:
    """Label → its values, as the targets and the relabelling of a job set it."""
    made: dict[str, set[object]] = {}
    for group in _maps(job.get("static_configs")):
        labels = group.get("labels")
        for key, value in labels.items() if isinstance(labels, dict) else ():
            made.setdefault(str(key), set()).add(value)
    for entry in (*_maps(job.get("relabel_configs")), *_maps(job.get("metric_relabel_configs"))):
        made.setdefault(str(entry.get("target_label")), set()).add(entry.get("replacement"))
    return made


def _is_discovered(job: _Config) -> bool:
    """Whether targets come from service discovery, whose labels are unknown here."""
    return any(key.endswith("_sd_configs") for key in job)


def _evaluation(ours: _Config, live: _Config, rules: RuleSet) -> Iterator[str]:
    wanted, there = (_interval(each, "evaluation_interval") for each in (ours, live))
    depends = any("interval" not in group.fields for group in rules.groups if group.name != MARK_GROUP)
    if depends and (milliseconds(there) or 0) > (milliseconds(wanted) or 0):
        yield f"rules are evaluated every {there}, which is too rarely:"
        yield f"  global: {{evaluation_interval: {wanted}}}"


def _interval(config: _Config, key: str = "scrape_interval") -> str:
    found = config.get("global")
    return str(found.get(key, _DEFAULT_INTERVAL)) if isinstance(found, dict) else _DEFAULT_INTERVAL


def _tree(rule: Rule) -> nodes.Expr | None:
    return tree_of(str(rule.fields.get("expr", "")))


def _lines(title: str, value: object) -> Iterator[str]:
    yield f"{title}:"
    text = yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=1000)
    yield from (f"  {line}" for line in text.splitlines())


def _maps(value: object) -> list[_Config]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
