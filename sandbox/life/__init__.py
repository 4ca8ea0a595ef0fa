"""The company lives on, week by week."""
