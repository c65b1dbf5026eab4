"""What scripts carry along: each file needs torch and numpy alone."""
