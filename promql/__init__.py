"""PromQL: one parser, one walker, one label inference, one depth guard. It makes no judgements; the checks do."""
