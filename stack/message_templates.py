"""How a notification reads: Alertmanager's templates, the same words for every way in which people are told."""

from __future__ import annotations

from typing import Final

# Go's text/template as of Alertmanager 0.25. Links are written out: not every way shows them otherwise.
TEMPLATES: Final = """{{/* Messages of boxwatch. Made; do not edit. */}}

{{ define "boxwatch.place" -}}
{{ with .service }}{{ . }} on {{ end }}{{ with .server }}{{ . }}{{ end }}
{{- end }}

{{ define "boxwatch.title" -}}
{{ if eq .Status "firing" }}{{ with .CommonLabels.severity }}{{ toUpper . }}{{ else }}FIRING{{ end }}
{{- if gt (len .Alerts.Firing) 1 }} ({{ len .Alerts.Firing }}){{ end }}{{ else }}RESOLVED{{ end }}
{{- with .CommonLabels.alertname }} {{ . }}{{ end }}
{{- if .CommonLabels.server }}: {{ template "boxwatch.place" .CommonLabels }}{{ end }}
{{- end }}

{{ define "boxwatch.alert" -}}
{{ if eq .Status "resolved" }}Resolved: {{ end }}{{ .Annotations.summary }}
{{- with .Annotations.description }}
{{ . }}{{ end }}
{{- if .Labels.server }}
Where: {{ template "boxwatch.place" .Labels }}{{ end }}
{{- with .Annotations.runbook_url }}
What to do: {{ . }}{{ end }}
{{- with .Annotations.dashboard_url }}
Dashboard: {{ . }}{{ end }}
{{- end }}

{{ define "boxwatch.text" -}}
{{ range $index, $alert := .Alerts }}{{ if $index }}

{{ end }}{{ template "boxwatch.alert" $alert }}{{ end }}
{{- end }}

{{ define "boxwatch.html" -}}
{{ range .Alerts }}<p>{{ if eq .Status "resolved" }}Resolved: {{ end }}<b>{{ .Annotations.summary }}</b>
{{- with .Annotations.description }}<br>{{ . }}{{ end }}
{{- if .Labels.server }}<br>Where: {{ template "boxwatch.place" .Labels }}{{ end }}
{{- with .Annotations.runbook_url }}<br><a href="{{ . }}">What to do</a>{{ end }}
{{- with .Annotations.dashboard_url }}<br><a href="{{ . }}">Dashboard</a>{{ end }}</p>
{{ end }}
{{- end }}
"""
