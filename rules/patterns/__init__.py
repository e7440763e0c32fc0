"""Alert patterns that several systems share: a threshold, an event rate, missing metrics, who is paged."""
