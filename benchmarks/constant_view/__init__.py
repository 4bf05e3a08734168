"""The floor: what Django itself costs for one view that answers constant bytes."""
