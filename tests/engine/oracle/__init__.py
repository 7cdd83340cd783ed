"""The Engine's own router and decoder as the judge of the proxy."""
