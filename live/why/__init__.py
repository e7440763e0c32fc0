"""Why an alert does not fire: its expression evaluated part by part, its `for`, and what Alertmanager does with it."""
