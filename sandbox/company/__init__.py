"""The synthetic company: its people, firms, deals and the records two systems hold of them."""
