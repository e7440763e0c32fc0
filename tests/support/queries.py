"""Generated queries."""

from __future__ import annotations

from hypothesis import strategies as st

_METRICS = st.sampled_from(["x", "y", 'x{c=""}', 'y{a="1"}'])
_LABELS = st.lists(st.sampled_from("abcdz"), max_size=2, unique=True).map(", ".join)


def _more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    by = st.sampled_from(["by", "without"])
    operator = st.sampled_from(["+", ">", "== bool", "and", "or", "unless"])
    matching = st.one_of(
        st.just(""),
        st.tuples(st.sampled_from(["on", "ignoring"]), _LABELS).map(lambda each: f"{each[0]} ({each[1]})"),
    )
    return st.one_of(
        st.tuples(st.sampled_from(["sum", "max", "count"]), by, _LABELS, inner).map(
            lambda e: f"{e[0]} {e[1]} ({e[2]}) ({e[3]})"
        ),
        st.tuples(operator, matching, inner, inner).map(lambda e: f"({e[2]}) {e[0]} {e[1]} ({e[3]})"),
        st.tuples(_LABELS, st.sampled_from("abcd"), inner, inner).map(
            lambda e: f"({e[2]}) * on ({e[0]}) group_left ({e[1]}) ({e[3]})" if e[1] not in e[0] else f"-({e[2]})"
        ),
        inner.map(lambda e: f'label_replace({e}, "z", "$1", "a", "(.*)")'),
        inner.map(lambda e: f'count_values by (a) ("v", {e})'),
        inner.map(lambda e: f"topk by (b) (1, {e})"),
        inner.map(lambda e: f"abs({e})"),
        inner.map(lambda e: f"max_over_time(({e})[2m:1m])"),
        inner.map(lambda e: f"clamp_min({e}, scalar(x))"),
        inner.map(lambda e: f"({e}) * 2 > 0"),
    )


EXPRESSIONS = st.recursive(_METRICS, _more, max_leaves=4)
