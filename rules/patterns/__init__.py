"""Alert patterns that several systems share: thresholds, event rates, missing metrics, paging."""
