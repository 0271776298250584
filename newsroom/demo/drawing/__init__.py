"""The demo newsroom's illustrations: scenes drawn by rule and printed in two inks."""
