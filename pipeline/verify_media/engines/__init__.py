"""Where the work runs: this machine or many."""
