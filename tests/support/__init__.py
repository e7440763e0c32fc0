"""What tests share: builders of valid objects, and runners of real programs."""
