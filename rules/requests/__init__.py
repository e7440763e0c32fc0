"""Requests to each planned service, as Traefik counts them."""
