"""`boxwatch doctor`: what a running stack lacks, each finding with its cause and its remedy."""
