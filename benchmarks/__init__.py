"""What a request costs, beside yardsticks: `make bench`. See README.md here."""
