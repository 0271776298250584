"""How dates are printed where no filter of ours prints them: in the admin."""
